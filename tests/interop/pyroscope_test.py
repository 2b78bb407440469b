#!/usr/bin/env python3
"""A program that pushes its profiles is understood by Pyroscope's own interface and Google's own reader of pprof."""

import json
import os
import subprocess
import sys
import unittest

import peers

from gateway_harness import main

RECEIVER = peers.require_program("pyroscope")
PROGRAM = sys.argv[1]


class Pyroscope(unittest.TestCase):
    def test_a_profile_is_pushed_every_second(self):
        with subprocess.Popen([RECEIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as receiver:
            environment = dict(
                os.environ,
                NANOSPAN_PROFILING="true",
                NANOSPAN_PROFILING_PORT="0",
                NANOSPAN_PROFILING_PUSH_URL=f"http://127.0.0.1:{receiver.stdout.readline().strip()}",
                NANOSPAN_PROFILING_PUSH_HEADERS="X-Scope-OrgID=team",
                NANOSPAN_PROFILING_SECONDS="1",
                NANOSPAN_PROFILING_EVERY_SECONDS="1",
            )
            with subprocess.Popen([PROGRAM, "serve"], stdin=subprocess.PIPE, env=environment) as program:
                seen = [json.loads(receiver.stdout.readline()) for _ in range(3)]
                program.stdin.close()
            self.assertEqual(program.returncode, 0)
            receiver.stdin.close()
        for profile in seen:
            self.assertEqual(profile["labels"]["__name__"], "process_cpu")
            self.assertEqual(profile["labels"]["service_name"], "shop")
            self.assertEqual(profile["labels"]["hostname"], os.uname().nodename)
            self.assertEqual(profile["tenant"], "team")
            self.assertEqual(profile["types"], ["samples/count", "cpu/nanoseconds"])
            self.assertTrue(any("handle_order" in name for name in profile["functions"]), profile["functions"])
            self.assertEqual(set(profile["label_keys"]), {"http.route", "span_name"})
        self.assertEqual(len({profile["id"] for profile in seen}), len(seen))


if __name__ == "__main__":
    main()
