#!/usr/bin/env python3
"""bench-compare as a build uses it: exit codes, one line for each fault, the three forms of output."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

BINARY = pathlib.Path(sys.argv[1]).resolve()


def go_text(nanos, allocations=1, runs=10):
    return "".join(f"BenchmarkWalk-2 100 {nanos + i / 100} ns/op {allocations} allocs/op\n" for i in range(runs))


class BenchCompare(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for name, text in {
            "old": go_text(100),
            "again": go_text(100.005),
            "slow": go_text(110),
            "leaky": go_text(100, allocations=2),
            "few": go_text(150, runs=2),
            "empty": "PASS\n",
            "cut.json": '{\n "benchmarks": [\n  {"name": "a",\n',
            "other": "BenchmarkOther 1 5 ns/op\n",
            "both": go_text(100) + "BenchmarkOther 1 5 ns/op\n",
        }.items():
            pathlib.Path(self.folder.name, name).write_text(text, encoding="ascii")

    def run_it(self, *words):
        command = [BINARY, "bench-compare", *words]
        return subprocess.run(command, capture_output=True, text=True, cwd=self.folder.name)

    def test_exit_codes(self):
        for words, code in (
            (("old", "again"), 0),
            (("slow", "old"), 0),
            (("old", "slow"), 1),
            (("old", "leaky"), 1),
            (("old", "again", "slow"), 1),
            (("old", "slow", "--min-effect", "11%", "--tolerance=0"), 0),
            (("old", "leaky", "--unit", "ns/op"), 0),
            (("old", "few"), 0),
            (("old,again", "slow,slow"), 1),
            (("both", "old"), 1),
            (("both", "old", "--allow-missing"), 0),
            (("old", "both"), 0),
        ):
            result = self.run_it(*words)
            self.assertEqual((result.returncode, result.stderr), (code, ""), words)

    def test_a_noisy_machine_judges_no_time_but_counters(self):
        noisy = self.run_it("old", "slow", "--aa", "old", "slow")
        self.assertEqual(noisy.returncode, 0)
        self.assertIn("machine too noisy: the A/A pair differs, so no time was judged\nno regression\n", noisy.stdout)
        self.assertEqual(self.run_it("old", "slow", "--aa", "old", "again").returncode, 1)
        self.assertEqual(self.run_it("old", "leaky", "--aa", "old", "slow").returncode, 1)

    def test_faults_are_one_line_and_2(self):
        for words, text in (
            ((), "give two files of results: nanospan bench-compare OLD NEW"),
            (("old",), "give two files of results: nanospan bench-compare OLD NEW"),
            (("old", "none"), "none: cannot be read: No such file or directory; give a file of results"),
            (("old", "."), ".: cannot be read: Is a directory; give a file of results"),
            (("old", "empty"), "empty:1: no benchmark results in it; give Google Benchmark's"),
            (("old", "cut.json"), "cut.json:4: the JSON document ends too early; write the file again"),
            (("old", "other"), "old and other have no benchmark in the same unit in common; are they of one program?"),
            (("old", "again", "--aa", "old"), "--aa needs values: --aa FILE FILE"),
            (("old", "again", "--format", "xml"), '--format is "xml"; it must be text, markdown or json'),
            (("old", "again", "--min-effect", "much"), '--min-effect is "much"; it must be a share like 2% or 0.02'),
        ):
            result = self.run_it(*words)
            self.assertEqual((result.returncode, result.stdout), (2, ""), words)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertIn("nanospan bench-compare: " + text, result.stderr)

    def test_help_documents_the_exit_codes(self):
        result = self.run_it("--help")
        self.assertEqual(result.returncode, 0)
        self.assertIn("Exit code 1 if anything got worse or is missing in NEW, 2 for wrong arguments", result.stdout)

    def test_forms(self):
        self.assertIn("Walk-2     ns/op", self.run_it("old", "slow").stdout)
        self.assertIn("| Walk-2 | ns/op |", self.run_it("old", "slow", "--format", "markdown").stdout)
        report = json.loads(self.run_it("old", "slow", "again", "--format", "json").stdout)
        self.assertEqual(report["verdict"], "regression")
        self.assertEqual([c["new"] for c in report["comparisons"]], ["slow", "again"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)
