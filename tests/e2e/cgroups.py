"""Real control groups for tests: limits on memory and processors that may be changed while a program runs in them.

Version 1 or 2, whichever has the controller. It takes root and a writable /sys/fs/cgroup; where that is missing
`Group` raises unittest.SkipTest and says what is missing.
"""

import os
import pathlib
import re
import unittest


def _lines(of_this_process):
    return pathlib.Path("/proc/self", of_this_process).read_text().splitlines()


def _mount_of(controller):
    """Version and folder of the hierarchy that has `controller`, with this process's own group in it."""
    paths = dict(line.split(":", 2)[1:] for line in _lines("cgroup"))
    for line in _lines("mountinfo"):
        before, _, after = line.partition(" - ")
        kind, _, options = after.split()
        root, point = before.split()[3:5]
        if kind == "cgroup" and controller in options.split(","):
            of = next((path for names, path in paths.items() if controller in names.split(",")), "/")
        elif kind == "cgroup2" and controller in pathlib.Path(point, "cgroup.controllers").read_text().split():
            of = paths.get("", "/")
        else:
            continue
        below = of[len(root) :] if root != "/" and of.startswith(root) else of if root == "/" else ""
        return 1 if kind == "cgroup" else 2, pathlib.Path(point + below)
    raise unittest.SkipTest(f"no cgroup hierarchy has the controller {controller}")


class Group:
    """A group below this process's own. `enter` is for preexec_fn; `close` when nothing runs in it any more."""

    def __init__(self, controller):
        self.controller = controller
        self.version, parent = _mount_of(controller)
        self.folder = parent / f"nanospan-test-{os.getpid()}"
        try:
            if self.version == 2:
                (parent / "cgroup.subtree_control").write_text(f"+{controller}")
            self.folder.mkdir()
        except OSError as why:  # no root, a read-only /sys, or version 2 with processes in the parent
            raise unittest.SkipTest(f"may not make a group of {controller} in {parent}: {why.strerror}") from why

    def enter(self):
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def _write(self, name, value):
        (self.folder / name).write_text(str(value))

    def limit_memory(self, mebibytes):
        self._write("memory.limit_in_bytes" if self.version == 1 else "memory.max", mebibytes << 20)

    def limit_cpus(self, cpus):
        if self.version == 2:
            return self._write("cpu.max", f"{int(cpus * 100_000)} 100000")
        self._write("cpu.cfs_period_us", 100_000)
        self._write("cpu.cfs_quota_us", int(cpus * 100_000))

    def oom_kills(self):
        text = (self.folder / ("memory.oom_control" if self.version == 1 else "memory.events")).read_text()
        return int(re.search(r"^oom_kill (\d+)", text, re.M)[1])

    def peak_mebibytes(self):
        """Cache of files included; 0 where the kernel does not say."""
        file = self.folder / ("memory.max_usage_in_bytes" if self.version == 1 else "memory.peak")
        return int(file.read_text()) >> 20 if file.exists() else 0

    def close(self):
        self.folder.rmdir()
