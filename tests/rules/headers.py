#!/usr/bin/env python3
"""Every header compiles alone; public ones also with clang, and without exceptions and RTTI, as users may build them.

Usage: headers.py ROOT WORK_DIR COMPILER... [-- FLAG...]

The first compiler reads all headers, but for those that a source of the same name includes first: its own compilation
shows the same. Each further one reads the public headers. A compiler may carry a launcher
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


def compile_alone(root, work, command, flags, path):
    """What the compiler says of a file that includes only this header; "" if nothing."""
    name = "_".join([path.replace("/", "_"), *(word.split("/")[-1] for word in command + flags)])
    source = work / f"{name}.cc"
    line = f'#include "{path}"\n'
    if not source.is_file() or source.read_text(encoding="utf-8") != line:
        source.write_text(line, encoding="utf-8")
    includes = [f"-I{root}", f"-I{root}/include"] + ([] if path.startswith("include/") else [f"-I{root}/src"])
    finished = subprocess.run(
        [*command, *BASE_FLAGS, *flags, *includes, "-c", str(source), "-o", str(source.with_suffix(".o"))],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if finished.returncode == 0 else finished.stderr or f"exit code {finished.returncode}"


def shown_by_its_source(root, path):
    """True if the source of the same name begins with this header."""
    source = path.removesuffix(".h") + ".cc"
    if path.startswith("include/") or not pathlib.Path(root, source).is_file():
        return False
    first = next(iter(source_tree.includes(source_tree.read(root, source))), None)
    return first is not None and f"src/{first[1]}" == path


def jobs_of(root, headers, compilers):
    for path in headers:
        if shown_by_its_source(root, path):
            continue
        public = path.startswith("include/")
        for index, command in enumerate(compilers):
            if index == 0 or public:
                yield path, command, []
            if public and not path.startswith(NEEDS_EXCEPTIONS):
                yield path, command, PLAIN_FLAGS


def check(root, work, compilers, flags=()):
    """compilers: lists of words, the first reads everything."""
    work = pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    headers = source_tree.files(root, ("include", "src"), (".h",))
    findings = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = list(jobs_of(root, headers, compilers))
        said = pool.map(lambda job: compile_alone(root, work, job[1], [*flags, *job[2]], job[0]), jobs)
        for (path, command, extra), text in zip(jobs, said):
            if text:
                how = " ".join([command[-1].split("/")[-1], *extra])
                findings.append(Finding(path, 1, f"does not compile alone ({how}):\n{text}"))
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
