#!/usr/bin/env python3
"""The OpenTelemetry SDK for Go exports to our gateway, over HTTP and gRPC; every span arrives with what was set."""

import subprocess
import unittest

import peers

peers.enter_python()

import exported_spans  # noqa: E402
from gateway_harness import Gateway, main  # noqa: E402
from otlp_messages import BOTH, stop_and_read  # noqa: E402

SENDER = peers.require_program("go_sender")


class GoExports(unittest.TestCase):
    def check_all_arrive(self, protocol, compression):
        with Gateway(BOTH) as gateway:
            port, path = (
                (gateway.ports["grpc"], "") if protocol == "grpc" else (gateway.ports["receiver"], "/v1/traces")
            )
            command = [SENDER, protocol, f"http://127.0.0.1:{port}{path}", compression, str(exported_spans.COUNT)]
            done = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            arrived = stop_and_read(self, gateway, 2 * exported_spans.COUNT)
        exported_spans.check(self, done.stdout, arrived, "go-sender", "interop.go")

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
