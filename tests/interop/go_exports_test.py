#!/usr/bin/env python3
"""The OpenTelemetry SDK for Go exports to our gateway, over HTTP and gRPC, plain and over TLS; every span arrives with
what was set."""

import os
import subprocess
import unittest

import peers

peers.enter_python()

import exported_spans  # noqa: E402
from gateway_harness import Gateway, main  # noqa: E402
from otlp_messages import BOTH, stop_and_read  # noqa: E402
from tls_files import FORGED_IN_OUR_WORDS, TlsFiles  # noqa: E402

SENDER = peers.require_program("go_sender")


class GoExports(unittest.TestCase):
    def send(self, gateway, protocol, compression="none", count=exported_spans.COUNT, scheme="http", **variables):
        port, path = (gateway.ports["grpc"], "") if protocol == "grpc" else (gateway.ports["receiver"], "/v1/traces")
        command = [SENDER, protocol, f"{scheme}://127.0.0.1:{port}{path}", compression, str(count)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")} | variables
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    def check_all_arrive(self, protocol, compression, config=BOTH, scheme="http", **variables):
        with Gateway(config) as gateway:
            done = self.send(gateway, protocol, compression, scheme=scheme, **variables)
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

    def test_over_tls_and_mutual_tls(self):
        files = TlsFiles(self)
        for protocol in ("http", "grpc"):
            with self.subTest("TLS", protocol=protocol):
                self.check_all_arrive(protocol, "gzip", files.over_tls(BOTH, False), "https", **files.variables())
            with self.subTest("mutual TLS", protocol=protocol):
                variables = files.variables("client")
                self.check_all_arrive(protocol, "gzip", files.over_tls(BOTH, True), "https", **variables)

    def test_a_wrong_client_certificate_is_refused_and_both_say_so(self):
        files = TlsFiles(self)
        for protocol in ("http", "grpc"):
            for name, ours, theirs in (
                (None, "the client shows no certificate", "tls: certificate required"),
                ("forged", FORGED_IN_OUR_WORDS, "tls: unknown certificate authority"),
            ):
                with self.subTest(protocol, name=name), Gateway(files.over_tls(BOTH, True)) as gateway:
                    done = self.send(gateway, protocol, count=1, scheme="https", **files.variables(name))
                    self.assertEqual(done.returncode, 1)
                    self.assertIn(theirs, done.stderr)
                    self.assertTrue(gateway.wait_for_line(f"{protocol}: TLS: {ours}"))
                    failures = f'nanospan_receiver_tls_handshake_failures{{receiver="otlp",transport="{protocol}"}}'
                    gateway.wait_until(lambda: gateway.metric(failures) >= 1)
                    self.assertEqual(gateway.metric("otelcol_receiver_accepted_spans"), 0)


if __name__ == "__main__":
    main()
