#!/usr/bin/env python3
"""What the scenarios say: a check that is missed is seen, in the table, in the JSON and in the exit code."""

import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "bench/scenarios")]

from intervals import change, interval, share_of_tracing  # noqa: E402
from stage import Later, Report  # noqa: E402

BINARY = pathlib.Path(sys.argv[1]).resolve()


def finished(report):
    """(exit code, what is printed, JSON)"""
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder, contextlib.redirect_stdout(io.StringIO()) as out:
        code = report.finish(pathlib.Path(folder, "logs"))
        return code, out.getvalue(), json.loads(pathlib.Path(folder, f"{report.name}.json").read_text())


class ScenarioReportTest(unittest.TestCase):
    def report(self, latency):
        report = Report("example", "an example")
        report.check("P99", latency, "<", 5, "ms")
        report.check("spans lost", 0, "=", 0)
        report.figure("requests", 123456)
        return report

    def test_all_checks_hold(self):
        code, text, document = finished(self.report(4.9))
        self.assertEqual((code, document["passed"]), (0, True))
        self.assertIn("P99         < 5 ms   4.90 ms  ok\n", text)
        self.assertIn("requests             123,456\n", text)
        self.assertIn("example: passed", text)

    def test_one_is_missed(self):
        code, text, document = finished(self.report(5.0))
        self.assertEqual((code, document["passed"]), (1, False))
        self.assertIn("MISSED", text)
        self.assertIn("example: 1 of the checks missed", text)

    def test_the_share_of_tracing_has_an_interval(self):
        mean, half = share_of_tracing([10, 10, 10, 10], [9, 9, 9, 9])
        self.assertEqual((mean, half), (10, 0))
        mean, half = interval([1, 2, 3])
        self.assertEqual(mean, 2)
        self.assertAlmostEqual(half, 4.30 / 3**0.5)
        self.assertEqual(interval([7])[1], float("inf"), "one pair shows nothing")
        self.assertEqual(change([11, 22], [10, 20]), (10, 0))

    def test_what_fails_later_fails_the_scenario(self):
        done = []
        Later(0, lambda: done.append("done")).done()
        self.assertEqual(done, ["done"])
        with self.assertRaisesRegex(SystemExit, "gateway-6 did not start"):
            Later(0, lambda: sys.exit("gateway-6 did not start")).done()
        never = Later(3600, lambda: done.append("never"))
        never.cancel()
        self.assertEqual(done, ["done"])

    def test_bench_compare_reads_the_json(self):
        with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder, contextlib.redirect_stdout(io.StringIO()):
            self.report(4.9).finish(pathlib.Path(folder, "logs"))
            file = pathlib.Path(folder, "example.json")
            done = subprocess.run([BINARY, "bench-compare", file, file], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("P99", done.stdout)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)
