#!/usr/bin/env python3
"""Counts what noise cannot touch: instructions, allocations, bytes, locked instructions and wakes of each workload.

Usage: instructions.py [--baseline FILE [--update]] [--json FILE] [--only WORKLOAD]... SPAN_COUNT

SPAN_COUNT is the program bench/span_count. Each workload runs under callgrind with N and with 2N spans; the difference
divided by N is what one span costs the producing thread, start-up and the export thread excluded (callgrind collects
only inside counted()). A locked instruction is one that was executed, not one that merely stands in a cold path: the
addresses that callgrind saw are looked up in the disassembly. With --baseline it shows old and new of what changed and
fails where a count got worse (bench/baseline.py); --update records the new counts. Exit code 77: a tool is missing (1
where CI is true: there a gate that counts nothing is open), or the baseline is of another compiler.
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

import baseline

SPANS = 6400
PACED_SPANS = 20000
PACED_RUNS = 5
SKIP = 77

# What makes a memory access a locked one, or leaves the initial-exec model of thread-locals.
LOCKED = re.compile(r"\slock\s|\sxchg\s[^\n]*\(|\smfence\b|__tls_get_addr")
COST_LINE = re.compile(r"0x([0-9a-f]+) \d+ (\d+)$")

Count = collections.namedtuple(
    "Count", "instructions allocations allocated_bytes wire_bytes locked_per_1000"
)


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
    printed = collections.Counter({what: int(n) for what, n in map(str.split, finished.stdout.splitlines())})
    total, executed = parse_callgrind(out, program)
    return total, executed, printed


def count(program, workload, locked, folder):
    small, large = (run_once(program, workload, spans, folder) for spans in (SPANS, 2 * SPANS))
    locks = sum(large[1][address] - small[1][address] for address in locked)
    printed = [(large[2][what] - small[2][what]) / SPANS for what in ("allocations", "allocated_bytes", "wire_bytes")]
    return Count((large[0] - small[0]) / SPANS, *printed, 1000 * locks / SPANS)


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


def judge(path, program, workloads, wakes):
    """Prints old and new; the exit code."""
    recorded, here = baseline.read(path), baseline.environment(program)
    findings = baseline.over_limits(recorded["limits"], workloads, wakes)
    other = baseline.differences(recorded["environment"], here)
    if not other:
        lines, worse = baseline.compare(recorded["workloads"], workloads)
        print("\n".join(["against the baseline:", *(lines or ["no change"])]))
        findings += worse
    for finding in findings:
        print(f"BASELINE {finding}")
    if findings:
        print("If that is meant: tools/bench-gate --update, and the reason in the commit.")
    if other and not findings:
        print(f"SKIPPED: only the limits were judged; here it is {'; '.join(other)}")
        return SKIP
    return 1 if findings else 0


def update(path, program, workloads):
    """Records what was counted, and shows what that changes."""
    recorded = baseline.read(path)
    here = baseline.environment(program)
    lines, findings = baseline.compare(recorded["workloads"], workloads)
    lines += [finding for finding in findings if "->" not in finding]  # new and gone workloads
    lines += baseline.differences(recorded["environment"], here)
    baseline.write(path, here, recorded["limits"], workloads)
    print("\n".join([f"recorded in {path}:", *(lines or ["no change"])]))


def missing_tools():
    return [tool for tool in ("valgrind", "objdump") if shutil.which(tool) is None]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--baseline")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--only", action="append")
    options = parser.parse_args()
    if options.only and options.baseline or options.update and not options.baseline:
        parser.error("the baseline is of all workloads: give --baseline without --only, and --update with it")
    if missing_tools():
        in_ci = os.environ.get("CI") == "true"
        how = "FAILED" if in_ci else "SKIPPED"
        print(f"{how}: {' and '.join(missing_tools())} not installed, so nothing was counted: tools/setup test")
        return 1 if in_ci else SKIP
    program = os.path.abspath(options.program)
    listed = subprocess.run([program, "--list"], check=True, capture_output=True, text=True).stdout
    names = options.only or listed.split()
    locked = locked_addresses(program)
    wakes = count_wakes(program)
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(
        os.cpu_count()
    ) as pool:
        counts = dict(zip(names, pool.map(lambda name: count(program, name, locked, folder), names)))
    heads = ("instructions", "allocations", "bytes of them", "wire bytes", "locked / 1000")
    print(f"{'a span of':<20}" + "".join(f"{head:>15}" for head in heads))
    for name, c in counts.items():
        print(f"{name:<20}{c[0]:>15.1f}{c[1]:>15.3f}{c[2]:>15.1f}{c[3]:>15.1f}{c[4]:>15.2f}")
    print(f"wakes in {PACED_SPANS} spans of W4 at 10,000 a second: {wakes}")
    workloads = {name: c._asdict() for name, c in counts.items()}
    if options.json:
        result = {"wakes_per_20000": wakes, "workloads": workloads}
        pathlib.Path(options.json).write_text(json.dumps(result, indent=1) + "\n", encoding="ascii")
    if options.update:
        update(options.baseline, program, workloads)
    return judge(options.baseline, program, workloads, wakes) if options.baseline else 0


if __name__ == "__main__":
    sys.exit(main())
