#!/usr/bin/env python3
"""What a user's file pays for the entry header, and whose headers the public ones drag in.

Usage: include_budget.py ROOT COMPILER

1. <nanospan/nanospan.h> preprocesses to at most 40,000 lines (measured: quill 45k, dd-trace-cpp 59k,
   opentelemetry-cpp 82k).
2. It reaches none of the costly standard headers, directly or through others.
3. Public headers include the standard library, libc and each other; only include/nanospan/adapters/ includes the
   library that it adapts.

Exit code 77 (skipped) before the entry header exists.
"""

import pathlib
import re
import subprocess
import sys

import source_tree
from source_tree import Finding

ENTRY = "include/nanospan/nanospan.h"
LINES_MAX = 40_000
COSTLY = ("functional", "iostream", "regex", "unordered_map")
ADAPTERS = "include/nanospan/adapters/"
# Headers of libc and the C++ ABI that a public header may use; the standard library's have neither dot nor slash.
LIBC = {
    "cxxabi.h",
    "pthread.h",
    "time.h",
    "unistd.h",
    "errno.h",
    "sys/types.h",
    "sys/mman.h",
    "sys/syscall.h",
    "x86intrin.h",
    "emmintrin.h",
    "immintrin.h",
    "arm_neon.h",
}
SKIPPED = 77


def preprocess(root, compiler, text, flags):
    return subprocess.run(
        [compiler, "-std=c++20", "-E", *flags, f"-I{root}/include", "-x", "c++", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def check_entry(root, compiler, lines_max=LINES_MAX):
    findings, entry = [], "#include <nanospan/nanospan.h>\n"
    lines = preprocess(root, compiler, entry, ["-P"]).count("\n")
    if lines > lines_max:
        findings.append(Finding(ENTRY, 1, f"preprocesses to {lines} lines; at most {lines_max}"))
    entered = re.findall(r'^# \d+ "([^"]+)" 1\b', preprocess(root, compiler, entry, []), re.MULTILINE)
    for header in COSTLY:
        if any(re.search(rf"/c\+\+/[\d.]+/{header}$", path) for path in entered):
            findings.append(Finding(ENTRY, 1, f"reaches <{header}>, which is too heavy for every file of a user"))
    return findings, lines


def check_third_party(root):
    findings = []
    for path in source_tree.files(root, ("include",), (".h",)):
        for line, name, quoted in source_tree.includes(source_tree.read(root, path)):
            ours_or_standard = name.startswith("nanospan/") or not re.search(r"[./]", name) or name in LIBC
            if not quoted and not ours_or_standard and not path.startswith(ADAPTERS):
                findings.append(Finding(path, line, f"<{name}>: public headers include no other library's"))
    return findings


def main(root, compiler):
    findings = check_third_party(root)
    if not pathlib.Path(root, ENTRY).is_file() and not findings:
        print(f"skipped: {ENTRY} does not exist yet")
        return SKIPPED
    found, lines = check_entry(root, compiler) if pathlib.Path(root, ENTRY).is_file() else ([], 0)
    print(f"{ENTRY} preprocesses to {lines} lines of {LINES_MAX}")
    return source_tree.report("include_budget", findings + found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
