#!/usr/bin/env python3
"""deploy/load/orders.js as k6 runs it against the orders service: its checks are judged, and hold."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import peers

K6 = peers.require_program("k6")
from gateway_harness import main  # noqa: E402
from service_harness import Service  # noqa: E402

ORDERS = pathlib.Path(sys.argv[2]).resolve()
SCRIPT = pathlib.Path(__file__).resolve().parent.parent.parent / "deploy/load/orders.js"


class K6Test(unittest.TestCase):
    def k6(self, url, *words):
        """(exit code, summary) of a short run."""
        with tempfile.TemporaryDirectory() as folder:
            summary = pathlib.Path(folder, "summary.json")
            command = [K6, "run", "--quiet", "--no-usage-report", "--summary-export", summary]
            variables = ["-e", f"BASE_URL={url}", "-e", "STAGES=1s:4,1s:0", "-e", "ORDER_SHARE=0.5"]
            done = subprocess.run([*command, *variables, *words, SCRIPT], capture_output=True, env=dict(os.environ))
            return done.returncode, json.loads(summary.read_text())["metrics"]

    def test_the_script_orders_and_its_checks_hold(self):
        with Service(ORDERS, "--tracing", "off", "--payment-ms", "0") as orders:
            code, metrics = self.k6(orders.url)
            account = orders.stop()
        self.assertEqual(metrics["checks"]["fails"], 0, metrics["checks"])
        self.assertGreater(metrics["checks"]["passes"], 10)
        self.assertEqual(metrics["http_reqs"]["count"], account["requests"])
        self.assertIn(code, (0, 99), "99: a threshold of time, which a busy machine may miss")

    def test_a_service_that_refuses_fails_the_checks(self):
        code, metrics = self.k6("http://127.0.0.1:1")
        self.assertEqual(code, 99)
        self.assertGreater(metrics["checks"]["fails"], 0)


if __name__ == "__main__":
    main()
