#!/usr/bin/env python3
"""The extensions bearertokenauth and basicauth: curl and gateways that say who they are, and those that do not."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from certificates import Authority
from gateway_harness import Backend, Gateway, main, request_with

CURL = shutil.which("curl")
REQUEST = request_with([f"n-{i:06}" for i in range(3)])
BCRYPT = "$2b$04$RVLL.HI35TSChY6zndKCaOo9UbLhkf8.06OjDQTT.w3tI.Zl39SbC"  # of "secret"


def keeping(folder, extension, keys, protocol_keys=""):
    """Receives on both protocols from those that the extension knows, and keeps traces."""
    protocol = f'{{endpoint: "127.0.0.1:0", auth: {{authenticator: {extension}}}{protocol_keys}}}'
    return f"""
receivers:
  otlp: {{protocols: {{http: {protocol}, grpc: {protocol}}}}}
exporters:
  file: {{path: {folder}/traces.jsonl}}
extensions:
  {extension}: {keys}
service:
  extensions: [{extension}]
  telemetry: {{metrics: {{address: "127.0.0.1:0"}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [file]}}
"""


def sending(exporter, extension, keys):
    """Receives from anybody and forwards as one that the far side knows; its sender waits for the result."""
    return f"""
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:0"}}}}}}
exporters:
  {exporter[:-1]}, auth: {{authenticator: {extension}}}, sending_queue: {{wait_for_result: true}}, compression: none}}
extensions:
  {extension}: {keys}
service:
  extensions: [{extension}]
  telemetry: {{metrics: {{address: "127.0.0.1:0"}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [{exporter.partition(":")[0]}]}}
"""


class Auth(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def curl(self, gateway, *options):
        """The status, and what the answer says."""
        body = self.folder / "body"
        body.write_bytes(REQUEST)
        url = f"http://127.0.0.1:{gateway.ports['receiver']}/v1/traces"
        kind = "Content-Type: application/x-protobuf"
        command = [CURL, "-s", "-i", "-H", kind, "--data-binary", f"@{body}", *options, url]
        answer = subprocess.run(command, capture_output=True, check=True).stdout.decode(errors="replace")
        return int(answer.split()[1]), answer

    @unittest.skipUnless(CURL, "no curl")
    def test_a_token_over_http(self):
        with Gateway(keeping(self.folder, "bearertokenauth", "{token: s3cret}")) as gateway:
            self.assertEqual(self.curl(gateway, "--oauth2-bearer", "s3cret")[0], 200)
            status, answer = self.curl(gateway)
            self.assertEqual(status, 401)
            self.assertIn("WWW-Authenticate: Bearer", answer)
            self.assertIn("missing or empty authorization header", answer)
            status, answer = self.curl(gateway, "--oauth2-bearer", "guess")
            self.assertEqual(status, 401)
            self.assertIn("scheme or token does not match", answer)
            self.assertEqual(self.curl(gateway, "--http2-prior-knowledge", "--oauth2-bearer", "s3cret")[0], 200)
            reason = 'nanospan_receiver_refused_requests{receiver="otlp",transport="http",reason="unauthenticated"}'
            self.assertEqual(gateway.metric(reason), 2)
            self.assertNotIn("guess", gateway.text())

    @unittest.skipUnless(CURL, "no curl")
    def test_users_over_http(self):
        users = self.folder / "users"
        users.write_text(f"alice:{BCRYPT}\nbob:plain\n")
        with Gateway(keeping(self.folder, "basicauth", f"{{htpasswd: {{file: {users}}}}}")) as gateway:
            gateway.wait_until(lambda: self.curl(gateway, "-u", "alice:secret")[0] == 200)
            self.assertEqual(self.curl(gateway, "-u", "bob:plain")[0], 200)
            self.assertEqual(self.curl(gateway, "-u", "bob:wrong")[0], 401)
            status, answer = self.curl(gateway)
            self.assertEqual(status, 401)
            self.assertIn('WWW-Authenticate: Basic realm="nanospan"', answer)

    def test_an_exporter_follows_its_token(self):
        token = self.folder / "token"
        token.write_text("one\n")
        backend = Backend()
        self.addCleanup(backend.kill)
        exporter = f"otlp_http: {{endpoint: 'http://127.0.0.1:{backend.port}'}}"
        with Gateway(sending(exporter, "bearertokenauth", f"{{filename: {token}}}")) as gateway:
            self.assertEqual(gateway.post(REQUEST), 200)
            self.assertEqual(backend.credentials.pop(), "Bearer one")
            token.write_text("two\n")
            gateway.wait_until(lambda: gateway.post(REQUEST) == 200 and backend.credentials.pop() == "Bearer two")

    def test_from_gateway_to_gateway_over_grpc(self):
        authority = Authority(self.folder)
        authority.sign("server")
        pair = f"cert_file: {authority.path('server.pem')}, key_file: {authority.path('server.key')}"
        far = keeping(self.folder, "basicauth", f"{{htpasswd: {{inline: 'alice:{BCRYPT}'}}}}".replace("$", "$$"),
                      f", tls: {{{pair}}}")
        trust = f"tls: {{ca_file: {authority.path('ca.pem')}}}"
        with Gateway(far) as receiver:
            exporter = f"otlp_grpc: {{endpoint: 'localhost:{receiver.ports['grpc']}', {trust}}}"
            keys = "{client_auth: {username: alice, password: secret}}"
            with Gateway(sending(exporter, "basicauth", keys)) as gateway:
                self.assertEqual(gateway.post(REQUEST), 200)
            with Gateway(sending(exporter, "basicauth", keys.replace("secret", "guess"))) as gateway:
                self.assertEqual(gateway.post(REQUEST), 500)
                self.assertTrue(gateway.wait_for_line("answered UNAUTHENTICATED: invalid credentials"))
            self.assertEqual(receiver.metric("otelcol_receiver_accepted_spans"), 3)

    def test_a_wrong_name_is_found_by_validate(self):
        config = self.folder / "config.yaml"
        wrong = keeping(self.folder, "basicauth", "{htpasswd: {inline: 'a:b'}}")
        config.write_text(wrong.replace("authenticator: basicauth", "authenticator: basicaut"))
        done = subprocess.run([sys.argv[1], "validate", "--config", config], capture_output=True, text=True)
        self.assertEqual(done.returncode, 3)
        self.assertIn("there is no extension \"basicaut\"; did you mean \"basicauth\"?", done.stderr)


if __name__ == "__main__":
    main()
