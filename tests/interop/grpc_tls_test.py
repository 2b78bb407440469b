#!/usr/bin/env python3
"""gRPC over TLS with grpcio and the Python SDK as the peers: mutual TLS and bearer tokens, both ways."""

import pathlib
import tempfile
import unittest

import peers

peers.enter_python()

import grpc  # noqa: E402
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: E402
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402
from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: E402

from certificates import Authority  # noqa: E402
from gateway_harness import Gateway, main, request_with  # noqa: E402
from grpc_server import Server, serving  # noqa: E402

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


class GrpcTls(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.ca = Authority(folder.name)
        self.ca.sign("server")
        self.ca.sign("client")

    def read(self, name):
        return pathlib.Path(self.ca.path(name)).read_bytes()

    def pair(self, name):
        return f"cert_file: {self.ca.path(name + '.pem')}, key_file: {self.ca.path(name + '.key')}"

    def receiving(self):
        tls = f"{{{self.pair('server')}, client_ca_file: {self.ca.path('ca.pem')}}}"
        keys = f"endpoint: '127.0.0.1:0', tls: {tls}, auth: {{authenticator: bearertokenauth}}"
        return self.config(f"{{grpc: {{{keys}}}}}", "file: {path: traces.jsonl}")

    def sending(self, port):
        tls = f"{{ca_file: {self.ca.path('ca.pem')}, {self.pair('client')}}}"
        keys = f"endpoint: 'localhost:{port}', tls: {tls}, auth: {{authenticator: bearertokenauth}}"
        queue = "sending_queue: {wait_for_result: true}, retry_on_failure: {enabled: false}"
        return self.config("{http: {endpoint: '127.0.0.1:0'}}", f"otlp: {{{keys}, {queue}}}")

    def config(self, protocols, exporter):
        return f"""
receivers:
  otlp: {{protocols: {protocols}}}
exporters:
  {exporter}
extensions:
  bearertokenauth: {{token: s3cret}}
service:
  extensions: [bearertokenauth]
  telemetry: {{metrics: {{address: "127.0.0.1:0"}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [{exporter.partition(":")[0]}]}}
"""

    def credentials(self, name="client"):
        return grpc.ssl_channel_credentials(self.read("ca.pem"), self.read(f"{name}.key"), self.read(f"{name}.pem"))

    def test_the_python_sdk_exports_with_a_certificate_and_a_token(self):
        with Gateway(self.receiving()) as gateway:
            exporter = OTLPSpanExporter(
                f"https://localhost:{gateway.ports['grpc']}",
                credentials=self.credentials(),
                headers={"authorization": "Bearer s3cret"},
            )
            provider = TracerProvider()
            provider.add_span_processor(BatchSpanProcessor(exporter))
            for _ in range(1000):
                provider.get_tracer("interop").start_span("one").end()
            provider.shutdown()
            self.assertEqual(gateway.metric("otelcol_receiver_accepted_spans"), 1000)
            self.assertEqual(gateway.metric("nanospan_receiver_tls_handshake_failures"), 0)

    def test_strangers_are_told(self):
        with Gateway(self.receiving()) as gateway:
            address = f"localhost:{gateway.ports['grpc']}"
            with grpc.secure_channel(address, self.credentials()) as channel:
                call = channel.unary_unary(EXPORT)
                self.assertEqual(call(request_with(["x"]), metadata=[("authorization", "Bearer s3cret")]), b"")
                with self.assertRaises(grpc.RpcError) as caught:
                    call(request_with(["x"]), timeout=30)
                self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAUTHENTICATED)
                self.assertIn("missing or empty authorization header", caught.exception.details())
            without = grpc.ssl_channel_credentials(self.read("ca.pem"))
            for channel in (grpc.secure_channel(address, without), grpc.insecure_channel(address)):
                with channel, self.assertRaises(grpc.RpcError) as caught:
                    channel.unary_unary(EXPORT)(request_with(["x"]), timeout=30)
                self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
            self.assertTrue(gateway.wait_for_line("grpc: TLS: the client shows no certificate"))
            # Counted when the connection is over, a moment after the client was told.
            gateway.wait_until(lambda: gateway.metric("nanospan_receiver_tls_handshake_failures") >= 2)

    def test_our_gateway_exports_to_grpc_of_c_core(self):
        server = Server()
        pair = [(self.read("server.key"), self.read("server.pem"))]
        credentials = grpc.ssl_server_credentials(pair, self.read("ca.pem"), require_client_auth=True)
        with serving(server, credentials) as port:
            with Gateway(self.sending(port)) as gateway:
                self.assertEqual(gateway.post(request_with(["one", "two"])), 200)
            self.assertEqual(server.metadata[0]["authorization"], "Bearer s3cret")
            with Gateway(self.sending(port).replace(self.pair("client"), "reload_interval: 1h")) as gateway:
                self.assertEqual(gateway.post(request_with(["three"])), 503)
                self.assertTrue(gateway.wait_for_line("it asked for a client certificate and got none"))
        self.assertEqual(len(server.requests), 1)


if __name__ == "__main__":
    main()
