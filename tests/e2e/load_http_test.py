#!/usr/bin/env python3
"""nanospan load http against a server whose behaviour is known: what it sends, counts, judges and refuses."""

import http.server
import json
import subprocess
import tempfile
import threading
import unittest

from gateway_harness import BINARY, main
from http_receiver import served


class Server:
    """Answers GET /ok with 200, /no with 503, /hang never; notes what came."""

    def __init__(self):
        server = self
        self.seen = []
        self.ended = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                server.seen.append((self.command, self.path, body, dict(self.headers)))
                if self.path == "/hang":
                    server.ended.wait()
                self.send_response(503 if self.path == "/no" else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET

            def log_message(self, *_):
                pass

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass

        self.serving = served(Handler)
        self.url = self.serving.__enter__()

    def close(self):
        self.ended.set()
        self.serving.__exit__(None, None, None)


class LoadHttpTest(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    def load(self, *words, path="/ok"):
        command = [BINARY, "load", "http", "--url", self.server.url + path, *words]
        return subprocess.run(command, capture_output=True, text=True)

    def json(self, *words, path="/ok"):
        done = self.load("--json", *words, path=path)
        return done.returncode, json.loads(done.stdout)

    def test_stages_of_users(self):
        code, result = self.json("--stage", "200ms:4", "--stage", "100ms:0", "--header", "X-Who: me")
        self.assertEqual((code, result["failed"], result["error_status"]), (0, 0, 0))
        self.assertEqual(result["requests"], len(self.server.seen))
        self.assertGreater(result["requests"], 0)
        self.assertTrue(all(seen[3]["X-Who"] == "me" for seen in self.server.seen))

    def test_at_a_rate_there_are_as_many_requests_as_the_plan_says(self):
        for words, expected in (
            (["--rate", "200", "--seconds", "0.2"], 40),
            (["--stage", "400ms:200/s"], 40),
            (["--stage=0s:100/s", "--stage=200ms:100/s"], 20),
        ):
            self.server.seen.clear()
            code, result = self.json(*words)
            self.assertEqual((code, result["requests"], len(self.server.seen)), (0, expected, expected), words)

    def test_kinds_of_requests_go_in_turn(self):
        requests = ["--request", "GET /ok?a=1", "--request", 'POST /ok {"x": 1}']
        self.json("--rate", "100", "--seconds", "0.1", "--connections", "1", *requests)
        first = [seen[:3] for seen in self.server.seen[:2]]
        self.assertEqual(first, [("GET", "/ok?a=1", ""), ("POST", "/ok", '{"x": 1}')])
        self.assertEqual(self.server.seen[1][3]["Content-Type"], "application/json")

    def test_thresholds_decide(self):
        good = ["--threshold", "p99<10s", "--threshold", "errors<1%"]
        done = self.load("--rate", "100", "--seconds", "0.2", *good)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"p99<10s +[\d.]+ ms  ok\n  errors<1% +0\.00 %  ok\n")
        code, result = self.json("--rate", "100", "--seconds", "0.2", *good, "--threshold", "rate>1000")
        self.assertEqual((code, [held["ok"] for held in result["thresholds"]]), (1, [True, True, False]))

    def test_errors_are_told_by_kind(self):
        requests = ["--request", "GET /no", "--request", "GET /hang"]
        flags = ["--rate", "20", "--seconds", "0.1", "--timeout", "100ms", "--connections", "2"]
        code, result = self.json(*flags, *requests)
        self.assertEqual(code, 1, "one got no answer")
        self.assertEqual(result["errors"], {"http 503": 1, "response_timeout": 1})
        self.assertGreaterEqual(result["max_ms"], 100)
        done = self.load(*flags, *requests, "--threshold", "errors<=100%")
        self.assertEqual(done.returncode, 0, "a threshold says how many errors there may be")
        self.assertIn("1 http 503", done.stdout)

    def test_a_service_that_is_not_there(self):
        done = subprocess.run(
            [BINARY, "load", "http", "--url", "http://127.0.0.1:1", "--seconds", "0.2"], capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("http://127.0.0.1:1: no request was answered", done.stderr)

    def test_bench_compare_reads_the_json(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(self.load("--json", "--rate", "100", "--seconds", "0.2", "--label", "service").stdout)
            file.flush()
            done = subprocess.run([BINARY, "bench-compare", file.name, file.name], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        for unit in ("requests_per_second", "mean_ms", "p90_ms", "p999_ms"):
            self.assertIn(unit, done.stdout)

    def test_wrong_arguments_are_told_with_what_is_right(self):
        for words, told in (
            (["--stage", "30s"], 'like 30s:100 (users) or 30s:500/s (requests a second)'),
            (["--stage", "1s:5", "--stage", "1s:5/s"], "all stages must be of one kind"),
            (["--stage", "1s:0"], "the stages bring no load"),
            (["--stage", "1s:20000"], "at most 10000 users"),
            (["--stage", "1s:5", "--seconds", "3"], "stages say how long and how much"),
            (["--rate", "0"], '--rate is "0"; it must be 0.001 to 1000000'),
            (["--rate", "5", "--pace", "1s"], "--pace is for users"),
            (["--threshold", "p99=5"], "it must be like p99<100ms"),
            (["--header", "no"], 'like "Name: value"'),
            (["--request", "GET"], 'like "GET /path"'),
            (["--timeout", "5"], "a duration above 0 like 100ms"),
            (["--label", "a", "--label", "b"], "give one --label and one --pid for each --url, or none"),
        ):
            done = self.load(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(told, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)


if __name__ == "__main__":
    main()
