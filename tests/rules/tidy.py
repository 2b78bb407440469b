#!/usr/bin/env python3
"""How a file may look: sizes, its opening, banned calls with what to use instead, leftovers. Usage: tidy.py ROOT

Sizes that are over the limit today are listed in ratchet.txt and may only shrink; banned calls that are right where
they stand are listed in exceptions.txt, each with its reason. An entry that is no longer needed must go: both lists
tell the truth.
"""

import pathlib
import re
import sys

import source_tree
from source_tree import Finding

FILE_LINES_MAX = 700
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 120
OPENING_WORDS_MIN = 3
RATCHET = "tests/rules/ratchet.txt"
EXCEPTIONS = "tests/rules/exceptions.txt"
SCRIPT_FOLDERS = ("tools", "tests", "cmake", ".ci", "bench", "deploy")
LIBRARY = ("include/", "src/")

# (rule, pattern in code, folders where it holds, folders inside those where it does not, what to do instead)
BANNED = [
    (
        "getenv",
        r"\b(?:secure_)?getenv\s*\(",
        ("",),
        ("src/setup/", "apps/"),
        "the environment is read in src/setup and apps only; take the value as an option",
    ),
    (
        "new",
        r"^(?!.*unique_ptr<.*>\s*\w*\s*[({]\s*new\b).*(?<!<)(?<!operator )\bnew\b(?!\s*\((?!\s*std::nothrow))",
        ("",),
        (),
        "use std::make_unique or a container (free: placement new, std::unique_ptr<T>(new T) of a private one)",
    ),
    (
        "delete",
        r"(?<!=)(?<!= )(?<!operator )\bdelete\b(?!\s*[;,)]\s*$)",
        ("",),
        (),
        "let a std::unique_ptr or a container own it",
    ),
    (
        "sleep",
        r"\b(?:u|nano|clock_nano)?sleep\s*\(|\bsleep_(?:for|until)\s*\(",
        ("tests/", *LIBRARY),
        (),
        "tests use testing::FakeClock, the library waits on its poller or a condition with a deadline",
    ),
    (
        "regex",
        r"\bstd::(?:basic_)?w?regex\b|#\s*include\s*<regex>",
        ("",),
        (),
        "std::regex is slow and recurses on hostile input; write the few lines of parser",
    ),
    (
        "iostream",
        r"#\s*include\s*<iostream>|\bstd::(?:cout|cerr|clog|endl)\b",
        LIBRARY,
        (),
        "it adds static constructors to every user's program; report through diagnostics, write through a Writer",
    ),
    (
        "printf",
        r"\b(?:v?f?printf|v?dprintf|puts|putchar|perror)\s*\(",
        ("include/", "src/", "tests/", "fuzz/"),
        (),
        "the library does not print; tests say it in an assertion",
    ),
    (
        "unbounded",
        r"\b(?:v?sprintf|strcpy|strcat|strtok|alloca)\s*\(",
        ("",),
        (),
        "it has no bound; use snprintf, std::string_view or base text functions",
    ),
    (
        "atoi",
        r"\b(?:ato(?:i|l|ll|f)|strto(?:u?ll?|d|f)|sscanf)\s*\(|\bstd::sto(?:i|l|ll|ul|ull|f|d)\s*\(",
        LIBRARY,
        (),
        "it hides errors, throws or follows the locale; use std::from_chars",
    ),
    (
        "rand",
        r"(?<![\w.>])s?rand(?:om)?\s*\(|\bstd::random_device\b|\bstd::mt19937",
        LIBRARY,
        (),
        "ids and jitter come from the base random source, which tests replace",
    ),
    ("throw", r"\bthrow\b", LIBRARY, (), "nothing is thrown through our interfaces; return Result<T>"),
    (
        "abort",
        r"(?<![\w.>])(?:std::)?(?:abort|_?exit|quick_exit|terminate)\s*\(",
        LIBRARY,
        (),
        "the host program goes on: degrade and count",
    ),
    (
        "clock",
        r"\b(?:system|steady|high_resolution)_clock::now\b|\bclock_gettime\s*\(|\bgettimeofday\s*\(",
        LIBRARY,
        ("src/base/",),
        "take a base::Clock, so that tests can hold the time",
    ),
]
LEFTOVER = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")

_SCOPE = re.compile(r"\s*(?:(?:inline|export|typedef|template)\s+)*(?:namespace|class|struct|union|enum)\b")
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\[\s\S])*", re.MULTILINE)


def opens_function(head):
    """Whether the text before a "{" that stands at namespace or class scope is that of a function."""
    while re.search(r"<[^<>]*>", head):
        head = re.sub(r"<[^<>]*>", " ", head)
    return "(" in head and not _SCOPE.match(head.lstrip(" \n:"))


