#!/usr/bin/env python3
"""grpc++, C++'s official gRPC: its calls to our gateway, and our gateway's and our SDK's calls to its server, plain,
over TLS and over mutual TLS; a wrong client certificate is refused both ways."""

import subprocess
import unittest

import peers

peers.enter_python()

import peer_server  # noqa: E402
from gateway_harness import Gateway, main, request_with  # noqa: E402
from otlp_messages import BOTH, stop_and_read  # noqa: E402
from tls_files import FORGED_IN_OUR_WORDS, TlsFiles  # noqa: E402

PEER = peers.require_program("grpcpp")
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


class GrpcPlusPlus(unittest.TestCase):
    def call(self, gateway, message, compression="none", count=1, method=EXPORT, tls_files=()):
        address = f"127.0.0.1:{gateway.ports['grpc']}"
        command = [PEER, "call", address, method, compression, str(count), *tls_files]
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

    def test_it_calls_our_gateway_over_tls_and_mutual_tls(self):
        files = TlsFiles(self)
        ca = files.path("ca.pem")
        for mutual, own in ((False, []), (True, files.pair("client"))):
            with self.subTest(mutual=mutual), Gateway(files.over_tls(BOTH, mutual)) as gateway:
                self.assertEqual(self.call(gateway, request_with(["one"]), count=100, tls_files=[ca, *own]), ["0 100 "])
                self.assertEqual(gateway.metric("otelcol_receiver_accepted_spans"), 100)
                self.assertEqual(gateway.metric("nanospan_receiver_tls_handshake_failures"), 0)

    def test_our_gateway_refuses_its_wrong_certificate_and_both_say_so(self):
        files = TlsFiles(self)
        ca = files.path("ca.pem")
        for own, words in (([], "the client shows no certificate"), (files.pair("forged"), FORGED_IN_OUR_WORDS)):
            with self.subTest(words), Gateway(files.over_tls(BOTH, True)) as gateway:
                (answer,) = self.call(gateway, request_with(["one"]), tls_files=[ca, *own])
                # Of an alert after its own part of the handshake it says no more than this.
                self.assertRegex(answer, "^14 1 failed to connect to all addresses")
                self.assertTrue(gateway.wait_for_line(f"grpc: TLS: {words}"))
                gateway.wait_until(lambda: gateway.metric("nanospan_receiver_tls_handshake_failures") >= 1)
                self.assertEqual(gateway.metric("otelcol_receiver_accepted_spans"), 0)

    def test_our_gateway_and_our_sdk_call_it_over_tls_and_mutual_tls(self):
        files = TlsFiles(self)
        for name, server in ((None, files.pair("server")), ("client", [*files.pair("server"), files.path("ca.pem")])):
            with self.subTest(name=name):
                peer_server.check_our_gateway(self, PEER, ("gzip",), server, files.client(name))
                peer_server.check_our_sdk(self, PEER, server, "https", **files.variables(name))

    def test_it_refuses_our_wrong_certificate_and_both_say_so(self):
        files = TlsFiles(self)
        server = [*files.pair("server"), files.path("ca.pem")]
        wanted = "it asked for a client certificate and"
        for name, ours, theirs in (
            (None, f"{wanted} got none", "peer did not return a certificate"),
            ("forged", f"{wanted} may not accept ours", "certificate verify failed"),
        ):
            with self.subTest(name=name):
                said = peer_server.check_our_gateway_is_refused(self, PEER, server, files.client(name), ours)
                self.assertIn(theirs, said)
                said = peer_server.check_our_sdk_is_refused(self, PEER, server, files.variables(name), ours)
                self.assertIn(theirs, said)

    def test_our_gateway_calls_it(self):
        peer_server.check_our_gateway(self, PEER, ("none", "gzip"))

    def test_our_sdk_calls_it(self):
        peer_server.check_our_sdk(self, PEER)


if __name__ == "__main__":
    main()
