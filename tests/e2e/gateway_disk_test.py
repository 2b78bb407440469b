#!/usr/bin/env python3
"""A disk without room: counted, retried, survived; and once there is room again nothing is missing."""

import pathlib
import resource
import subprocess
import tempfile
import unittest

from gateway_harness import Gateway, main, request_with, spans_of

CONFIG = """
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}
exporters:
  file:
    path: %s
    retry_on_failure: {initial_interval: 10ms, max_interval: 20ms, max_elapsed_time: 0}
service:
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines:
    traces: {receivers: [otlp], exporters: [file]}
"""


class FullDisk(unittest.TestCase):
    def test_it_waits_for_room_and_loses_nothing(self):
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

        def limits():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, unlimited))

        with Gateway(CONFIG % "traces.jsonl", limits=limits) as gateway:
            for i in range(30):
                self.assertEqual(gateway.post(request_with([f"n-{i:06}"])), 200)
            self.assertTrue(gateway.wait_for_line("File too large"))
            gateway.wait_until(lambda: gateway.metric("nanospan_exporter_retries") >= 3)
            enqueued, sent, failed, queued = gateway.ledger("file")
            self.assertEqual((enqueued, failed), (30, 0))
            self.assertGreater(queued, 0)
            for line in (gateway.path / "traces.jsonl").read_text().splitlines():
                self.assertEqual(len(spans_of(line)), 1)  # No torn record.
            resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
            gateway.wait_until(lambda: gateway.ledger("file") == [30, 30, 0, 0])
            gateway.signal()
            self.assertEqual(gateway.wait(), 0)
            lines = (gateway.path / "traces.jsonl").read_text().splitlines()
            names = [spans_of(line)[0]["name"] for line in lines]
            self.assertEqual(names, [f"n-{i:06}" for i in range(30)])

    def test_a_file_system_that_is_full_is_waited_for_too(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder.name], capture_output=True, text=True
        )
        if mounted.returncode != 0:
            self.skipTest("a file system of its own: " + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", folder.name], check=True)
        path = pathlib.Path(folder.name, "traces.jsonl")
        names = [f"n-{i:06}" for i in range(200)]
        with Gateway(CONFIG % path) as gateway:
            for name in names:
                self.assertEqual(gateway.post(request_with([name])), 200)
            self.assertTrue(gateway.wait_for_line("No space left on device"))
            gateway.wait_until(lambda: gateway.metric("nanospan_exporter_retries") >= 3)
            enqueued, sent, failed, queued = gateway.ledger("file")
            self.assertEqual((enqueued, failed, sent + queued), (200, 0, 200))
            self.assertGreater(queued, 0)
            self.assertEqual(gateway.metric("otelcol_receiver_accepted_spans"), 200)
            for line in path.read_text().splitlines():
                self.assertEqual(len(spans_of(line)), 1)  # No torn record.
            subprocess.run(["mount", "-o", "remount,size=1m", folder.name], check=True)
            gateway.wait_until(lambda: gateway.ledger("file") == [200, 200, 0, 0])
            gateway.wait_until(lambda: gateway.metric("nanospan_memory_used_bytes") == 0)
            gateway.signal()
            self.assertEqual(gateway.wait(), 0)
            self.assertEqual([spans_of(line)[0]["name"] for line in path.read_text().splitlines()], names)


if __name__ == "__main__":
    main()
