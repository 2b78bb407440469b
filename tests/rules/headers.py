#!/usr/bin/env python3
"""Every header compiles alone; public ones also with clang, and without exceptions and RTTI, as users may build them.

Usage: headers.py ROOT WORK_DIR COMPILER... [-- FLAG...]

The first compiler reads each header alone, but for those that a source of the same name includes first: its own
compilation shows the same. Each further one reads each public header alone, without exceptions. All public headers
together are read the other way by each. A compiler may carry a launcher
("ccache g++"), which makes a second run cheap: an object is made, because a syntax check alone is not cached.
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys

import source_tree
from source_tree import Finding

BASE_FLAGS = ["-std=c++20", "-O0", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
PLAIN_FLAGS = ["-fno-exceptions", "-fno-rtti"]
# Adapters include the library that they adapt, which may need what a user's program has.
NEEDS_EXCEPTIONS = "include/nanospan/adapters/"


def compile_only(root, work, command, flags, paths):
    """What the compiler says of a file that includes these headers and nothing else; "" if nothing."""
    what = paths[0].replace("/", "_") if len(paths) == 1 else "all_public"
    name = "_".join([what, *(word.split("/")[-1] for word in command + flags)])
    source = work / f"{name}.cc"
    text = "".join(f'#include "{path}"\n' for path in paths)
    if not source.is_file() or source.read_text(encoding="utf-8") != text:
        source.write_text(text, encoding="utf-8")
    includes = [f"-I{root}", f"-I{root}/include"] + ([] if is_public(paths[0]) else [f"-I{root}/src"])
    finished = subprocess.run(
        [*command, *BASE_FLAGS, *flags, *includes, "-c", str(source), "-o", str(source.with_suffix(".o"))],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if finished.returncode == 0 else finished.stderr or f"exit code {finished.returncode}"


def is_public(path):
    return path.startswith("include/")


def shown_by_its_source(root, path):
    """True if the source of the same name begins with this header."""
    source = path.removesuffix(".h") + ".cc"
    if is_public(path) or not pathlib.Path(root, source).is_file():
        return False
    first = next(iter(source_tree.includes(source_tree.read(root, source))), None)
    return first is not None and f"src/{first[1]}" == path


def jobs_of(root, headers, compilers):
    """(headers of one file, compiler, flags)"""
    for path in headers:
        if shown_by_its_source(root, path):
            continue
        yield [path], compilers[0], []
        if is_public(path):
            plain = PLAIN_FLAGS if not path.startswith(NEEDS_EXCEPTIONS) else []
            yield from (([path], command, plain) for command in compilers[1:])
    # Alone they have been read by then, once as they are and once without exceptions: the other way, all together.
    public = [path for path in headers if is_public(path)]
    plain = [path for path in public if not path.startswith(NEEDS_EXCEPTIONS)]
    if plain:
        yield plain, compilers[0], PLAIN_FLAGS
    if public:
        yield from ((public, command, []) for command in compilers[1:])


def check(root, work, compilers, flags=()):
    """compilers: lists of words, the first reads everything."""
    work = pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    headers = source_tree.files(root, ("include", "src"), (".h",))
    findings = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = list(jobs_of(root, headers, compilers))
        said = pool.map(lambda job: compile_only(root, work, job[1], [*flags, *job[2]], job[0]), jobs)
        for (paths, command, extra), text in zip(jobs, said):
            if text:
                how = " ".join([command[-1].split("/")[-1], *extra])
                what = "does not compile alone" if len(paths) == 1 else "or another public header does not compile"
                findings.append(Finding(paths[0], 1, f"{what} ({how}):\n{text}"))
    return findings


if __name__ == "__main__":
    words = sys.argv[3:]
    split = words.index("--") if "--" in words else len(words)
    sys.exit(
        source_tree.report(
            "headers",
            check(
                os.path.abspath(sys.argv[1]), sys.argv[2], [word.split() for word in words[:split]], words[split + 1 :]
            ),
        )
    )
