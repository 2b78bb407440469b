#!/usr/bin/env python3
"""What the documentation names exists.

Usage: documents.py ROOT

In every Markdown file, in `code` and in code blocks:
1. A path that begins with a folder of the tree, `src/sdk/runtime/ring.h`, is there (`*` and `{a,b}` as in a shell,
   NAME is any), or, of a program that is built there, its source.
2. `make TARGET` is a target of the Makefile.
3. In docs/compliance.md, `Suite.Case` is a GoogleTest case and `Suite.*` a suite.
4. docs/decisions/README.md lists every decision.
5. The README's first C++ program is examples/quickstart, which the tests build and run.
CHANGELOG.md is left out: it tells of what was.
"""

import glob
import pathlib
import re
import sys

import source_tree
from source_tree import Finding

COMPLIANCE = "docs/compliance.md"
HISTORY = "CHANGELOG.md"
FOLDERS = source_tree.CODE_FOLDERS + ("tools", "cmake", "docs", "deploy")
# Not behind a slash, a dot, a $ or a letter: then the path is somebody else's.
PATH = re.compile(rf"(?<![\w/.$}}*-])(?:{'|'.join(FOLDERS)})/[\w./*{{}},-]*")
CODE = re.compile(r"`([^`\n]+)`")


def code_in(text):
    """(line number, text) of each piece of code."""
    in_block = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            in_block = not in_block
        elif in_block:
            yield number, line
        else:
            for code in CODE.findall(line):
                yield number, code


def alternatives(path):
    """a{b,c}d -> abd, acd."""
    found = re.search(r"\{([^{}]*)\}", path)
    if not found:
        return [path]
    before, after = path[: found.start()], path[found.end() :]
    return [name for part in found.group(1).split(",") for name in alternatives(before + part + after)]


def check_paths(root, path, text):
    findings = []
    for number, code in code_in(text):
        for named in PATH.findall(code):
            for name in alternatives(named.rstrip(".,")):
                pattern = str(pathlib.Path(root, re.sub(r"\b[A-Z]{3,}(?=\b|_)", "*", name)))
                if not glob.glob(pattern) and not glob.glob(pattern + ".cc"):
                    findings.append(Finding(path, number, f"{name} does not exist"))
    return findings


def check_make(root, path, text):
    makefile = pathlib.Path(root, "Makefile")
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile.read_text(encoding="utf-8"), re.MULTILINE))
    return [
        Finding(path, number, f"`make {target}`: the Makefile has no such target")
        for number, code in code_in(text)
        for target in re.findall(r"(?:^|[;&|] *)make ([a-z][a-z0-9-]*)", code.strip())
        if target not in targets
    ]


def cases(root):
    """Suite -> its cases, of all GoogleTests."""
    found = {}
    for path in source_tree.files(root, ("tests",), (".cc",)):
        for suite, case in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", source_tree.read(root, path), re.MULTILINE):
            found.setdefault(suite, set()).add(case)
    return found


def check_cases(root):
    if not pathlib.Path(root, COMPLIANCE).is_file():
        return []
    findings, known = [], cases(root)
    for number, line in enumerate(source_tree.read(root, COMPLIANCE).splitlines(), 1):
        for suite, case in re.findall(r"`([A-Z]\w*)\.(\*|[A-Z]\w*)`", line):
            if suite == "Suite":
                continue
            if suite not in known:
                findings.append(Finding(COMPLIANCE, number, f"there is no suite {suite}"))
            elif case != "*" and case not in known[suite]:
                findings.append(Finding(COMPLIANCE, number, f"there is no case {suite}.{case}"))
    return findings


def check_decisions(root):
    folder = pathlib.Path(root, "docs/decisions")
    index = folder / "README.md"
    listed = index.read_text(encoding="utf-8") if index.is_file() else ""
    return [
        Finding("docs/decisions/README.md", 1, f"{page.name} is not listed")
        for page in sorted(folder.glob("[0-9]*.md"))
        if f"({page.name})" not in listed
    ]


def check_quickstart(root):
    program = pathlib.Path(root, "examples/quickstart/main.cc")
    if not program.is_file():
        return []
    shown = re.search(r"^```cpp\n(.*?)^```", source_tree.read(root, "README.md"), re.MULTILINE | re.DOTALL)
    if shown and shown.group(1) == program.read_text(encoding="utf-8"):
        return []
    return [Finding("README.md", 1, "its first C++ program is not examples/quickstart/main.cc")]


def check(root):
    findings = check_cases(root) + check_decisions(root) + check_quickstart(root)
    for path in source_tree.files(root, (".",), (".md",)):
        if path != HISTORY:
            text = source_tree.read(root, path)
            findings += check_paths(root, path, text) + check_make(root, path, text)
    return findings


if __name__ == "__main__":
    sys.exit(source_tree.report("documents", check(sys.argv[1])))
