#!/usr/bin/env python3
"""What our SDK puts on the wire, decoded by libprotobuf with the official messages and compared field by field."""

import gzip
import os
import pathlib
import subprocess
import sys
import unittest

import peers

peers.enter_python()

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: E402

import sent_spans  # noqa: E402
from gateway_harness import Gateway, main  # noqa: E402
from http_receiver import receiver  # noqa: E402
from otlp_messages import KEEP, spans_of, stop_and_read  # noqa: E402

SENDER = pathlib.Path(sys.argv[2]).resolve()


def run(endpoint, compression, protocol, variables):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol
    environment |= {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_COMPRESSION": compression} | variables
    return subprocess.run([SENDER], env=environment, capture_output=True, text=True)


def send(test, endpoint, compression, protocol="http/protobuf", **variables):
    """The sender's output, once it has delivered all it has; `variables` of its environment, besides."""
    done = run(endpoint, compression, protocol, variables)
    # trace/sdk.md "Span Limits": what a span had to discard is said, once.
    test.assertRegex(done.stderr, r'\Ananospan: span: span "limits" lost 2 attributes .*, 3 events .*, 2 links .*\n\Z')
    test.assertEqual(done.returncode, 0)
    return done.stdout


def check_sending_fails(test, endpoint, protocol, words, **variables):
    """The sender loses what it has, and says `words` and the count."""
    done = run(endpoint, "none", protocol, variables)
    test.assertEqual(done.returncode, 1)
    test.assertIn(words, done.stderr)
    test.assertIn(f"{sent_spans.COUNT} of {sent_spans.COUNT} spans were lost: export_failed", done.stderr)


class PythonDecodes(unittest.TestCase):
    def check_body(self, compression, encoding):
        requests = []
        with receiver(lambda *request: requests.append(request)) as url:
            printed = send(self, url, compression)
        messages = []
        for path, headers, body in requests:
            self.assertEqual((path, headers["Content-Type"]), ("/v1/traces", "application/x-protobuf"))
            self.assertEqual(headers["Content-Encoding"], encoding)
            self.assertRegex(headers["User-Agent"], r"^OTel-OTLP-Exporter-Cpp/\d+\.\d+\.\d+")
            content = gzip.decompress(body) if encoding else body
            messages.append(ExportTraceServiceRequest.FromString(content))
            # What libprotobuf does not know it keeps, and would write again: nothing of ours is unknown to it.
            self.assertEqual(len(messages[-1].SerializeToString()), len(content))
        sent_spans.check(self, printed, spans_of(messages))

    def test_protobuf(self):
        self.check_body("none", None)

    def test_protobuf_with_gzip(self):
        self.check_body("gzip", "gzip")

    def test_our_own_gateway_keeps_the_same(self):
        for compression in ("none", "gzip"):
            with self.subTest(compression), Gateway(KEEP) as gateway:
                printed = send(self, f"http://127.0.0.1:{gateway.ports['receiver']}", compression)
                sent_spans.check(self, printed, stop_and_read(self, gateway, sent_spans.COUNT))


if __name__ == "__main__":
    main()
