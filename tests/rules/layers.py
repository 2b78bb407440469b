#!/usr/bin/env python3
"""Who may include whom: cmake/layers.txt held against every #include of the tree. Usage: layers.py ROOT

1. src/X includes only itself and the modules on its line.
2. The folders of a module include each other one way only.
3. Folders on an "apart:" line never include each other.
4. include/ stands alone: no .cc, nothing of ours but <nanospan/...>.
5. examples/ include what a user can: <nanospan/...>, their own files, other people's libraries.
6. tests/X sees what X sees (tests/examples: examples/), and tests/support and tests/golden; so do fuzz/ and bench/,
   which see all modules.
7. Nothing includes a .cc file, and nothing reaches up with "..".
"""

import fnmatch
import itertools
import pathlib
import posixpath
import sys

import source_tree
from source_tree import Finding

LAYERS = "cmake/layers.txt"
PUBLIC_ROOT = "nanospan/"
SHARED_TESTS = ("support", "golden")


class Layers:
    """The edges of layers.txt, and the folders that stand apart."""

    def __init__(self, text):
        self.edges, self.apart = {}, []
        for line in text.splitlines():
            name, colon, rest = line.partition(":")
            if line.startswith("#") or not colon:
                continue
            if name.strip() == "apart":
                self.apart.append(rest.split())
            else:
                self.edges[name.strip()] = set(rest.split())

    def closure(self, module):
        """The module and everything it reaches."""
        seen, open_ends = set(), {module}
        while open_ends:
            seen |= open_ends
            open_ends = set().union(*(self.edges.get(m, set()) for m in open_ends)) - seen
        return seen

    def cycle(self):
        return find_cycle({module: set(edges) for module, edges in self.edges.items()})


def find_cycle(graph):
    """A list of nodes that form a cycle, or None."""
    state, trail = {}, []

    def visit(node):
        state[node] = "open"
        trail.append(node)
        for target in sorted(graph.get(node, ())):
            if state.get(target) == "open":
                return trail[trail.index(target) :] + [target]
            if target not in state:
                found = visit(target)
                if found:
                    return found
        trail.pop()
        state[node] = "done"
        return None

    for start in sorted(graph):
        if start not in state:
            found = visit(start)
            if found:
                return found
    return None


def owner(path):
    """The module of a file of ours: "api", a folder of src/, or the top folder ("apps", "tests", ...)."""
    parts = path.split("/")
    if parts[0] == "include":
        return "api"
    return parts[1] if parts[0] == "src" and len(parts) > 2 else parts[0]


def resolve(root, path, name, quoted):
    """The file of ours that an #include means, or None if it is somebody else's."""
    candidates = [f"include/{name}"]
    if quoted:
        candidates = [
            posixpath.normpath(posixpath.join(posixpath.dirname(path), name)),
            f"src/{name}",
            name,
        ] + candidates
    return next((c for c in candidates if pathlib.Path(root, c).is_file()), None)


def may_use(layers, path):
    """The modules whose headers the file may include; None for any."""
    parts = path.split("/")
    if parts[0] == "src":
        return layers.edges.get(parts[1], set()) | {parts[1]}
    if parts[0] == "include":
        return {"api"}
    if parts[0] == "examples":
        return {"api", "examples"}
    if parts[:2] == ["tests", "examples"]:
        return {"api", "examples", "tests"}
    if parts[0] == "tests" and parts[1] in layers.edges:
        return layers.closure(parts[1]) | {"tests"}
    return None


def may_see_test(path, target):
    """tests/X may include tests/X and what all share; fuzz/ and bench/ may include what all share."""
    shared = target.split("/")[1] in SHARED_TESTS
    if path.startswith("tests/"):
        return shared or path.split("/")[1] == target.split("/")[1]
    return shared and path.startswith(("fuzz/", "bench/"))


