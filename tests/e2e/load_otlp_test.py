#!/usr/bin/env python3
"""`nanospan load otlp` counts what it sends, what is acknowledged and what arrives, span by span; in the open loop a
receiver that stalls is charged for everyone who had to wait."""

import http.client
import http.server
import json
import subprocess
import tempfile
import threading
import unittest

from certificates import Authority
from gateway_harness import BINARY, Gateway, main
from http_receiver import receiver, served
from ports import free_port

FORWARD = """
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:0"}, http: {endpoint: "127.0.0.1:0"}}}
exporters:
  otlp: {endpoint: "127.0.0.1:%d", compression: %s, tls: {insecure: true}, sending_queue: {wait_for_result: true}}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [otlp]}}
"""


def load(*arguments):
    command = [BINARY, "load", "otlp", "--warm-up", "0", "--json", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def treated(treat):
    """OTLP/HTTP; what becomes of request number n is up to `treat(n, body, headers)`."""
    numbers = iter(range(10**9))
    return receiver(lambda _path, headers, body: treat(next(numbers), body, headers))


class LoadOtlp(unittest.TestCase):
    def test_every_span_that_a_gateway_acknowledges_arrives_once(self):
        sink = free_port()
        for coding in ("none", "gzip"):
            with Gateway(FORWARD % (sink, coding)) as gateway:
                for protocol, more in (
                    ("grpc", []),
                    ("http", []),
                    ("grpc", ["--unique"]),
                    ("http", ["--encoding", "json"]),
                ):
                    port = gateway.ports["grpc" if protocol == "grpc" else "receiver"]
                    with self.subTest(coding=coding, protocol=protocol, more=more):
                        code, found, said = load(
                            "--url",
                            f"http://127.0.0.1:{port}",
                            "--protocol",
                            protocol,
                            "--compression",
                            coding,
                            "--sink",
                            f"127.0.0.1:{sink}",
                            "--batch",
                            100,
                            "--seconds",
                            0.15,
                            "--pid",
                            gateway.process.pid,
                            *more,
                        )
                        self.assertEqual((code, said), (0, ""))
                        self.assertGreater(found["spans_sent"], 0)
                        for what in ("acknowledged", "received"):
                            self.assertEqual(found[f"spans_{what}"], found["spans_sent"], what)
                        for what in ("spans_lost", "spans_duplicated", "spans_foreign", "failed", "refused"):
                            self.assertEqual(found[what], 0, what)
                        # A machine that is busy may answer nothing within the time; then there is nothing to divide.
                        self.assertEqual(found["spans_per_cpu_second"] > 0, found["spans_per_second"] > 0)
                        self.assertGreater(found["rss_high_mib"], 0)
                        self.assertTrue(600 < found["bytes_per_span"] < 1000, found["bytes_per_span"])

    def test_tls_to_the_receiver_and_at_the_sink(self):
        sink = free_port()
        with tempfile.TemporaryDirectory() as folder:
            authority = Authority(folder)
            authority.sign("server")
            ca, certificate, key = (authority.path(name) for name in ("ca.pem", "server.pem", "server.key"))
            pair = f"tls: {{cert_file: {certificate}, key_file: {key}}}"
            config = (FORWARD % (sink, "none")).replace("insecure: true", f"ca_file: {ca}")
            with Gateway(config.replace('0"}', f'0", {pair}}}')) as gateway:
                for protocol, port in (("grpc", gateway.ports["grpc"]), ("http", gateway.ports["receiver"])):
                    arguments = ["--protocol", protocol, "--sink", f"127.0.0.1:{sink}", "--ca-file", ca]
                    arguments += ["--sink-cert", certificate, "--sink-key", key, "--batch", 10, "--seconds", 0.1]
                    code, found, said = load("--url", f"https://127.0.0.1:{port}", *arguments)
                    self.assertEqual((code, said), (0, ""))
                    self.assertEqual(found["spans_received"], found["spans_sent"])

    def test_a_lost_span_is_not_made_good_by_one_that_comes_twice(self):
        sink = free_port()

        def treat(number, body, headers):
            for _ in range({3: 0, 4: 2}.get(number % 10, 1)):
                connection = http.client.HTTPConnection("127.0.0.1", sink)
                kept = {k: v for k, v in headers.items() if k in ("Content-Type", "Content-Encoding")}
                connection.request("POST", "/v1/traces", body, kept)
                connection.getresponse().read()
                connection.close()

        for coding in ("none", "gzip"):  # stamped with ids, and made beforehand
            with self.subTest(coding), treated(treat) as url:
                arguments = ["--url", url, "--protocol", "http", "--sink", f"127.0.0.1:{sink}"]
                arguments += ["--connections", 1, "--batch", 7, "--rate", 700, "--seconds", 0.5, "--settle", 0]
                code, found, said = load(*arguments, "--compression", coding)
                self.assertEqual(code, 4, said)
                for what in ("sent", "acknowledged", "received"):
                    self.assertEqual(found[f"spans_{what}"], 350, what)
                self.assertEqual((found["spans_lost"], found["spans_duplicated"]), (35, 35))

    def test_who_was_due_while_the_receiver_stalled_has_waited(self):
        stalls = threading.Event()
        with treated(lambda number, *_: number == 0 and stalls.wait(0.3)) as url:
            code, found, _ = load(
                "--url",
                url,
                "--protocol",
                "http",
                "--connections",
                1,
                "--batch",
                1,
                "--rate",
                100,
                "--seconds",
                0.5,
            )
        # 50 requests, one each 10 ms; the first 30 could not be answered before 300 ms. Only the first was slow itself.
        self.assertEqual((code, found["spans_acknowledged"]), (0, 50))
        self.assertGreater(found["max_ms"], 300)
        self.assertGreater(found["p50_ms"], 40)

    def test_who_is_refused_at_the_end_still_sends_what_was_due(self):
        class Busy(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            numbers = iter(range(10**9))

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200 if next(Busy.numbers) == 0 else 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        with served(Busy) as url:
            arguments = ["--url", url, "--protocol", "http", "--connections", 1, "--batch", 1]
            code, found, _ = load(*arguments, "--rate", 100, "--seconds", 0.2)
        # Of 20 requests, one each 10 ms, 19 are refused, after which their sender pauses for 20 ms.
        self.assertEqual((found["spans_acknowledged"], found["refused"], found["not_sent"]), (1, 19, 0))

    def test_a_server_process_that_is_not_there_is_said(self):
        code, _, said = load("--url", "http://127.0.0.1:1", "--seconds", 0.1, "--pid", 2**22 + 1)
        self.assertNotEqual(code, 0)
        self.assertIn("there is no process 4194305", said)

    def test_an_answer_that_is_not_otlp_is_no_acknowledgement(self):
        class Web(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<p>hello</p>")

            def log_message(self, *_):
                pass

        with served(Web) as url:
            code, _, said = load("--url", url, "--protocol", "http", "--seconds", 0.1)
        self.assertEqual(code, 1)
        self.assertIn("no request was acknowledged; the first answer: HTTP status 200", said)

    def test_wrong_options_are_one_line_that_says_what_is_right(self):
        for arguments, words in (
            (("--compression", "lzma"), 'is "lzma"; it must be none or one of gzip, zstd, snappy'),
            (("--encoding", "json"), "--encoding json needs --protocol http"),
            (("--protocol", "http", "--in-flight", "4"), "one request at a time"),
            (("--rate", "fast"), '--rate is "fast"; it must be 1 to'),
            (("--sink-cert", "x.pem"), "--sink-cert and --sink-key go together"),
            (("--request", "GET /"), "unknown argument \"--request\""),
            (("--url", "http://127.0.0.1:1", "--seconds", "0.1"), "no request was acknowledged"),
        ):
            code, _, said = load(*arguments)
            self.assertIn(code, (1, 2), arguments)
            self.assertIn(words, said)
            self.assertEqual(said.count("\n"), 1, said)

    def test_bench_compare_reads_it(self):
        with receiver(lambda *_: None) as url, tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            code, found, _ = load("--url", url, "--protocol", "http", "--seconds", 0.1, "--label", "peer")
            self.assertEqual(code, 0)
            json.dump(found, file)
            file.flush()
            compared = subprocess.run([BINARY, "bench-compare", file.name, file.name], capture_output=True, text=True)
        self.assertEqual(compared.returncode, 0, compared.stderr)
        for unit in ("spans_per_second", "p999_ms"):
            self.assertIn(unit, compared.stdout)


if __name__ == "__main__":
    main()