def functions(code):
    """(name, first line, lines) of each function body that stands at namespace or class scope; code has no comments."""
    line, depth, head, body = 1, 0, [], None
    for character in _DIRECTIVE.sub(lambda match: "\n" * match.group().count("\n"), code):
        line += character == "\n"
        if character == "{":
            depth += 1
            if body is None and opens_function("".join(head)):
                body = (function_name("".join(head)), line, depth)
        elif character == "}":
            if body and depth == body[2]:
                yield body[0], body[1], line - body[1] + 1
                body = None
            depth -= 1
        if character in "{};":
            head = []
        elif body is None:
            head.append(character)


def function_name(head):
    """The name before the parameter list; for TEST(Suite, Case) both words."""
    test = re.search(r"\b(?:TEST|TEST_F|TEST_P|BENCHMARK_\w+)\s*\(\s*(\w+)\s*,\s*(\w+)", head)
    if test:
        return f"{test.group(1)}.{test.group(2)}"
    match = re.search(r"([\w:~]+|operator\s*\S+?)\s*\(", head)
    return match.group(1) if match else "?"


def entries(root, path, columns):
    """(line number, columns, reason) of each line of a list; "#" opens a comment."""
    if not pathlib.Path(root, path).is_file():
        return
    for number, line in enumerate(source_tree.read(root, path).splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            words = line.split(None, columns)
            yield number, words[:columns], words[columns] if len(words) > columns else ""


def check_sizes(root, paths):
    findings, measured = [], {}
    for path in paths:
        text = source_tree.read(root, path)
        lines = text.splitlines()
        if len(lines) > FILE_LINES_MAX:
            measured[path] = (len(lines), FILE_LINES_MAX, 1, "file")
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS_MAX:
                findings.append(Finding(path, number, f"{len(line)} columns; at most {COLUMNS_MAX}"))
        if path.endswith((".h", ".cc")):
            for name, first, length in functions(source_tree.code_of(text)):
                if length > FUNCTION_LINES_MAX:
                    measured[f"{path}:{name}"] = (length, FUNCTION_LINES_MAX, first, f"function {name}")
    listed = {}
    for number, (limit, key), _ in entries(root, RATCHET, 2):
        listed[key] = int(limit)
        now = measured.get(key, (0,))[0]
        if now < int(limit):
            say = f"is {now} lines now: lower it" if now else "is within the limit or gone: remove it"
            findings.append(Finding(RATCHET, number, f"{key} {say}"))
    for key, (length, limit, first, what) in measured.items():
        if length > listed.get(key, limit):
            findings.append(
                Finding(key.split(":")[0], first, f"{what} has {length} lines; at most {listed.get(key, limit)}")
            )
    return findings


def check_banned(root, paths):
    findings, used = [], set()
    allowed = {(rule, path): number for number, (rule, path), _ in entries(root, EXCEPTIONS, 2)}
    for path in paths:
        code = source_tree.code_of(source_tree.read(root, path)).splitlines()
        for rule, pattern, where, but, instead in BANNED:
            if not path.startswith(where) or (but and path.startswith(but)):
                continue
            for number, line in enumerate(code, 1):
                if not re.search(pattern, line):
                    continue
                if (rule, path) in allowed:
                    used.add((rule, path))
                else:
                    findings.append(Finding(path, number, f"{rule}: {instead}"))
    for number, (rule, path), reason in entries(root, EXCEPTIONS, 2):
        if not reason:
            findings.append(Finding(EXCEPTIONS, number, f"{rule} {path} needs a reason"))
        if (rule, path) not in used:
            findings.append(Finding(EXCEPTIONS, number, f"{rule} {path} is not needed any more: remove it"))
    return findings


def check_openings(root, paths):
    """The library's files say first what they are for, in a sentence; whether it is true no rule can see."""
    findings = []
    for path in paths:
        if not path.startswith(LIBRARY):
            continue
        opening = re.match(r"(?://.*\n)+", source_tree.read(root, path))
        if not opening or len(re.findall(r"\w+", opening.group())) < OPENING_WORDS_MIN:
            findings.append(Finding(path, 1, "opens without a comment: say what it is for, or how it does that"))
    return findings


def check_leftovers(root, paths):
    findings = []
    for path in paths:
        for number, line in enumerate(source_tree.read(root, path).splitlines(), 1):
            match = LEFTOVER.search(line)
            if match:
                findings.append(Finding(path, number, f"leftover {match.group()}: do it now, or open an issue"))
    return findings


def check(root):
    code = source_tree.cpp_files(root)
    scripts = source_tree.files(root, SCRIPT_FOLDERS, (".py", ".sh", ".cmake", ".txt"))
    scripts += [p for p in source_tree.files(root, ("tools", ".ci"), ("",)) if "." not in p.split("/")[-1]]
    texts = source_tree.files(root, (".",), (".md", "CMakeLists.txt", "CMakePresets.json", "Makefile"))
    return (
        check_sizes(root, code + [s for s in scripts if not s.endswith(".txt")])
        + check_openings(root, code)
        + check_banned(root, code)
        + check_leftovers(root, sorted({*code, *scripts, *texts}))
    )


if __name__ == "__main__":
    sys.exit(source_tree.report("tidy", check(sys.argv[1])))
