#!/usr/bin/env python3
"""The OpenTelemetry Collector receives from our SDK, says what it got, and sends it on to our gateway unchanged; and
our gateway, as a user puts it in between, sends to the Collector."""

import itertools
import unittest

import peers

peers.enter_python()

import sent_spans  # noqa: E402
from collector import Collector  # noqa: E402
from gateway_harness import Gateway, forwarding, main  # noqa: E402
from otlp_messages import BOTH, stop_and_read  # noqa: E402
from ports import free_port  # noqa: E402
from python_decodes_test import send  # noqa: E402

CONFIG = """
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{http}"}}, grpc: {{endpoint: "127.0.0.1:{grpc}"}}}}}}
exporters:
  debug: {{verbosity: detailed}}
  otlphttp: {{endpoint: "http://127.0.0.1:{next}", compression: {compression}}}
  otlp: {{endpoint: "127.0.0.1:{next}", compression: {compression}, tls: {{insecure: true}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [debug, {exporter}]}}
"""
# How our SDK, the Collector and our gateway call it, and the port of a gateway of ours.
CODINGS = ("none", "gzip", "zstd", "snappy")
PROTOCOLS = {"http/protobuf": ("otlphttp", "receiver"), "grpc": ("otlp", "grpc")}
TO_COLLECTOR_BY_GRPC = """
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}
exporters:
  otlp: {endpoint: "127.0.0.1:%d", compression: none, tls: {insecure: true}}
service:
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines: {traces: {receivers: [otlp], exporters: [otlp]}}
"""


class Saying(Collector):
    """Says what it gets and sends it to `gateway`."""

    def __init__(self, gateway, compression, protocol):
        exporter, port = PROTOCOLS[protocol]
        self.ports = {"http/protobuf": free_port(), "grpc": free_port()}
        ports = {"http": self.ports["http/protobuf"], "grpc": self.ports["grpc"], "next": gateway.ports[port]}
        super().__init__(CONFIG.format(**ports, exporter=exporter, compression=compression))


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
        for protocol, compression in itertools.product(PROTOCOLS, CODINGS):
            with self.subTest(protocol=protocol, compression=compression), Gateway(BOTH) as gateway:
                with Saying(gateway, compression, protocol) as collector:
                    endpoint = f"http://127.0.0.1:{collector.ports[protocol]}"
                    printed = send(self, endpoint, compression, protocol)
                    said = collector.stop()
                sent_spans.check(self, printed, stop_and_read(self, gateway, sent_spans.COUNT))
                self.check_said(said, printed)

    def test_it_receives_from_our_gateway(self):
        with Gateway(BOTH) as last, Saying(last, "gzip", "http/protobuf") as collector:
            configs = [forwarding(collector.ports["http/protobuf"]), TO_COLLECTOR_BY_GRPC % collector.ports["grpc"]]
            for config, compression in itertools.product(configs, CODINGS):
                with Gateway(config.replace("compression: none", f"compression: {compression}")) as gateway:
                    printed = send(self, f"http://127.0.0.1:{gateway.ports['receiver']}", "gzip")
                    gateway.signal()
                    self.assertEqual(gateway.wait(), 0)
                    self.assertNotIn("failed", gateway.text())
            said = collector.stop()
            self.check_said(said, printed)
            arrived = stop_and_read(self, last, len(configs) * len(CODINGS) * sent_spans.COUNT)
            wanted = {bytes.fromhex(line.split()[2]) for line in printed.splitlines()}
            sent_spans.check(self, printed, {k: v for k, v in arrived.items() if k in wanted})


if __name__ == "__main__":
    main()