def check_file(root, layers, path):
    """Findings of one file, and the files of ours that it includes."""
    findings, targets = [], []
    parts, allowed = path.split("/"), may_use(layers, path)
    if parts[0] == "src" and len(parts) > 2 and parts[1] not in layers.edges:
        findings.append(Finding(path, 1, f"module {parts[1]} has no line in {LAYERS}"))
    if parts[0] == "include" and not path.endswith(".h"):
        findings.append(Finding(path, 1, "include/ holds headers only; sources belong in src/"))
    for line, name, quoted in source_tree.includes(source_tree.read(root, path)):
        if ".." in name.split("/") or name.endswith(".cc"):
            findings.append(Finding(path, line, f'"{name}": include headers, by their path from src/ or include/'))
            continue
        target = resolve(root, path, name, quoted)
        if target is None:
            if quoted and not name.endswith(".pb.h"):
                findings.append(Finding(path, line, f'"{name}" is no file of ours; other people\'s headers go in <>'))
            continue
        module = owner(target)
        targets.append(target)
        if parts[0] == "include" and quoted:
            findings.append(Finding(path, line, f'"{name}": public headers include each other as <{PUBLIC_ROOT}...>'))
        if allowed is not None and module not in allowed:
            may = ", ".join(sorted(allowed - {owner(path)})) or "nothing"
            findings.append(Finding(path, line, f"{owner(path)} may not include {module} ({name}); it may use {may}"))
        elif module == "tests" and not may_see_test(path, target):
            findings.append(
                Finding(path, line, f"{name} belongs to other tests; what is shared lives in tests/support")
            )
        elif module in ("apps", "bench", "fuzz", "examples") and module != parts[0] and parts[:2] != ["tests", module]:
            findings.append(Finding(path, line, f"nothing includes {module}/ ({name})"))
    return findings, targets


def check_support(layers, graph):
    """A test that includes tests/support/x.h gets what x.h includes: that must be in its closure too."""
    findings = []
    for path in graph:
        parts = path.split("/")
        if parts[0] != "tests" or parts[1] not in layers.edges:
            continue
        seen, open_ends = set(), [t for t in graph[path] if t.startswith("tests/")]
        while open_ends:
            support = open_ends.pop()
            seen.add(support)
            open_ends += [t for t in graph.get(support, ()) if t.startswith("tests/") and t not in seen]
        reached = {owner(t) for support in seen for t in graph.get(support, ())} - {"tests"}
        beyond = reached - layers.closure(parts[1])
        if beyond:
            findings.append(
                Finding(
                    path,
                    1,
                    f"through tests/support it reaches {', '.join(sorted(beyond))}, which {parts[1]} may not use",
                )
            )
    return findings


def check_folders(graph):
    """The folders inside a module form no cycle."""
    findings, folders = [], {}
    for path, targets in graph.items():
        if path.startswith("src/"):
            for target in targets:
                here, there = posixpath.dirname(path), posixpath.dirname(target)
                if owner(target) == owner(path) and here != there:
                    folders.setdefault(owner(path), {}).setdefault(here, {}).setdefault(there, path)
    for module, edges in sorted(folders.items()):
        cycle = find_cycle(edges)
        if cycle:
            steps = (f"{there} (by {edges[here][there]})" for here, there in zip(cycle, cycle[1:]))
            findings.append(Finding(f"src/{module}", 1, f"folders in a circle: {' -> '.join([cycle[0], *steps])}"))
    return findings


def check_apart(layers, graph):
    """Folders on one "apart:" line never include each other."""
    findings = []

    def place(patterns, path):
        """The folder of a pattern that the file lies in: gateway/receivers/* gives gateway/receivers/otlp."""
        parts = path.removeprefix("src/").split("/")
        for pattern in patterns:
            folder = "/".join(parts[: pattern.count("/") + 1])
            if len(parts) > pattern.count("/") + 1 and fnmatch.fnmatchcase(folder, pattern):
                return folder
        return None

    for patterns, (path, targets) in itertools.product(layers.apart, graph.items()):
        here = place(patterns, path)
        for target in targets if here and path.startswith("src/") else ():
            there = place(patterns, target)
            if there and there != here:
                findings.append(
                    Finding(path, 1, f"{here} and {there} stand apart and may not include each other ({target})")
                )
    return findings


def check(root):
    layers = Layers(source_tree.read(root, LAYERS))
    findings, graph = [], {}
    if layers.cycle():
        findings.append(Finding(LAYERS, 1, f"the edges form a circle: {' -> '.join(layers.cycle())}"))
    for path in source_tree.cpp_files(root):
        found, graph[path] = check_file(root, layers, path)
        findings += found
    return findings + check_support(layers, graph) + check_folders(graph) + check_apart(layers, graph)


if __name__ == "__main__":
    sys.exit(source_tree.report("layers", check(sys.argv[1])))
