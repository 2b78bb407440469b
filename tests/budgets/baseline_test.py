#!/usr/bin/env python3
"""The gate finds what got worse, lets pass what is within its tolerance, and knows when it may not judge."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))

import baseline  # noqa: E402

LIMITS = {"allocations": 0, "locked_per_1000": 1, "wakes_per_20000": 1}


def counts(**changed):
    usual = {"instructions": 1000.0, "allocations": 0.0, "allocated_bytes": 0.0, "wire_bytes": 80.0}
    return {"W2": {**usual, "locked_per_1000": 0.5, **changed}}


class Baseline(unittest.TestCase):
    def test_the_same_counts_are_no_change(self):
        self.assertEqual(baseline.compare(counts(), counts()), ([], []))

    def test_within_the_tolerance_it_is_shown_and_passes(self):
        lines, findings = baseline.compare(counts(), counts(instructions=1005.0))
        self.assertEqual((len(lines), findings), (1, []))
        self.assertIn("1000.00 ->      1005.00  +0.50 %", lines[0])

    def test_ten_of_ten_regressions_of_two_percent_are_found(self):
        for size in (150, 200, 300, 450, 600, 800, 1000, 1200, 2000, 5000):
            _, findings = baseline.compare(counts(instructions=size), counts(instructions=1.02 * size))
            self.assertEqual(len(findings), 1, size)

    def test_an_allocation_a_byte_and_a_workload_count(self):
        self.assertEqual(
            baseline.compare(counts(), counts(allocations=0.25))[1],
            ["W2: allocations 0.00 -> 0.25 (from 0)"],
        )
        self.assertEqual(
            baseline.compare(counts(), counts(wire_bytes=82.0))[1],
            ["W2: wire_bytes 80.00 -> 82.00 (+2.50 %)"],
        )
        self.assertEqual(baseline.compare({}, counts())[1], ["W2 is not in the baseline"])
        self.assertEqual(baseline.compare(counts(), {})[1], ["W2 is in the baseline and does not exist"])

    def test_a_little_better_passes_and_much_better_wants_to_be_recorded(self):
        self.assertEqual(baseline.compare(counts(), counts(instructions=950.0))[1], [])
        self.assertEqual(
            baseline.compare(counts(), counts(instructions=850.0))[1],
            ["W2: instructions 1000.00 -> 850.00, better: record it"],
        )

    def test_limits_hold_everywhere(self):
        self.assertEqual(baseline.over_limits(LIMITS, counts(), 1), [])
        self.assertEqual(
            baseline.over_limits(LIMITS, counts(allocations=1, locked_per_1000=2), 3),
            [
                "W2: 1.00 allocations, limit 0",
                "W2: 2.00 locked_per_1000, limit 1",
                "3 wakes in 20000 spans at 10,000 a second, limit 1",
            ],
        )

    def test_another_compiler_is_said(self):
        self.assertEqual(baseline.differences({"compiler": "g++ 12"}, {"compiler": "g++ 12"}), [])
        self.assertEqual(
            baseline.differences({"compiler": "g++ 12"}, {"compiler": "g++ 13"}),
            ["compiler g++ 13, recorded with g++ 12"],
        )

    def test_without_valgrind_it_is_skipped_and_in_ci_it_fails_and_says_what_to_install(self):
        with tempfile.TemporaryDirectory() as empty:
            for ci, code in (("", 77), ("true", 1)):
                command = [sys.executable, "-B", BENCH / "instructions.py", "span_count"]
                environment = dict(os.environ, PATH=empty, CI=ci)
                done = subprocess.run(command, env=environment, capture_output=True, text=True)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn("valgrind and objdump not installed", done.stdout)
                self.assertIn("tools/setup test", done.stdout)

    def test_what_is_written_reads_back(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "baseline.json")
            baseline.write(path, {"compiler": "g++ 12"}, LIMITS, counts(instructions=1000.126))
            recorded = baseline.read(path)
        self.assertEqual(recorded["environment"], {"compiler": "g++ 12"})
        self.assertEqual(recorded["limits"], LIMITS)
        self.assertEqual(baseline.compare(recorded["workloads"], counts(instructions=1000.13)), ([], []))
        self.assertNotIn("locked_per_1000", recorded["workloads"]["W2"])


if __name__ == "__main__":
    unittest.main()
