#!/usr/bin/env python3
"""The extension `basicauth` of the OpenTelemetry Collector and ours let the same requests in, over HTTP and gRPC, and
each is let in by the other. (Version 0.155 of the extension, in a Collector 0.165: not all of the modules that later
ones need can be had.)
"""

import base64
import http.client
import itertools
import unittest

import peers

peers.enter_python()

import grpc  # noqa: E402

from collector import Collector  # noqa: E402
from gateway_harness import Gateway, main, request_with  # noqa: E402
from ports import free_port  # noqa: E402
from tls_files import TlsFiles  # noqa: E402

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
# Of "secret", as htpasswd writes it. (Of its other kinds, MD5 and SHA-1, we refuse the file: they protect nothing.)
HASHES = {
    "bcrypt": "$2b$04$RVLL.HI35TSChY6zndKCaOo9UbLhkf8.06OjDQTT.w3tI.Zl39SbC",
    "plain": "secret",
}
USERS = "".join(f"        {name}:{secret}\n" for name, secret in HASHES.items())
CONFIG = """
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{grpc}", auth: {{authenticator: basicauth/in}}{tls}}}
      http: {{endpoint: "127.0.0.1:{http}", auth: {{authenticator: basicauth/in}}{tls}}}
  otlp/open: {{protocols: {{http: {{endpoint: "127.0.0.1:{open}"}}}}}}
exporters:
  nop:
  {exporter}:
    endpoint: "https://127.0.0.1:{to}"
    tls: {{{client}}}
    auth: {{authenticator: basicauth/out}}
    sending_queue: {{wait_for_result: true}}
    retry_on_failure: {{enabled: false}}
extensions:
  basicauth/in:
    htpasswd:
      inline: |
{users}
  basicauth/out: {{client_auth: {{username: bcrypt, password: {password}}}}}
service:
  extensions: [basicauth/in, basicauth/out]
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    traces/in: {{receivers: [otlp], exporters: [nop]}}
    traces/out: {{receivers: [otlp/open], exporters: [{exporter}]}}
"""


def basic(text, scheme="Basic"):
    return f"{scheme} {base64.b64encode(text.encode()).decode()}"


CREDENTIALS = [None, "", "Basic", "Basic ", "Basic %%%", basic("bcrypt"), basic(""), basic(":"), basic("bcrypt:")]
CREDENTIALS += [basic(f"{name}:{password}") for name, password in itertools.product(HASHES, ("secret", "Secret", "s"))]
CREDENTIALS += [basic("nobody:secret"), basic("bcrypt:secret:more"), basic("bcrypt:secret", "basic"), "Bearer secret"]
CREDENTIALS += [basic("bcrypt:secret", "BASIC"), basic("bcrypt:secret") + " ", basic("plain:secret").rstrip("=")]


def running(run, files, over_tls=False, exporter="otlp", to=1, password="secret"):
    """A gateway of theirs or ours that knows HASHES, and sends over TLS what comes to `open` to the port `to`."""
    ports = {"grpc": free_port(), "http": free_port(), "open": free_port()}
    tls = f", tls: {{{files.server(False)}}}" if over_tls else ""
    keys = {"tls": tls, "client": files.client(), "users": USERS, "password": password}
    program = run(CONFIG.format(exporter=exporter, to=to, **keys, **ports))
    program.at = ports
    return program


def by_http(port, credentials):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/x-protobuf"}
    if credentials is not None:
        headers["Authorization"] = credentials
    connection.request("POST", "/v1/traces", request_with(["one"]), headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


def by_grpc(port, credentials):
    metadata = [] if credentials is None else [("authorization", credentials)]
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            channel.unary_unary(EXPORT)(request_with(["one"]), metadata=metadata, timeout=60)
        except grpc.RpcError as error:
            return error.code().name
        return "OK"


class BasicAuthDifferential(unittest.TestCase):
    def test_the_same_requests_are_let_in(self):
        files = TlsFiles(self)
        with running(Gateway, files) as ours, running(Collector, files) as theirs:
            let_in = {200: 0, "OK": 0}
            for credentials in CREDENTIALS:
                with self.subTest(credentials):
                    expected = by_http(theirs.at["http"], credentials), by_grpc(theirs.at["grpc"], credentials)
                    if credentials is not None and credentials.endswith(" "):
                        # In HTTP/2 such a value is malformed (RFC 9113, 8.2.1); grpc-go does not look.
                        expected = expected[0], "INTERNAL"
                    found = by_http(ours.at["http"], credentials), by_grpc(ours.at["grpc"], credentials)
                    self.assertEqual(found, expected)
                    for answer in found:
                        let_in[answer] = let_in.get(answer, 0) + 1
            self.assertGreaterEqual(let_in[200], len(HASHES))
            self.assertGreaterEqual(let_in["OK"], len(HASHES))
            self.assertGreater(let_in.get(401, 0), len(HASHES))

    def test_each_is_let_in_by_the_other_with_the_right_password_only(self):
        files = TlsFiles(self)
        for far, near in ((Gateway, Collector), (Collector, Gateway)):
            with running(far, files, over_tls=True) as receiver:
                for exporter, password in itertools.product(("otlp", "otlphttp"), ("secret", "wrong")):
                    to = receiver.at["grpc" if exporter == "otlp" else "http"]
                    with self.subTest(exporter=exporter, near=near.__name__, password=password):
                        with running(near, files, exporter=exporter, to=to, password=password) as sender:
                            status = by_http(sender.at["open"], None)
                            self.assertEqual(status == 200, password == "secret", status)


if __name__ == "__main__":
    main()
