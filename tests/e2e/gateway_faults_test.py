#!/usr/bin/env python3
"""Peers that break the rules on both ports of a gateway that serves others meanwhile; and a backend that is killed with
SIGKILL under load. After each, received = sent + refused + dropped by reason + queued, exactly.

NANOSPAN_BACKEND_KILLS says how often the backend is killed (goal G12: 100 times); NANOSPAN_FULL=1 adds what waits for
the grace of slow bodies, 10 s.
"""

import contextlib
import json
import os
import random
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from certificates import Authority
from gateway_harness import BINARY, Gateway, main, request_with, spans_of
from http2_frames import CONTINUATION, DATA, END_HEADERS, HEADERS, PREFACE, SETTINGS, frame, literal, request_fields
from ports import free_port
from slow_proxy import SlowProxy

FULL = os.environ.get("NANOSPAN_FULL") == "1"
KILLS = int(os.environ.get("NANOSPAN_BACKEND_KILLS", "5"))
CLIENTS = 4
FRAME_BYTES = 16 << 10

KEEPING = """
receivers:
  otlp:
    protocols:
      http: {endpoint: "127.0.0.1:0", read_header_timeout: 300ms%s}
      grpc: {endpoint: "127.0.0.1:0"%s}
exporters:
  file: {path: traces.jsonl}
service:
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines:
    traces: {receivers: [otlp], exporters: [file]}
"""

FORWARDING = """
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}
exporters:
  %s:
    endpoint: %s127.0.0.1:%d
    compression: none
    tls: {insecure: true}
    sending_queue: {wait_for_result: true, queue_size: 100}
    retry_on_failure: {initial_interval: 10ms, max_interval: 50ms}
service:
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines:
    traces: {receivers: [otlp], exporters: [%s]}
"""

BACKEND = """
receivers:
  otlp: {protocols: {%s: {endpoint: "127.0.0.1:%d"}}}
exporters:
  file: {path: %s, append: true, sending_queue: {wait_for_result: true}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [file]}
"""


def exchange(port, pieces):
    """Sends them one by one, as long as they are taken, and then reads to the end; what came."""
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                peer.sendall(piece)
            peer.shutdown(socket.SHUT_WR)
        came = b""
        with contextlib.suppress(ConnectionError):
            while piece := peer.recv(65536):
                came += piece
        return came


def drip(port, data, head=b""):
    """After `head` a byte at a time until the gateway has closed; what came. It never ends by itself: `data` comes
    again and again."""
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.sendall(head)
        peer.settimeout(0.005)
        came = b""
        with contextlib.suppress(ConnectionError):
            while True:
                for byte in data:
                    peer.sendall(bytes([byte]))
                    with contextlib.suppress(TimeoutError):
                        piece = peer.recv(65536)
                        if not piece:
                            return came
                        came += piece
        return came


class Neighbour:
    """`nanospan load otlp` at a steady rate on a port while others misbehave there."""

    def __init__(self, port, protocol, *more, seconds=0.5):
        scheme = "https" if more else "http"
        command = [BINARY, "load", "otlp", "--url", f"{scheme}://127.0.0.1:{port}", "--protocol", protocol, "--json"]
        command += ["--warm-up", "0", "--batch", "5", "--rate", "500", "--seconds", seconds, *more]
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def is_there(self):
        return self.process.poll() is None

    def result(self):
        out, said = self.process.communicate()
        return json.loads(out) if out else {"said": said}


