#!/usr/bin/env python3
"""The OpenTelemetry SDK for Go exports to our gateway, over HTTP and gRPC; every span arrives with what was set."""

import subprocess
import unittest

import peers

peers.enter_python()

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status  # noqa: E402

from gateway_harness import Gateway, main  # noqa: E402
from otlp_messages import BOTH, stop_and_read  # noqa: E402
from sent_spans import HAS_REMOTE, RANDOM, SAMPLED, attributes  # noqa: E402

COUNT = 700  # roots, each with a child: more than two of the SDK's batches of 512
SENDER = peers.require_program("go_sender")


class GoExports(unittest.TestCase):
    def check_child(self, span, index):
        expected = {"index": index, "text": "grüße", "flag": index % 2 == 0, "ratio": 0.5, "list": [1, -2]}
        self.assertEqual(list(span.attributes), attributes(expected))
        self.assertEqual((span.name, span.kind), (f"child {index}", Span.SPAN_KIND_INTERNAL))
        self.assertEqual(span.status, Status(code=Status.STATUS_CODE_ERROR, message="boom"))
        self.assertEqual([(e.name, list(e.attributes)) for e in span.events], [("tick", attributes({"unit": "s"}))])
        self.assertEqual([(l.trace_id, l.span_id) for l in span.links], [(span.trace_id, span.parent_span_id)])

    def check_all_arrive(self, protocol, compression):
        with Gateway(BOTH) as gateway:
            port, path = (
                (gateway.ports["grpc"], "") if protocol == "grpc" else (gateway.ports["receiver"], "/v1/traces")
            )
            command = [SENDER, protocol, f"http://127.0.0.1:{port}{path}", compression, str(COUNT)]
            done = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            arrived = stop_and_read(self, gateway, 2 * COUNT)
        roots = {}
        for trace_id, span_id, kind, index in map(str.split, done.stdout.splitlines()):
            resource, scope, _, span = arrived.pop(bytes.fromhex(span_id))
            self.assertEqual(list(resource.attributes), attributes({"service.name": "go-sender"}))
            self.assertEqual((scope.name, scope.version), ("interop.go", "1.2.3"))
            self.assertEqual(span.trace_id.hex(), trace_id)
            self.assertEqual(span.flags & ~RANDOM, SAMPLED | HAS_REMOTE)
            self.assertGreaterEqual(span.end_time_unix_nano, span.start_time_unix_nano)
            if kind == "child":
                self.check_child(span, int(index))
                self.assertEqual(roots.setdefault(index, span.parent_span_id), span.parent_span_id)
            else:
                self.assertEqual((span.name, span.kind), (f"root {index}", Span.SPAN_KIND_SERVER))
                self.assertEqual(roots.setdefault(index, span.span_id), span.span_id)
        self.assertEqual((arrived, len(roots)), ({}, COUNT))

    def test_http(self):
        self.check_all_arrive("http", "none")

    def test_http_with_gzip(self):
        self.check_all_arrive("http", "gzip")

    def test_grpc(self):
        self.check_all_arrive("grpc", "none")

    def test_grpc_with_gzip(self):
        self.check_all_arrive("grpc", "gzip")


if __name__ == "__main__":
    main()
