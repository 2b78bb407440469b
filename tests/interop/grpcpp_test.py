#!/usr/bin/env python3
"""grpc++, C++'s official gRPC: its calls to our gateway, and our gateway's and our SDK's calls to its server."""

import subprocess
import unittest

import peers

peers.enter_python()

import peer_server  # noqa: E402
from gateway_harness import Gateway, main, request_with  # noqa: E402
from otlp_messages import BOTH, stop_and_read  # noqa: E402

PEER = peers.require_program("grpcpp")
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


class GrpcPlusPlus(unittest.TestCase):
    def call(self, gateway, message, compression="none", count=1, method=EXPORT):
        command = [PEER, "call", f"127.0.0.1:{gateway.ports['grpc']}", method, compression, str(count)]
        done = subprocess.run(command, input=message, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode().splitlines()

    def test_it_calls_our_gateway(self):
        for compression in ("none", "gzip"):
            with self.subTest(compression), Gateway(BOTH) as gateway:
                names = [f"span {i}" for i in range(3000)]
                self.assertEqual(self.call(gateway, request_with(names), compression), ["0 1 "])
                arrived = stop_and_read(self, gateway, len(names))
                self.assertEqual(sorted(s[3].name for s in arrived.values()), sorted(names))

    def test_many_of_its_calls_share_a_connection(self):
        with Gateway(BOTH) as gateway:
            self.assertEqual(self.call(gateway, request_with(["one"]), count=500), ["0 500 "])
            self.assertEqual(gateway.metric("otelcol_receiver_accepted_spans"), 500)

    def test_it_understands_our_refusals(self):
        with Gateway(BOTH) as gateway:
            for message, compression, method, code, words in (
                (b"\x0a\xff", "none", EXPORT, "3", "is not an ExportTraceServiceRequest"),
                (b"x" * (5 << 20), "none", EXPORT, "8", "max_recv_msg_size_mib"),
                (b"", "none", "/other.Service/Method", "12", "other.Service"),
                (request_with(["x"] * 100), "deflate", EXPORT, "12", "send identity,gzip"),
            ):
                (answer,) = self.call(gateway, message, compression, method=method)
                self.assertEqual(answer.split()[0], code, answer)
                self.assertIn(words, answer)
            self.assertEqual(self.call(gateway, request_with(["good"])), ["0 1 "])

    def test_our_gateway_calls_it(self):
        peer_server.check_our_gateway(self, PEER, ("none", "gzip"))

    def test_our_sdk_calls_it(self):
        peer_server.check_our_sdk(self, PEER)


if __name__ == "__main__":
    main()
