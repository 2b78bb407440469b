#!/usr/bin/env python3
"""Counts what noise cannot touch: instructions, allocations, locked instructions and wakes of each workload.

Usage: instructions.py [--budgets FILE] [--json FILE] [--only WORKLOAD]... SPAN_COUNT

SPAN_COUNT is the program bench/span_count. Each workload runs under callgrind with N and with 2N spans; the difference
divided by N is what one span costs the producing thread, start-up and the export thread excluded (callgrind collects
only inside counted()). A locked instruction is one that was executed, not one that merely stands in a cold path: the
addresses that callgrind saw are looked up in the disassembly. With --budgets it compares and fails where a count is
above its budget, or so far below it that the budget has gone stale. Exit code 77: a tool is missing.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SPANS = 6400
PACED_SPANS = 20000
PACED_RUNS = 5
STALE = (
    0.90  # a count below this share of its budget: lower the budget, or the next regression hides in the gap
)
SKIP = 77

# What makes a memory access a locked one, or leaves the initial-exec model of thread-locals.
LOCKED = re.compile(r"\slock\s|\sxchg\s[^\n]*\(|\smfence\b|__tls_get_addr")
COST_LINE = re.compile(r"0x([0-9a-f]+) \d+ (\d+)$")

Count = collections.namedtuple("Count", "instructions allocations locked_per_1000")


def locked_addresses(program):
    """Addresses of the locked instructions of a program that is not position independent."""
    command = ["objdump", "-d", "--no-show-raw-insn", program]
    listing = subprocess.run(command, check=True, capture_output=True, text=True)
    lines = (re.match(r"\s*([0-9a-f]+):(.*)", line) for line in listing.stdout.splitlines())
    return {
        int(m.group(1), 16) for m in lines if m and LOCKED.search(" " + m.group(2).replace("\t", " ") + " ")
    }


def parse_callgrind(path, program):
    """(all instructions, {address: times executed} of the program's own code)."""
    total, own, executed, inclusive = 0, False, collections.Counter(), False
    for line in pathlib.Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("totals:"):
            total = int(line.split()[1])
        elif line.startswith("ob="):
            own = os.path.basename(line) == os.path.basename(program)
        elif line.startswith("calls="):
            inclusive = True  # the next line is the cost of the callee
        elif own:
            match = COST_LINE.match(line)
            if match and not inclusive:
                executed[int(match.group(1), 16)] += int(match.group(2))
            inclusive = inclusive and not match
        else:
            inclusive = False
    return total, executed


def run_once(program, workload, spans, folder):
    out = pathlib.Path(folder, f"{workload}.{spans}")
    command = [
        "valgrind",
        "--tool=callgrind",
        "--toggle-collect=*counted*",
        "--dump-instr=yes",
        "--compress-pos=no",
    ]
    command += ["--compress-strings=no", f"--callgrind-out-file={out}", program, workload, str(spans)]
    finished = subprocess.run(command, capture_output=True, text=True)
    if finished.returncode:
        raise RuntimeError(f"{workload}: exit code {finished.returncode}\n{finished.stderr[-2000:]}")
    printed = re.search(r"^allocations (\d+)", finished.stdout, re.MULTILINE)
    total, executed = parse_callgrind(out, program)
    return total, executed, int(printed.group(1)) if printed else 0


def count(program, workload, locked, folder):
    small, large = (run_once(program, workload, spans, folder) for spans in (SPANS, 2 * SPANS))
    locks = sum(large[1][address] - small[1][address] for address in locked)
    return Count((large[0] - small[0]) / SPANS, (large[2] - small[2]) / SPANS, 1000 * locks / SPANS)


def count_wakes(program):
    """The least of some runs: a machine that runs the export thread late can only add to them."""
    least = None
    for _ in range(PACED_RUNS):
        printed = subprocess.run(
            [program, "--paced", str(PACED_SPANS)], check=True, capture_output=True, text=True
        ).stdout
        wakes = int(re.search(r"^wakes (\d+)", printed, re.MULTILINE).group(1))
        least = wakes if least is None else min(least, wakes)
        if least <= 1:  # the goal, S7
            break
    return least


def read_budgets(path):
    """{name: [numbers]}: "workload instructions allocations locked_per_1000", and "wakes N"."""
    budgets = {}
    for line in pathlib.Path(path).read_text(encoding="ascii").splitlines():
        words = line.split("#")[0].split()
        if words:
            budgets[words[0]] = [float(word) for word in words[1:]]
    return budgets


def compare(counts, wakes, budgets):
    """What is wrong, one line each."""
    findings = []
    for name, measured in counts.items():
        if name not in budgets:
            findings.append(f"{name} has no budget")
            continue
        for what, value, budget in zip(Count._fields, measured, budgets[name]):
            if value > budget:
                findings.append(f"{name}: {value:.2f} {what} a span, budget {budget:g}")
        if measured.instructions < STALE * budgets[name][0]:
            text = f"only {measured.instructions:.1f} instructions; lower its budget of {budgets[name][0]:g}"
            findings.append(f"{name}: {text}")
    missing = [name for name in budgets if name not in counts and name != "wakes"]
    findings += [f"{name} has a budget and does not exist" for name in missing]
    if wakes > budgets["wakes"][0]:
        findings.append(
            f"{wakes} wakes in {PACED_SPANS} spans at 10,000 a second, budget {budgets['wakes'][0]:g}"
        )
    return findings


def missing_tools():
    return [tool for tool in ("valgrind", "objdump") if shutil.which(tool) is None]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--budgets")
    parser.add_argument("--json")
    parser.add_argument("--only", action="append")
    options = parser.parse_args()
    if missing_tools():
        print(
            f"SKIPPED: {' and '.join(missing_tools())} not installed, so nothing was counted (tools/setup test)"
        )
        return SKIP
    program = os.path.abspath(options.program)
    listed = subprocess.run([program, "--list"], check=True, capture_output=True, text=True).stdout
    names = options.only or listed.split()
    locked = locked_addresses(program)
    wakes = count_wakes(program)
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(
        os.cpu_count()
    ) as pool:
        counts = dict(zip(names, pool.map(lambda name: count(program, name, locked, folder), names)))
    print(f"{'a span of':<20}{'instructions':>14}{'allocations':>14}{'locked / 1000':>16}")
    for name, measured in counts.items():
        print(f"{name:<20}{measured[0]:>14.1f}{measured[1]:>14.3f}{measured[2]:>16.2f}")
    print(f"wakes in {PACED_SPANS} spans of W4 at 10,000 a second: {wakes}")
    if options.json:
        result = {"wakes_per_20000": wakes, "workloads": {name: c._asdict() for name, c in counts.items()}}
        pathlib.Path(options.json).write_text(json.dumps(result, indent=1) + "\n", encoding="ascii")
    findings = compare(counts, wakes, read_budgets(options.budgets)) if options.budgets else []
    for finding in findings:
        print(f"BUDGET {finding}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
