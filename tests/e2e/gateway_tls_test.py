#!/usr/bin/env python3
"""TLS in the gateway with curl and Python's ssl as peers: certificates of servers and clients, wrong and expired ones,
new ones while it runs, and clients that speak no TLS."""

import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest

from certificates import Authority
from gateway_harness import Backend, Gateway, main, request_with

CURL = shutil.which("curl")
REQUEST = request_with([f"n-{i:06}" for i in range(3)])


def keeping(folder, tls):
    """Receives with these `tls` keys on both protocols, and keeps traces."""
    return f"""
receivers:
  otlp:
    protocols:
      http: {{endpoint: "127.0.0.1:0", tls: {tls}}}
      grpc: {{endpoint: "127.0.0.1:0", tls: {tls}}}
exporters:
  file: {{path: {folder}/traces.jsonl}}
service:
  telemetry: {{metrics: {{address: "127.0.0.1:0"}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [file]}}
"""


def sending(port, tls):
    """Receives plainly and forwards to an https backend; its sender waits for the result, and there is no retry."""
    return f"""
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:0"}}}}}}
exporters:
  otlp_http:
    endpoint: https://localhost:{port}
    compression: none
    tls: {tls}
    sending_queue: {{wait_for_result: true}}
    retry_on_failure: {{enabled: false}}
service:
  telemetry: {{metrics: {{address: "127.0.0.1:0"}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [otlp_http]}}
"""


