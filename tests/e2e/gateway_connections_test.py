#!/usr/bin/env python3
"""10,000 connections at rest take at most 16 KiB each (goal G13), over HTTP/1.1 and HTTP/2; each of them still answers;
and the one that is too many is said in words.
"""

import pathlib
import re
import resource
import socket
import unittest

from gateway_harness import BINARY, Gateway, main, request_with
from http2_frames import ACK, DATA, END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, frame, request_fields

CONNECTIONS = 10_000
SPARE_DESCRIPTORS = 200
CONNECTION_KIB_MAX = 16
STATUS_200 = 0x88  # RFC 7541, appendix A: index 8

CONFIG = """
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0", idle_timeout: 10m, max_connections: %d}}}
exporters:
  nop: {}
service:
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines:
    traces: {receivers: [otlp], exporters: [nop]}
""" % CONNECTIONS

BODY = request_with(["n-000001"])
HTTP1_REQUEST = (
    b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: %d\r\n\r\n"
    % len(BODY)
) + BODY
HTTP2_REQUEST = (
    frame(SETTINGS, ACK, 0)
    + frame(HEADERS, END_HEADERS, 1, request_fields(b"/v1/traces", b"application/x-protobuf"))
    + frame(DATA, END_STREAM, 1, BODY)
)
SANITIZED = re.search(rb"__[at]san_init", BINARY.read_bytes())


def resident_kib(gateway):
    """Once it no longer changes between two questions."""
    last, now = -1, 0
    while last != now:
        gateway.get("metrics", "/metrics")
        text = pathlib.Path(f"/proc/{gateway.process.pid}/status").read_text()
        last, now = now, int(re.search(r"VmRSS:\s+(\d+)", text)[1])
    return now


def http1_status(connection):
    return int(connection.recv(4096).split(b" ")[1])


def http2_status(connection):
    """200, or the first byte of the answer's header block."""
    came = b""
    while True:
        while len(came) >= 9 and len(came) >= 9 + int.from_bytes(came[:3], "big"):
            size = int.from_bytes(came[:3], "big")
            if came[3] == HEADERS:
                return 200 if came[9] == STATUS_200 else came[9]
            came = came[9 + size :]
        piece = connection.recv(4096)
        if not piece:
            return None
        came += piece


@unittest.skipIf(SANITIZED, "a sanitizer's own memory is not the gateway's")
class Connections(unittest.TestCase):
    def setUp(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < CONNECTIONS + SPARE_DESCRIPTORS:
            self.skipTest(f"at most {hard} descriptors (ulimit -n), {CONNECTIONS + SPARE_DESCRIPTORS} are needed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    def rest_and_answer(self, hello, request, status):
        with Gateway(CONFIG) as gateway:
            address = ("127.0.0.1", gateway.ports["receiver"])
            self.assertEqual(gateway.post(BODY), 200)
            gateway.wait_until(lambda: gateway.metric("nanospan_receiver_connections") == 0)
            before = resident_kib(gateway)
            connections = []
            try:
                for _ in range(CONNECTIONS):
                    connections.append(socket.create_connection(address))
                    if hello:
                        connections[-1].sendall(hello)
                        self.assertNotEqual(connections[-1].recv(4096), b"")
                gateway.wait_until(lambda: gateway.metric("nanospan_receiver_connections") == CONNECTIONS)
                each = (resident_kib(gateway) - before) / CONNECTIONS
                with socket.create_connection(address) as one_more:
                    self.assertEqual(one_more.recv(1), b"")
                self.assertTrue(gateway.wait_for_line(f"as there are {CONNECTIONS} already"))
                self.assertIn("protocols.http.max_connections", gateway.text())
                over = gateway.metric(
                    'nanospan_receiver_connection_events{receiver="otlp",transport="http",event="over_limit"}'
                )
                self.assertEqual(over, 1)
                for connection in connections:
                    connection.sendall(request)
                answered = sum(status(connection) == 200 for connection in connections)
                self.assertEqual(answered, CONNECTIONS)
                self.assertEqual(gateway.metric("otelcol_receiver_accepted_spans"), CONNECTIONS + 1)
                print(f"{CONNECTIONS} connections, {each:.1f} KiB each")
                self.assertLessEqual(each, CONNECTION_KIB_MAX)
            finally:
                for connection in connections:
                    connection.close()

    def test_http1(self):
        self.rest_and_answer(b"", HTTP1_REQUEST, http1_status)

    def test_http2(self):
        self.rest_and_answer(PREFACE + frame(SETTINGS, 0, 0), HTTP2_REQUEST, http2_status)


if __name__ == "__main__":
    main()
