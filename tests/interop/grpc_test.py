#!/usr/bin/env python3
"""OTLP over gRPC with the official peers for Python (grpcio is gRPC's C core): their SDK to our gateway, our SDK and
our gateway to their server; and HTTP/2 by curl and h2load."""

import os
import shutil
import struct
import subprocess
import tempfile
import unittest

import peers

peers.enter_python()

import grpc  # noqa: E402
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans  # noqa: E402
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: E402
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402

import sent_spans  # noqa: E402
from gateway_harness import Gateway, main, request_with  # noqa: E402
from grpc_server import Server, serving  # noqa: E402
from otlp_messages import BOTH, spans_of, stop_and_read  # noqa: E402
from python_decodes_test import send  # noqa: E402
from tls_files import TlsFiles  # noqa: E402

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
SPANS = 1200  # more than two of the SDK's batches of 512


class Grpc(unittest.TestCase):
    def test_the_python_sdk_exports_to_our_gateway(self):
        for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
            with self.subTest(compression), Gateway(BOTH) as gateway:
                kept = InMemorySpanExporter()
                endpoint = f"127.0.0.1:{gateway.ports['grpc']}"
                exporter = OTLPSpanExporter(endpoint, insecure=True, compression=compression)
                provider = TracerProvider()
                provider.add_span_processor(BatchSpanProcessor(exporter))
                provider.add_span_processor(SimpleSpanProcessor(kept))
                tracer = provider.get_tracer("interop", "1.2.3")
                for i in range(SPANS):
                    with tracer.start_as_current_span(f"Wurzel {i} ✓") as span:
                        span.set_attributes({"index": i, "text": "grüße", "doubles": [0.5]})
                provider.shutdown()
                arrived = stop_and_read(self, gateway, SPANS)
                self.assertEqual(arrived, spans_of([encode_spans(kept.get_finished_spans())]))

    def test_our_sdk_exports_to_grpc_of_c_core(self):
        for compression in ("none", "gzip"):
            server = Server()
            with self.subTest(compression), serving(server) as port:
                printed = send(self, f"http://127.0.0.1:{port}", compression, "grpc")
                sent_spans.check(self, printed, spans_of(server.requests))
                self.assertRegex(server.metadata[0]["user-agent"], r"^OTel-OTLP-Exporter-Cpp/")

    def test_unix_sockets_by_the_names_of_c_core(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in (f"unix:{folder}/peer.sock", f"unix://{folder}/peer.sock", f"unix-abstract:{folder}"):
                server = Server()
                with self.subTest(name), serving(server, address=name):
                    printed = send(self, name, "none", "grpc")
                    sent_spans.check(self, printed, spans_of(server.requests))
            path = f"{folder}/ours.sock"
            config = BOTH.replace('grpc: {endpoint: "127.0.0.1:0"}', f"grpc: {{endpoint: {path}, transport: unix}}")
            with Gateway(config), grpc.insecure_channel(f"unix:{path}") as channel:
                call = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
                self.assertEqual(call(b"", wait_for_ready=True, timeout=30), b"")

    def test_our_sdk_exports_to_our_gateway(self):
        with Gateway(BOTH) as gateway:
            printed = send(self, f"http://127.0.0.1:{gateway.ports['grpc']}", "gzip", "grpc")
            sent_spans.check(self, printed, stop_and_read(self, gateway, sent_spans.COUNT))

    def test_our_gateway_sends_on_to_grpc_of_c_core_and_tries_again(self):
        for compression in ("none", "gzip"):
            server = Server(refusals=2)
            with self.subTest(compression), serving(server) as port:
                exporter = f"  otlp: {{endpoint: '127.0.0.1:{port}', tls: {{insecure: true}}, "
                exporter += f"compression: {compression}, "
                exporter += "retry_on_failure: {initial_interval: 10ms}}\nservice:"
                config = BOTH.replace("service:", exporter).replace("[file, file/proto]", "[otlp]")
                with Gateway(config) as gateway:
                    self.assertEqual(gateway.post(request_with(["one", "two"])), 200)
                    gateway.wait_until(lambda: gateway.ledger("otlp")[1] == 2)
                    self.assertEqual(gateway.ledger("otlp"), [2, 2, 0, 0])
                self.assertEqual([s[3].name for s in spans_of(server.requests).values()], ["one", "two"])

    def test_statuses_reach_the_client_with_their_words(self):
        with Gateway(BOTH) as gateway, grpc.insecure_channel(f"127.0.0.1:{gateway.ports['grpc']}") as channel:
            call = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
            for message, code, words in (
                (b"\x0a\xff", grpc.StatusCode.INVALID_ARGUMENT, "is not an ExportTraceServiceRequest"),
                (b"x" * (5 << 20), grpc.StatusCode.RESOURCE_EXHAUSTED, "max_recv_msg_size_mib"),
            ):
                with self.assertRaises(grpc.RpcError) as caught:
                    call(message, timeout=30)
                self.assertEqual(caught.exception.code(), code)
                self.assertIn(words, caught.exception.details())
            with self.assertRaises(grpc.RpcError) as caught:
                channel.unary_unary("/other.Service/Method")(b"", timeout=30)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)
            self.assertEqual(call(request_with(["good"]), timeout=30), b"")

    def test_many_calls_share_a_connection(self):
        with Gateway(BOTH) as gateway, grpc.insecure_channel(f"127.0.0.1:{gateway.ports['grpc']}") as channel:
            call = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
            names = [f"span {i}" for i in range(500)]
            under_way = [call.future(request_with([name]), timeout=60) for name in names]
            self.assertEqual({future.result() for future in under_way}, {b""})
            arrived = stop_and_read(self, gateway, len(names))
            self.assertEqual(sorted(s[3].name for s in arrived.values()), sorted(names))


