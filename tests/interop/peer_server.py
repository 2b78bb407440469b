"""A gRPC server of others that writes down what it gets: `PROGRAM serve FILE` of peers/grpcpp and peers/tonic, and what
our gateway and our SDK send to it."""

import pathlib
import subprocess
import tempfile

import sent_spans
from gateway_harness import Gateway, request_with
from otlp_messages import requests_of_frames, spans_of
from python_decodes_test import check_sending_fails, send

# A gateway that forwards over gRPC to a port, compressed.
TO_IT = """
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:0"}, http: {endpoint: "127.0.0.1:0"}}}
exporters:
  otlp: {endpoint: "127.0.0.1:%d", compression: %s, tls: {%s}, sending_queue: {wait_for_result: true}}
service:
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines: {traces: {receivers: [otlp], exporters: [otlp]}}
"""


class PeerServer:
    """Serving; stop() gives the messages that it got. `tls_files` are further words of its command line."""

    def __init__(self, program, tls_files=(), stderr=None):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name, "messages")
        self.process = subprocess.Popen(
            [program, "serve", self.path, *tls_files],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        self.port = int(self.process.stdout.readline().split()[1])

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        return requests_of_frames(self.path.read_bytes())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        if self.process.stderr:
            self.process.stderr.close()
        self.folder.cleanup()


def check_our_gateway(test, program, compressions, tls_files=(), tls="insecure: true"):
    for compression in compressions:
        with test.subTest(compression), PeerServer(program, tls_files) as server:
            names = [f"span {i}" for i in range(3000)]
            with Gateway(TO_IT % (server.port, compression, tls)) as gateway:
                test.assertEqual(gateway.post(request_with(names)), 200)
            test.assertEqual(sorted(s[3].name for s in spans_of(server.stop()).values()), sorted(names))


def check_our_gateway_is_refused(test, program, tls_files, tls, words):
    """The client certificate of `tls` is refused, and our gateway says `words`; what the peer said of it."""
    with PeerServer(program, tls_files, stderr=subprocess.PIPE) as server:
        config = TO_IT % (server.port, "none", tls)
        with Gateway(config.replace("sending_queue", "retry_on_failure: {enabled: false}, sending_queue")) as gateway:
            test.assertEqual(gateway.post(request_with(["one"])), 503)
            test.assertTrue(gateway.wait_for_line(words))
        test.assertEqual(server.stop(), [])
        return server.process.stderr.read()


def check_our_sdk_is_refused(test, program, tls_files, variables, words):
    with PeerServer(program, tls_files, stderr=subprocess.PIPE) as server:
        check_sending_fails(test, f"https://127.0.0.1:{server.port}", "grpc", words, **variables)
        test.assertEqual(server.stop(), [])
        return server.process.stderr.read()


def check_our_sdk(test, program, tls_files=(), scheme="http", **variables):
    for compression in ("none", "gzip"):
        with test.subTest(compression), PeerServer(program, tls_files) as server:
            printed = send(test, f"{scheme}://127.0.0.1:{server.port}", compression, "grpc", **variables)
            sent_spans.check(test, printed, spans_of(server.stop()))