class Peers(unittest.TestCase):
    def check_ledger(self, gateway, exporter, sent):
        """All that was sent and valid is accounted for, and nothing is held any more."""
        gateway.wait_until(lambda: gateway.ledger(exporter)[3] == 0)
        accepted, refused, failed = (
            int(gateway.metric(f"otelcol_receiver_{what}_spans")) for what in ("accepted", "refused", "failed")
        )
        self.assertEqual(sent, accepted + refused + failed)
        self.assertEqual(gateway.ledger(exporter), [accepted, accepted, 0, 0])
        gateway.wait_until(lambda: gateway.metric("nanospan_memory_used_bytes") == 0)

    def harm(self, attack, reason, config=KEEPING % ("", "")):
        """`attack(port, protocol)` again and again on both ports, beside a neighbour whose requests all succeed. Every
        attack is counted under `reason`, an event of connections."""
        with Gateway(config) as gateway:
            sent = 0
            for protocol, port in (("http", gateway.ports["receiver"]), ("grpc", gateway.ports["grpc"])):
                series = f'nanospan_receiver_connection_events{{receiver="otlp",transport="{protocol}",event="%s"}}'
                with self.subTest(protocol):
                    neighbour, attacks = Neighbour(port, protocol), 0
                    while neighbour.is_there() or attacks == 0:
                        attack(port, protocol)
                        attacks += 1
                    found = neighbour.result()
                    self.assertEqual((found.get("failed"), found.get("refused")), (0, 0), found)
                    self.assertGreater(found["spans_sent"], 0)
                    self.assertEqual(found["spans_acknowledged"], found["spans_sent"])
                    sent += found["spans_sent"]
                    counted = sum(gateway.metric(series % event) for event in reason)
                    self.assertGreaterEqual(counted, attacks)
                    gateway.wait_until(
                        lambda: gateway.metric(
                            f'nanospan_receiver_connections{{receiver="otlp",transport="{protocol}"}}'
                        ) == 0
                    )
            self.check_ledger(gateway, "file", sent)

    def test_garbage(self):
        noise = random.Random(1)

        def attack(port, _):
            exchange(port, [noise.randbytes(1 + noise.randrange(4096))])

        self.harm(attack, ("malformed", "closed_by_peer_in_head", "head_too_large"))

    def test_garbage_after_the_preface(self):
        noise = random.Random(2)
        self.harm(
            lambda port, _: exchange(port, [PREFACE + frame(SETTINGS, 0, 0) + b"\xff" * 20 + noise.randbytes(4096)]),
            ("http2_protocol_error", "http2_flood"),
        )

    def test_a_million_bytes_of_header_over_http1(self):
        head = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n"

        def attack(port, _):
            one = exchange(port, [head + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n"])
            many = exchange(port, [head + b"X-A: b\r\n" * 125_000 + b"\r\n"])
            for came in (one, many):  # Who sends on after a refusal may find the connection reset before it reads.
                self.assertTrue(came == b"" or b" 431 " in came.split(b"\r\n")[0], came[:100])

        self.harm(attack, ("head_too_large",))

    def test_a_million_bytes_of_header_over_http2(self):
        def attack(port, protocol):
            path, kind = (b"/v1/traces", b"application/x-protobuf")
            if protocol == "grpc":
                path, kind = b"/opentelemetry.proto.collector.trace.v1.TraceService/Export", b"application/grpc"
            block = request_fields(path, kind) + b"".join(literal(b"x-%06d" % i, b"a" * 990) for i in range(1000))
            pieces = [block[at : at + FRAME_BYTES] for at in range(0, len(block), FRAME_BYTES)]
            frames = [frame(HEADERS, 0, 1, pieces[0])]
            frames += [frame(CONTINUATION, 0, 1, piece) for piece in pieces[1:-1]]
            frames.append(frame(CONTINUATION, END_HEADERS, 1, pieces[-1]))
            exchange(port, [PREFACE + frame(SETTINGS, 0, 0), *frames])

        self.harm(attack, ("head_too_large", "http2_flood", "http2_protocol_error"))

    def test_a_head_that_comes_byte_by_byte(self):
        with Gateway(KEEPING % ("", "")) as gateway:
            port = gateway.ports["receiver"]
            neighbour = Neighbour(port, "http")
            http1 = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n" + b"X-Slow: x\r\n" * 9
            http2 = PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, 0, 1, b"\0\x01x\x7f\x80\x80\x01" + b"a" * 16000)
            came = []
            drips = [
                threading.Thread(target=lambda data=data: came.append(drip(port, data)))
                for data in [http1] * 8 + [http2] * 8
            ]
            for thread in drips:
                thread.start()
            for thread in drips:
                thread.join()
            found = neighbour.result()
            self.assertEqual((found.get("failed"), found.get("refused")), (0, 0), found)
            series = 'nanospan_receiver_connection_events{receiver="otlp",transport="http",event="closed_head_slow"}'
            self.assertEqual(gateway.metric(series), 16)
            self.assertEqual(len([text for text in came if b" 408 " in text]), 8, came)
            self.check_ledger(gateway, "file", found["spans_sent"])

    @unittest.skipUnless(FULL, "NANOSPAN_FULL=1 asks for it")
    def test_a_body_that_comes_byte_by_byte(self):
        with Gateway(KEEPING % ("", "")) as gateway:
            ports = gateway.ports["receiver"], gateway.ports["grpc"]
            neighbours = [Neighbour(ports[0], "http", seconds=12), Neighbour(ports[1], "grpc", seconds=12)]
            http1 = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
            http1 += b"Content-Length: 1000000\r\n\r\n"
            path = b"/opentelemetry.proto.collector.trace.v1.TraceService/Export"
            grpc = PREFACE + frame(SETTINGS, 0, 0)
            fields = request_fields(path, b"application/grpc") + literal(b"te", b"trailers")
            grpc += frame(HEADERS, END_HEADERS, 1, fields)
            grpc += frame(DATA, 0, 1, b"a" * FRAME_BYTES)[:9] + b"\0\0\0\x30\0"
            came = []
            drips = [
                threading.Thread(target=lambda port=port, head=head: came.append(drip(port, b"a", head)))
                for port, head in ((ports[0], http1), (ports[1], grpc))
                for _ in range(8)
            ]
            for thread in drips:  # Over gRPC the call ends, the connection stays: those end with the gateway.
                thread.daemon = True
                thread.start()
            for thread in drips[:8]:
                thread.join()
            self.assertEqual(len([text for text in came if b" 408 " in text]), 8, came)
            slow = 'nanospan_receiver_connection_events{receiver="otlp",transport="%s",event="closed_body_slow"}'
            for transport in ("http", "grpc"):
                gateway.wait_until(lambda: gateway.metric(slow % transport) == 8)
            sent = 0
            for neighbour in neighbours:
                found = neighbour.result()
                self.assertEqual((found.get("failed"), found.get("refused")), (0, 0), found)
                sent += found["spans_sent"]
            self.check_ledger(gateway, "file", sent)

    def test_new_certificates_under_load(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        authority = Authority(folder.name)
        authority.sign("server")
        pair = f"cert_file: {authority.path('server.pem')}, key_file: {authority.path('server.key')}"
        tls = f", tls: {{{pair}, reload_interval: 1ms}}"
        with Gateway(KEEPING % (tls, tls)) as gateway:
            more = ("--ca-file", authority.path("ca.pem"))
            ports = gateway.ports["receiver"], gateway.ports["grpc"]
            neighbours = [Neighbour(ports[0], "http", *more), Neighbour(ports[1], "grpc", *more)]
            context = ssl.create_default_context(cafile=authority.path("ca.pem"))
            seen = set()
            while any(neighbour.is_there() for neighbour in neighbours) or len(seen) < 2:
                authority.sign("server")
                for port in ports:  # Between key and certificate there is a moment without a pair: the old stays.
                    with socket.create_connection(("127.0.0.1", port)) as plain:
                        with context.wrap_socket(plain, server_hostname="localhost") as connection:
                            seen.add(connection.getpeercert(binary_form=True))
            sent = 0
            for neighbour in neighbours:
                found = neighbour.result()
                self.assertEqual((found.get("failed"), found.get("refused")), (0, 0), found)
                self.assertEqual(found["spans_acknowledged"], found["spans_sent"])
                sent += found["spans_sent"]
            self.check_ledger(gateway, "file", sent)


class Backends(unittest.TestCase):
    """The backend is a process that keeps what it is sent. It is killed with SIGKILL and started again on its port; or
    the way to it takes everything and brings nothing on."""

    def start(self, protocol, port, path):
        config = f"yaml:{BACKEND % (protocol, port, path)}"
        process = subprocess.Popen([BINARY, "serve", "--config", config], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for line in process.stderr:
            if "  limits  " in line:
                threading.Thread(target=process.stderr.read, daemon=True).start()
                return process
        self.fail("the backend did not start")

    def killed(self, exporter, protocol, scheme):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path, port = os.path.join(folder.name, "kept.jsonl"), free_port()
        backend = self.start(protocol, port, path)
        answers, lock, stop = {}, threading.Lock(), threading.Event()
        with Gateway(FORWARDING % (exporter, scheme, port, exporter)) as gateway:

            def client(number):
                while not stop.is_set():
                    name = f"n-{number:06}"
                    status = gateway.post(request_with([name]))
                    with lock:
                        answers[name] = status
                    number += CLIENTS

            def acknowledged():
                with lock:
                    return [name for name, status in answers.items() if status == 200]

            clients = [threading.Thread(target=client, args=(i,)) for i in range(CLIENTS)]
            for thread in clients:
                thread.start()
            for _ in range(KILLS):
                before = len(acknowledged())
                gateway.wait_until(lambda: len(acknowledged()) > before + 10 or gateway.process.poll() is not None)
                backend.kill()
                backend.wait()
                backend = self.start(protocol, port, path)
            stop.set()
            for thread in clients:
                thread.join()
            gateway.wait_until(lambda: gateway.ledger(exporter)[3] == 0)
            enqueued, sent, failed, _ = gateway.ledger(exporter)
            accepted = int(gateway.metric("otelcol_receiver_accepted_spans"))
            others = sum(int(gateway.metric(f"otelcol_receiver_{what}_spans")) for what in ("refused", "failed"))
            with open(path, encoding="utf-8") as file:
                kept = {span["name"] for line in file for span in spans_of(line)}
            self.assertEqual(set(acknowledged()) - kept, set())
            self.assertEqual(len(acknowledged()), accepted)
            self.assertEqual(len(answers), accepted + others)
            self.assertEqual(len(answers), enqueued + int(gateway.metric("nanospan_exporter_refused_spans")))
            self.assertEqual(enqueued, sent + failed)
            gateway.wait_until(lambda: gateway.metric("nanospan_memory_used_bytes") == 0)
            print(f"{protocol}: killed {KILLS} times, {accepted} spans acknowledged, 0 of them lost, {others} refused")

    def test_killed_over_grpc(self):
        self.killed("otlp_grpc", "grpc", "")

    def test_killed_over_http(self):
        self.killed("otlp_http", "http", "http://")

    def half_open(self, exporter, protocol, scheme):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path, port = os.path.join(folder.name, "kept.jsonl"), free_port()
        self.start(protocol, port, path)
        with SlowProxy(port) as proxy:
            config = FORWARDING % (exporter, scheme, proxy.port, exporter)
            config = config.replace("wait_for_result: true, queue_size: 100", "queue_size: 20")
            with Gateway(config.replace("    compression", "    timeout: 100ms\n    compression")) as gateway:
                statuses = [gateway.post(request_with([f"n-{i:06}"])) for i in range(30)]
                self.assertEqual(statuses, [200] * 20 + [503] * 10)
                gateway.wait_until(lambda: gateway.metric("nanospan_exporter_retries") >= 20)
                self.assertEqual(gateway.ledger(exporter), [20, 0, 0, 20])
                self.assertEqual(gateway.metric("nanospan_exporter_refused_spans"), 10)
                self.assertEqual(gateway.metric("otelcol_receiver_refused_spans"), 10)
                proxy.open()
                gateway.wait_until(lambda: gateway.ledger(exporter) == [20, 20, 0, 0])
                gateway.wait_until(lambda: gateway.metric("nanospan_memory_used_bytes") == 0)
                with open(path, encoding="utf-8") as file:
                    kept = {span["name"] for line in file for span in spans_of(line)}
                self.assertEqual(kept, {f"n-{i:06}" for i in range(20)})

    def test_half_open_over_grpc(self):
        self.half_open("otlp_grpc", "grpc", "")

    def test_half_open_over_http(self):
        self.half_open("otlp_http", "http", "http://")


if __name__ == "__main__":
    main()