class Http2(unittest.TestCase):
    def test_curl(self):
        with Gateway(BOTH) as gateway, tempfile.NamedTemporaryFile() as body:
            body.write(request_with(["curl"] * 20_000))
            body.flush()
            url = f"http://127.0.0.1:{gateway.ports['receiver']}/v1/traces"
            command = ["curl", "-sS", "--http2-prior-knowledge", "-H", "Content-Type: application/x-protobuf"]
            command += ["--data-binary", f"@{body.name}", "-o", os.devnull, "-w", "%{http_version} %{http_code}", url]
            done = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual((done.stdout, done.stderr), ("2 200", ""))

    def check_h2load(self, config, port, path, content_type, body, scheme="http"):
        with Gateway(config) as gateway, tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            command = ["h2load", "-n", "3000", "-c", "10", "-m", "50", "-d", file.name]
            command += ["-H", f"content-type: {content_type}", "-H", "te: trailers"]
            command += [f"{scheme}://127.0.0.1:{gateway.ports[port]}{path}"]
            done = subprocess.run(command, capture_output=True, text=True)
            self.assertIn("3000 succeeded, 0 failed, 0 errored, 0 timeout", done.stdout)
            self.assertIn("Application protocol: h2", done.stdout)
            self.assertEqual(gateway.metric("otelcol_receiver_accepted_spans"), 3000)

    @unittest.skipUnless(shutil.which("h2load"), "h2load (package nghttp2-client) is not here")
    def test_h2load(self):
        body = request_with(["h2load"])
        framed = b"\0" + struct.pack(">I", len(body)) + body
        http = ("receiver", "/v1/traces", "application/x-protobuf", body)
        grpc_request = ("grpc", EXPORT, "application/grpc", framed)
        over_tls = TlsFiles(self).over_tls(BOTH, False)
        for request in (http, grpc_request):
            with self.subTest(request[0]):
                self.check_h2load(BOTH, *request)
            with self.subTest(f"{request[0]} over TLS"):
                self.check_h2load(over_tls, *request, "https")


if __name__ == "__main__":
    main()
