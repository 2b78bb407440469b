#!/usr/bin/env python3
"""tonic, Rust's gRPC: the OpenTelemetry SDK for Rust exports over it to our gateway, plain, compressed and over TLS;
our gateway and our SDK export to a server on it, over TLS and mutual TLS as well.
"""

import subprocess
import tempfile
import unittest

import peers

peers.enter_python()

import exported_spans  # noqa: E402
import peer_server  # noqa: E402
from certificates import Authority  # noqa: E402
from gateway_harness import Gateway, main, request_with  # noqa: E402
from otlp_messages import BOTH, stop_and_read  # noqa: E402

PEER = peers.require_program("tonic")


class Tonic(unittest.TestCase):
    def check_all_arrive(self, compression, config=BOTH, scheme="http", ca=()):
        with Gateway(config) as gateway:
            url = f"{scheme}://127.0.0.1:{gateway.ports['grpc']}"
            command = [PEER, "send", url, compression, str(exported_spans.COUNT), *ca]
            done = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            arrived = stop_and_read(self, gateway, 2 * exported_spans.COUNT)
        exported_spans.check(self, done.stdout, arrived, "tonic", "interop.rust")

    def test_the_rust_sdk_exports_to_our_gateway(self):
        for compression in ("none", "gzip", "zstd"):
            with self.subTest(compression):
                self.check_all_arrive(compression)

    def test_the_rust_sdk_exports_over_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            ca = Authority(folder)
            ca.sign("server")
            tls = f"tls: {{cert_file: {ca.path('server.pem')}, key_file: {ca.path('server.key')}}}"
            grpc = 'grpc: {endpoint: "127.0.0.1:0"}'
            self.assertIn(grpc, BOTH)
            config = BOTH.replace(grpc, grpc.replace("}", f", {tls}}}"))
            self.check_all_arrive("gzip", config, "https", [ca.path("ca.pem")])

    def test_our_gateway_and_our_sdk_export_to_it_over_tls_and_mutual_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            ca = Authority(folder)
            for name in ("server", "client"):
                ca.sign(name)
            files = {name: ca.path(name) for name in ("ca.pem", "server.pem", "server.key", "client.pem", "client.key")}
            trust = f"ca_file: {files['ca.pem']}"
            mutual = f"{trust}, cert_file: {files['client.pem']}, key_file: {files['client.key']}"
            variables = {"OTEL_EXPORTER_OTLP_CERTIFICATE": files["ca.pem"]}
            server = [files["server.pem"], files["server.key"]]
            with self.subTest("TLS"):
                peer_server.check_our_gateway(self, PEER, ("zstd",), server, trust)
                peer_server.check_our_sdk(self, PEER, server, "https", **variables)
            variables["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"] = files["client.pem"]
            variables["OTEL_EXPORTER_OTLP_CLIENT_KEY"] = files["client.key"]
            server.append(files["ca.pem"])
            with self.subTest("mutual TLS"):
                peer_server.check_our_gateway(self, PEER, ("zstd",), server, mutual)
                peer_server.check_our_sdk(self, PEER, server, "https", **variables)
            with self.subTest("no certificate"), peer_server.PeerServer(PEER, server) as refusing:
                config = peer_server.TO_IT % (refusing.port, "none", trust)
                config = config.replace("sending_queue", "retry_on_failure: {enabled: false}, sending_queue")
                with Gateway(config) as gateway:
                    self.assertEqual(gateway.post(request_with(["one"])), 503)
                    self.assertTrue(gateway.wait_for_line("the server asks for a client certificate; give one"))
                self.assertEqual(refusing.stop(), [])

    def test_our_gateway_exports_to_it(self):
        peer_server.check_our_gateway(self, PEER, ("none", "gzip", "zstd"))

    def test_our_sdk_exports_to_it(self):
        peer_server.check_our_sdk(self, PEER)


if __name__ == "__main__":
    main()