class Tls(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.ca, self.other = Authority(folder.name), Authority(folder.name, "other")
        for name in ("server", "client"):
            self.ca.sign(name)
        self.other.sign("stranger")
        self.pair = f"cert_file: {self.ca.path('server.pem')}, key_file: {self.ca.path('server.key')}"
        self.mutual = f"{self.pair}, client_ca_file: {self.ca.path('ca.pem')}"
        own = f"cert_file: {self.ca.path('client.pem')}, key_file: {self.ca.path('client.key')}"
        self.client = f"{{ca_file: {self.ca.path('ca.pem')}, {own}}}"
        self.folder = folder.name

    def curl(self, gateway, *options, scheme="https"):
        """The status, or "exit N"."""
        body = pathlib.Path(self.folder, "body")
        body.write_bytes(REQUEST)
        done = subprocess.run(
            [CURL, "-s", "-o", "/dev/null", "-w", "%{http_code} %{http_version}", "--cacert", self.ca.path("ca.pem"),
             "-H", "Content-Type: application/x-protobuf", "--data-binary", f"@{body}", *options,
             f"{scheme}://127.0.0.1:{gateway.ports['receiver']}/v1/traces"],
            capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else f"exit {done.returncode}"

    def identity(self, name):
        return "--cert", self.ca.path(f"{name}.pem"), "--key", self.ca.path(f"{name}.key")

    def connect(self, gateway):
        """A connection that stays; its certificate."""
        context = ssl.create_default_context(cafile=self.ca.path("ca.pem"))
        plain = socket.create_connection(("127.0.0.1", gateway.ports["receiver"]))
        connection = context.wrap_socket(plain, server_hostname="localhost")
        self.addCleanup(connection.close)
        return connection, connection.getpeercert(binary_form=True)

    def post_on(self, connection):
        head = "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
        connection.sendall(f"{head}Content-Length: {len(REQUEST)}\r\n\r\n".encode() + REQUEST)
        return connection.recv(4096).split(b"\r\n")[0]

    @unittest.skipUnless(CURL, "no curl")
    def test_http1_and_http2_by_alpn(self):
        with Gateway(keeping(self.folder, f"{{{self.pair}}}")) as gateway:
            self.assertEqual(self.curl(gateway, "--http1.1"), "200 1.1")
            self.assertEqual(self.curl(gateway, "--http2"), "200 2")
            self.assertEqual(gateway.metric("nanospan_receiver_tls_handshake_failures"), 0)

    @unittest.skipUnless(CURL, "no curl")
    def test_clients_need_a_certificate_of_the_authority(self):
        with Gateway(keeping(self.folder, f"{{{self.mutual}}}")) as gateway:
            self.assertEqual(self.curl(gateway, *self.identity("client")), "200 2")
            self.assertRegex(self.curl(gateway), "exit")
            self.assertRegex(self.curl(gateway, *self.identity("stranger")), "exit")
            failures = 'nanospan_receiver_tls_handshake_failures{receiver="otlp",transport="http"}'
            gateway.wait_until(lambda: gateway.metric(failures) == 2)
            self.assertTrue(gateway.wait_for_line("the client shows no certificate"))
            self.assertEqual(gateway.metric("otelcol_receiver_accepted_spans"), 3)

    @unittest.skipUnless(CURL, "no curl")
    def test_an_old_version_is_refused(self):
        with Gateway(keeping(self.folder, f'{{{self.pair}, min_version: "1.3"}}')) as gateway:
            self.assertRegex(self.curl(gateway, "--tls-max", "1.2"), "exit")
            self.assertTrue(gateway.wait_for_line("no TLS version in common with the peer; see min_version"))
            self.assertEqual(self.curl(gateway), "200 2")

    @unittest.skipUnless(CURL, "no curl")
    def test_a_plain_client_is_told(self):
        with Gateway(keeping(self.folder, f"{{{self.pair}}}")) as gateway:
            self.assertRegex(self.curl(gateway, scheme="http"), "^400")
            self.assertTrue(gateway.wait_for_line("http: TLS: the client does not speak TLS; use https"))
            self.assertEqual(gateway.metric("nanospan_receiver_tls_handshake_failures"), 1)

    def test_a_new_certificate_while_connections_stay(self):
        with Gateway(keeping(self.folder, f"{{{self.pair}, reload_interval: 1ms}}")) as gateway:
            old, certificate = self.connect(gateway)
            self.assertIn(b"200", self.post_on(old))
            self.ca.sign("server")
            gateway.wait_until(lambda: self.connect(gateway)[1] != certificate)
            self.assertIn(b"200", self.post_on(old))

    def backend(self, certificate, authority=None):
        """An https backend with this certificate of the server's key; it asks for one of `authority`, if given."""
        backend = Backend()
        self.addCleanup(backend.kill)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca.path(certificate), self.ca.path("server.key"))
        if authority:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca.path(authority))
        backend.server.socket = context.wrap_socket(
            backend.server.socket, server_side=True, do_handshake_on_connect=False
        )
        return backend

    def test_an_exporter_trusts_its_authority_only(self):
        backend = self.backend("server.pem")
        with Gateway(sending(backend.port, f"{{ca_file: {self.ca.path('ca.pem')}}}")) as gateway:
            self.assertEqual(gateway.post(REQUEST), 200)
        self.assertEqual(len(backend.received), 3)
        with Gateway(sending(backend.port, f"{{ca_file: {self.ca.path('other.pem')}}}")) as gateway:
            self.assertEqual(gateway.post(REQUEST), 503)
            self.assertTrue(gateway.wait_for_line("comes from an authority that is not trusted here"))
        with Gateway(sending(backend.port, "{insecure_skip_verify: true}")) as gateway:
            self.assertEqual(gateway.post(REQUEST), 200)

    def test_an_expired_certificate(self):
        self.ca.openssl(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -set_serial 7 -days -1 -extfile ext -out expired.pem"
        )
        backend = self.backend("expired.pem")
        with Gateway(sending(backend.port, f"{{ca_file: {self.ca.path('ca.pem')}}}")) as gateway:
            self.assertEqual(gateway.post(REQUEST), 503)
            self.assertTrue(gateway.wait_for_line("expired"))
        self.assertEqual(backend.received, [])

    def test_an_exporter_shows_its_certificate(self):
        backend = self.backend("server.pem", authority="ca.pem")
        with Gateway(sending(backend.port, self.client)) as gateway:
            self.assertEqual(gateway.post(REQUEST), 200)
        with Gateway(sending(backend.port, f"{{ca_file: {self.ca.path('ca.pem')}}}")) as gateway:
            self.assertEqual(gateway.post(REQUEST), 503)

    def test_gateway_to_gateway_over_grpc(self):
        with Gateway(keeping(self.folder, f"{{{self.mutual}}}")) as far:
            config = sending(0, self.client).replace("otlp_http", "otlp_grpc")
            config = config.replace("https://localhost:0", f"localhost:{far.ports['grpc']}")
            with Gateway(config) as near:
                self.assertEqual(near.post(REQUEST), 200)
            self.assertEqual(far.metric('otelcol_receiver_accepted_spans{receiver="otlp",transport="grpc"}'), 3)
            with Gateway(config.replace(self.client, "{insecure: true}")) as near:
                self.assertEqual(near.post(REQUEST), 503)
            self.assertTrue(far.wait_for_line("grpc: TLS: the client does not speak TLS"))


if __name__ == "__main__":
    main()
