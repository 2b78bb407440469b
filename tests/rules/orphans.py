#!/usr/bin/env python3
"""Every file has a place: sources are compiled, headers are included, sources are tested, links lead somewhere.

Usage: orphans.py ROOT BUILD_DIR FOLDER...     (the folders whose targets this build has, e.g. src apps tests examples)

1. A .cc file is in some target (compile_commands.json).
2. A header under src/ or tests/ is included by some file.
3. A source src/X/a/b.cc has a test: tests/X/a/b_test.cc, or b_*_test.cc, or a test of X that includes its header;
   those without one today are in untested.txt, which may only shrink.
4. A relative link in a Markdown file leads to a file, and its #anchor to a heading.
"""

import json
import pathlib
import posixpath
import re
import sys

import source_tree
from source_tree import Finding

UNTESTED = "tests/rules/untested.txt"
# What is compiled by a test of its own instead of a target of this build.
COMPILED_ELSEWHERE = ("tests/install/", "tests/rules/", "tests/interop/peers/")


def compiled_files(build_dir):
    commands = json.loads(pathlib.Path(build_dir, "compile_commands.json").read_text(encoding="utf-8"))
    found = set()
    for command in commands:
        file = pathlib.Path(command["directory"], command["file"]).resolve()
        found.add(file)
        if file.parent.name == "Unity":  # a group of sources, which it includes by their whole paths
            text = file.read_text(encoding="utf-8")
            found |= {pathlib.Path(name).resolve() for name in re.findall(r'^#include "(.+)"', text, re.MULTILINE)}
    return found


def check_targets(root, compiled, folders):
    findings = []
    for path in source_tree.files(root, folders, (".cc",)):
        if not path.startswith(COMPILED_ELSEWHERE) and pathlib.Path(root, path).resolve() not in compiled:
            findings.append(Finding(path, 1, "is in no target: add it to one, or remove it"))
    return findings


def check_headers(root):
    included = set()
    for path in source_tree.cpp_files(root):
        for _, name, quoted in source_tree.includes(source_tree.read(root, path)):
            included |= {name, f"src/{name}", posixpath.normpath(posixpath.join(posixpath.dirname(path), name))}
    return [
        Finding(path, 1, "no file includes this header")
        for path in source_tree.files(root, ("src", "tests"), (".h",))
        if path not in included and not path.startswith(COMPILED_ELSEWHERE)
    ]


def is_tested(root, path, tests):
    module_path = path.removeprefix("src/").removesuffix(".cc")
    folder, stem = posixpath.split(module_path)
    mirrored = re.compile(rf"tests/{re.escape(folder)}/{re.escape(stem)}(_\w+)?_test\.cc$")
    header = f'"{module_path}.h"'
    module = f"tests/{module_path.split('/')[0]}/"
    return any(mirrored.match(test) or (test.startswith(module) and header in text) for test, text in tests.items())


def check_tests(root):
    findings = []
    tests = {path: source_tree.read(root, path) for path in source_tree.files(root, ("tests",), ("_test.cc",))}
    listed = {}
    if pathlib.Path(root, UNTESTED).is_file():
        for number, line in enumerate(source_tree.read(root, UNTESTED).splitlines(), 1):
            if line.strip() and not line.startswith("#"):
                listed[line.split()[0]] = number
    untested = {p for p in source_tree.files(root, ("src",), (".cc",)) if not is_tested(root, p, tests)}
    for path in sorted(untested - set(listed)):
        mirror = path.replace("src/", "tests/", 1).removesuffix(".cc") + "_test.cc"
        findings.append(Finding(path, 1, f"has no test: write {mirror}"))
    for path in sorted(set(listed) - untested):
        findings.append(Finding(UNTESTED, listed[path], f"{path} is tested now, or gone: remove it"))
    return findings


def anchors(text):
    """The #anchors of a Markdown file's headings, as GitHub makes them."""
    made = set()
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
        made.add(plain.replace(" ", "-"))
    return made


def check_links(root):
    findings = []
    for path in source_tree.files(root, (".",), (".md",)):
        text = source_tree.read(root, path)
        prose = re.sub(r"^```.*?^```", lambda m: "\n" * m.group().count("\n"), text, flags=re.MULTILINE | re.DOTALL)
        for number, line in enumerate(prose.splitlines(), 1):
            for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, anchor = target.partition("#")
                file = pathlib.Path(root, posixpath.dirname(path), name) if name else pathlib.Path(root, path)
                if not file.exists():
                    findings.append(Finding(path, number, f"the link to {target} leads nowhere"))
                elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8")):
                    findings.append(Finding(path, number, f"{target}: there is no such heading"))
    return findings


def check(root, compiled, folders):
    return check_targets(root, compiled, folders) + check_headers(root) + check_tests(root) + check_links(root)


if __name__ == "__main__":
    sys.exit(source_tree.report("orphans", check(sys.argv[1], compiled_files(sys.argv[2]), sys.argv[3:])))
