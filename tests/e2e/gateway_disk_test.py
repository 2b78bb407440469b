#!/usr/bin/env python3
"""A disk without room: counted, retried, survived; and once there is room again nothing is missing."""

import resource
import unittest

from gateway_harness import Gateway, main, request_with, spans_of

CONFIG = """
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}
exporters:
  file:
    path: traces.jsonl
    retry_on_failure: {initial_interval: 10ms, max_interval: 20ms, max_elapsed_time: 0}
service:
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines:
    traces: {receivers: [otlp], exporters: [file]}
"""


class FullDisk(unittest.TestCase):
    def test_it_waits_for_room_and_loses_nothing(self):
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        with Gateway(CONFIG, limits=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, unlimited))) as gateway:
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


if __name__ == "__main__":
    main()
