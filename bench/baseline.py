"""The baseline of the counts: what each workload cost when it was last recorded, and what may be said of a new count.

The file (tests/budgets/baseline.json) holds the counts themselves, not rounded up budgets, so that a build that fails
says what changed and by how much. Counts are the same on every machine with the same compiler, C library, counting tool
and kind of processor (callgrind runs the C library's memcpy for what it finds); where any of these differs, only the
limits are judged. `nanospan bench-compare` reads the same file. Standard library only.
"""

import json
import pathlib
import re
import subprocess

# What is compared. Locked instructions depend on when the export thread runs, so they have a limit only.
MEASURED = ("instructions", "allocations", "allocated_bytes", "wire_bytes")
# A count may differ by this share, or by this many where the share is less: a slow path met one time more in N spans.
TOLERANCE_SHARE = 0.005
TOLERANCE_COUNT = 1.0
# Better by more than this share: record it, or the next regression hides in the gap.
STALE_SHARE = 0.10


def environment(program):
    """What counts depend on beside the source."""
    about = subprocess.run([program, "--about"], check=True, capture_output=True, text=True).stdout
    found = dict(line.split(" ", 1) for line in about.splitlines())
    tool = subprocess.run(["valgrind", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    flags = re.search(r"^flags\s*:(.*)$", pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii"), re.MULTILINE)
    vectors = "avx2" if flags and "avx2" in flags.group(1).split() else "sse2"
    return {**found, "valgrind": tool.removeprefix("valgrind-"), "vectors": vectors}


def read(path):
    return json.loads(pathlib.Path(path).read_text(encoding="ascii"))


def write(path, where, limits, workloads):
    rounded = {name: {what: round(counts[what], 2) for what in MEASURED} for name, counts in workloads.items()}
    lines = [f"  {json.dumps(name)}: {json.dumps(counts)}" for name, counts in rounded.items()]
    head = f'{{\n "environment": {json.dumps(where)},\n "limits": {json.dumps(limits)},\n "workloads": {{\n'
    pathlib.Path(path).write_text(head + ",\n".join(lines) + "\n }\n}\n", encoding="ascii")


def differences(recorded, here):
    """Why counts of here cannot be held against those recorded there; empty if they can."""
    keys = sorted({*recorded, *here})
    other = [key for key in keys if recorded.get(key) != here.get(key)]
    return [f"{key} {here.get(key)}, recorded with {recorded.get(key)}" for key in other]


def delta(old, new):
    if old == new:
        return "the same"
    return f"{100 * (new - old) / old:+.2f} %" if old else "from 0"


def compare(old, new):
    """(lines that show old and new of what changed, findings) of two {workload: {count: number}}."""
    lines, findings = [], []
    for name, counts in new.items():
        if name not in old:
            findings.append(f"{name} is not in the baseline")
            continue
        for what in MEASURED:
            before, value = old[name][what], counts[what]
            if abs(value - before) < 0.005:  # the file has two decimals
                continue
            line = f"{name:<20}{what:<18}{before:>12.2f} -> {value:>12.2f}  {delta(before, value)}"
            room = max(TOLERANCE_COUNT, TOLERANCE_SHARE * before) if before else 0
            if value > before + room:
                findings.append(f"{name}: {what} {before:.2f} -> {value:.2f} ({delta(before, value)})")
                line += "  WORSE"
            elif value < before - max(room, STALE_SHARE * before):
                findings.append(f"{name}: {what} {before:.2f} -> {value:.2f}, better: record it")
                line += "  BETTER"
            lines.append(line)
    findings += [f"{name} is in the baseline and does not exist" for name in old if name not in new]
    return lines, findings


def over_limits(limits, workloads, wakes):
    """What must hold wherever it is counted: goals, not measurements."""
    findings = []
    for name, counts in workloads.items():
        for what in ("allocations", "locked_per_1000"):
            if counts[what] > limits[what]:
                findings.append(f"{name}: {counts[what]:.2f} {what}, limit {limits[what]:g}")
    if wakes > limits["wakes_per_20000"]:
        findings.append(f"{wakes} wakes in 20000 spans at 10,000 a second, limit {limits['wakes_per_20000']:g}")
    return findings
