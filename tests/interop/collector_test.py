#!/usr/bin/env python3
"""The OpenTelemetry Collector receives from our SDK, says what it got, and sends it on to our gateway unchanged; and
our gateway, as a user puts it in between, sends to the Collector."""

import pathlib
import socket
import subprocess
import tempfile
import threading
import unittest

import peers

peers.enter_python()

import sent_spans  # noqa: E402
from gateway_harness import Gateway, forwarding, main  # noqa: E402
from otlp_messages import KEEP, stop_and_read  # noqa: E402
from python_decodes_test import send  # noqa: E402

COLLECTOR = peers.require_program("collector")
CONFIG = """
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{port}"}}}}}}
exporters:
  debug: {{verbosity: detailed}}
  otlphttp: {{endpoint: "http://127.0.0.1:{next}", compression: {compression}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [debug, otlphttp]}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Collector:
    """A running Collector that says what it gets and sends it to `next_port`."""

    def __init__(self, next_port, compression):
        self.folder = tempfile.TemporaryDirectory()
        self.port = free_port()
        config = pathlib.Path(self.folder.name, "config.yaml")
        config.write_text(CONFIG.format(port=self.port, next=next_port, compression=compression), encoding="utf-8")
        self.process = subprocess.Popen(
            [COLLECTOR, "--config", f"file:{config}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.url = f"http://127.0.0.1:{self.port}"
        self.lines = []
        for line in self.process.stdout:
            self.lines.append(line)
            if "Everything is ready" in line:
                break
        else:
            raise AssertionError("the Collector did not start:\n" + "".join(self.lines))
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout))
        self.reader.start()

    def stop(self):
        """Drains it; all that it said."""
        self.process.terminate()
        code = self.process.wait()
        self.reader.join()
        text = "".join(self.lines)
        if code != 0:
            raise AssertionError(f"the Collector ended with {code}:\n{text}")
        return text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        self.folder.cleanup()


class CollectorTest(unittest.TestCase):
    def check_said(self, said, printed):
        """The debug exporter's own words for what sender.cc set."""
        for _, trace_id, span_id in map(str.split, printed.splitlines()):
            self.assertRegex(said, f"Trace ID *: {trace_id}")
            self.assertRegex(said, f"\\bID *: {span_id}")
        for text in (
            "Name           : child ✓",
            "TraceState     : vendor=1,other=t61rcWkgMzE",
            "Status message : boom: grüße",
            "-> string: Str(grüße 👋)",
            "-> int max: Int(9223372036854775807)",
            "-> double: Double(0.1)",
            "-> bools: Slice([true,false])",
            "-> nothing: Empty()",
            '-> map: Map({"deep":[],"inner":"x"})',
            "InstrumentationScope interop.sender 1.2.3",
            "-> telemetry.sdk.name: Str(nanospan)",
            "-> service.name: Str(sender)",
        ):
            self.assertIn(text, said)

    def test_it_receives_from_our_sdk_and_sends_to_our_gateway(self):
        for compression in ("none", "gzip"):
            with self.subTest(compression), Gateway(KEEP) as gateway:
                with Collector(gateway.ports["receiver"], compression) as collector:
                    printed = send(self, collector.url, compression)
                    said = collector.stop()
                sent_spans.check(self, printed, stop_and_read(self, gateway, sent_spans.COUNT))
                self.check_said(said, printed)

    def test_it_receives_from_our_gateway(self):
        with Gateway(KEEP) as last, Collector(last.ports["receiver"], "gzip") as collector:
            for compression in ("none", "gzip"):
                config = forwarding(collector.port).replace("compression: none", f"compression: {compression}")
                with Gateway(config) as gateway:
                    printed = send(self, f"http://127.0.0.1:{gateway.ports['receiver']}", "gzip")
                    gateway.signal()
                    self.assertEqual(gateway.wait(), 0)
                    self.assertNotIn("failed", gateway.text())
            said = collector.stop()
            self.check_said(said, printed)
            arrived = stop_and_read(self, last, 2 * sent_spans.COUNT)
            wanted = {bytes.fromhex(line.split()[2]) for line in printed.splitlines()}
            sent_spans.check(self, printed, {k: v for k, v in arrived.items() if k in wanted})


if __name__ == "__main__":
    main()
