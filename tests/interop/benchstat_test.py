#!/usr/bin/env python3
"""bench-compare finds in the same files what Go's benchstat finds: medians, intervals, changes, p, geometric means.

benchstat prints p to three digits and intervals as whole percents; everything else it prints in full. Its p is
two-sided and uncorrected, as our "p" is, beside "p_holm".
"""

import csv
import io
import json
import math
import pathlib
import random
import subprocess
import tempfile
import unittest

import peers

from gateway_harness import BINARY, main

BENCHSTAT = peers.require_program("benchstat")


def benchstat(old, new):
    """{(benchmark, unit): row as text}, units as bench-compare calls them."""
    command = [BENCHSTAT, "-format", "csv", "-alpha", "1", old, new]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows, unit = {}, ""
    for row in csv.reader(io.StringIO(text)):
        if len(row) < 7:
            continue
        if row[1].endswith("/op"):
            unit = row[1].replace("sec/op", "ns/op")
        elif row[0]:
            rows[row[0], unit] = row
    return rows


def bench_compare(old, new):
    command = [BINARY, "bench-compare", old, new, "--format", "json"]
    finished = subprocess.run(command, capture_output=True, text=True)
    if finished.returncode not in (0, 1):
        raise AssertionError(finished.stderr)
    return json.loads(finished.stdout)["comparisons"][0]


class Benchstat(unittest.TestCase):
    def check(self, old, new):
        """Both sides: {benchmark: [(nanoseconds, bytes), ...]}."""
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for name, runs in (("old", old), ("new", new)):
                files.append(pathlib.Path(folder, name))
                lines = [f"Benchmark{b} 100 {ns} ns/op {size} B/op" for b, all in runs.items() for ns, size in all]
                files[-1].write_text("\n".join(lines) + "\n", encoding="ascii")
            theirs, ours = benchstat(*files), bench_compare(*files)
        self.assertEqual(len(theirs), len(ours["rows"]) + len(ours["geomeans"]))
        for row in ours["rows"]:
            self.check_row(row, theirs[row["benchmark"], row["unit"]])
        for mean in ours["geomeans"]:
            self.check_mean(mean, theirs["geomean", mean["unit"]])

    def check_row(self, row, theirs):
        scale = 1e9 if row["unit"] == "ns/op" else 1
        for side, column in (("old", 1), ("new", 3)):
            mine = row[side]
            self.assertTrue(math.isclose(mine["median"], float(theirs[column]) * scale, rel_tol=1e-9), (row, theirs))
            if mine["low"] is None or row["exact"]:  # theirs: infinite, or 0
                continue
            reach = max(mine["median"] - mine["low"], mine["high"] - mine["median"]) / mine["median"]
            # Above 30 runs benchstat approximates its interval, which may take in one run more or less than ours.
            room = 0.5001 if mine["runs"] <= 30 else 1
            self.assertAlmostEqual(100 * reach, float(theirs[column + 1].rstrip("%")), delta=room, msg=row)
        their_delta = float(theirs[5].rstrip("%").replace("~", "0"))
        self.assertAlmostEqual(100 * row["delta"], their_delta, delta=0.00501, msg=(row, theirs))
        their_p = float(theirs[6].split()[0].removeprefix("p="))
        self.assertAlmostEqual(row.get("p", 1 if row["delta"] == 0 else 0), their_p, delta=0.000501, msg=(row, theirs))

    def check_mean(self, mean, theirs):
        scale = 1e9 if mean["unit"] == "ns/op" else 1
        for side, column in (("old", 1), ("new", 3)):
            self.assertTrue(math.isclose(mean[side], float(theirs[column]) * scale, rel_tol=1e-9), (mean, theirs))
        self.assertAlmostEqual(100 * mean["delta"], float(theirs[5].rstrip("%")), delta=0.00501)

    def side(self, source, count, factor, digits):
        """Six benchmarks, from nanoseconds to milliseconds, with 2 % of noise."""
        runs = {}
        for i in range(6):
            nanos = 3 * 10**i * (factor if i % 2 else 1)
            runs[f"B{i}"] = [(round(nanos * source.gauss(1, 0.02), digits), 16 * i + 8) for _ in range(count)]
        return runs

    def test_without_ties_exactly(self):
        for count in (6, 10, 15, 20, 30, 50):
            source = random.Random(count)
            self.check(self.side(source, count, 1, 9), self.side(source, count, 1.01, 9))

    def test_with_ties_exactly(self):
        for count in (7, 12, 25):
            source = random.Random(100 + count)
            self.check(self.side(source, count, 1, 1), self.side(source, count, 1.02, 1))

    def test_with_ties_and_many_runs_by_the_approximation(self):
        source = random.Random(200)
        self.check(self.side(source, 40, 1, 1), self.side(source, 40, 1.01, 1))

    def test_many_runs_by_the_approximation(self):
        source = random.Random(300)
        self.check(self.side(source, 80, 1, 9), self.side(source, 80, 1.005, 9))

    def test_sides_of_different_sizes(self):
        source = random.Random(400)
        self.check(self.side(source, 9, 1, 9), self.side(source, 23, 1.01, 9))


if __name__ == "__main__":
    main()
