"""What the rules share: the files of the tree, C++ text without comments and strings, and how a rule reports.

A rule is a function `check(root) -> [Finding]`; `report` prints the findings and gives the exit code. Standard
library only.
"""

import dataclasses
import os
import pathlib
import re
import sys

CODE_FOLDERS = ("include", "src", "apps", "examples", "tests", "fuzz", "bench")
SKIPPED_FOLDERS = {".git", "build", "node_modules", "__pycache__", "corpus"}
SKIPPED_FOLDERS |= {"nanospan-data", "nanospan-report", "nanospan-run"}


@dataclasses.dataclass(frozen=True)
class Finding:
    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}"


def files(root, folders, suffixes):
    """All files under the folders with one of the suffixes, as sorted paths relative to root ("src/base/time.h")."""
    found = []
    for folder in folders:
        for parent, children, names in os.walk(pathlib.Path(root, folder)):
            children[:] = sorted(child for child in children if child not in SKIPPED_FOLDERS)
            found += [
                pathlib.Path(parent, name).relative_to(root).as_posix() for name in names if name.endswith(suffixes)
            ]
    return sorted(found)


def cpp_files(root, folders=CODE_FOLDERS):
    return files(root, folders, (".h", ".cc"))


def read(root, path):
    return pathlib.Path(root, path).read_text(encoding="utf-8")


# One token of C++ that must not be searched for code: comments, raw strings, strings, characters. A digit separator
# (1'000) is matched first, as part of its number, so that its quote does not open a character.
_TOKEN = re.compile(
    r"""(?P<number>\b\d[\w.]*(?:'[\w.]+)+)
      | (?P<comment>//(?:[^\n\\]|\\[\s\S])*|/\*[\s\S]*?\*/)
      | (?P<raw>R"(?P<mark>[^()\s\\]{0,16})\([\s\S]*?\)(?P=mark)")
      | (?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<char>'(?:[^'\\\n]|\\.)+')""",
    re.VERBOSE,
)


def code_of(text):
    """The text with comments, strings and characters blanked; line numbers and columns stay."""

    def blank(match):
        if match.lastgroup == "number" or match.group("number"):
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())

    return _TOKEN.sub(blank, text)


def includes(text):
    """(line, name, is_quoted) of each #include."""
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', line)
        if match:
            yield number, match.group(1) or match.group(2), bool(match.group(1))


def report(rule, findings):
    """Prints what was found; the exit code of the rule."""
    for finding in sorted(findings, key=lambda f: (f.path, f.line, f.message)):
        print(finding)
    print(f"{rule}: {len(findings)} finding(s)", file=sys.stderr)
    return 1 if findings else 0
