#!/usr/bin/env python3
"""Commands, exit codes, and the embedded configuration's promises."""

import json
import os
import pathlib
import socket
import subprocess
import tempfile
import unittest

from gateway_harness import BINARY, Gateway, forwarding, main, request_with, spans_of


def run(*words, cwd=None):
    return subprocess.run([BINARY, *words], capture_output=True, text=True, cwd=cwd)


class Commands(unittest.TestCase):
    def test_help_everywhere(self):
        self.assertIn("serve", run("--help").stdout)
        for command in ("serve", "validate", "print-config", "components", "version"):
            result = run(command, "--help")
            self.assertEqual(result.returncode, 0)
            self.assertIn(f"Usage: nanospan {command}", result.stdout)
            self.assertIn("Exit codes", result.stdout)
            self.assertEqual(run("help", command).stdout, result.stdout)
        self.assertIn("Usage: nanospan load otlp", run("help", "load", "otlp").stdout)
        self.assertEqual(run("help", "serv").returncode, 2)

    def test_version_and_components(self):
        self.assertRegex(run("version").stdout, r"^nanospan \d+\.\d+\.\d+\n$")
        self.assertIn("otlp_http", run("components").stdout)

    def test_wrong_arguments_are_2(self):
        for words, text in (
            ((), "Usage"),
            (("serv",), 'there is no command "serv"; did you mean serve?'),
            (("serve", "--confg", "x"), 'unknown argument "--confg"; did you mean --config?'),
            (("serve", "--config"), "--config needs a value: --config FILE"),
            (("validate",), "give the file to check with --config FILE"),
        ):
            result = run(*words)
            self.assertEqual(result.returncode, 2, words)
            self.assertIn(text, result.stderr)

    def test_wrong_configuration_is_3_and_one_line(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "c.yaml")
            path.write_text(forwarding(1).replace("endpoint: http", "endpont: http"))
            for command in ("validate", "serve"):
                result = run(command, "--config", "c.yaml", cwd=folder)
                self.assertEqual(result.returncode, 3)
                self.assertEqual(
                    result.stderr.splitlines()[-1],
                    'c.yaml:6: exporters.otlp_http.endpont: unknown key; did you mean "endpoint"?',
                )
            path.write_text(forwarding(1))
            good = run("validate", "--config", "c.yaml", cwd=folder)
            self.assertEqual((good.returncode, good.stderr), (0, ""))
            missing = run("validate", "--config", "none.yaml", cwd=folder)
            self.assertEqual(missing.returncode, 3)
            self.assertIn("none.yaml: cannot be read: No such file or directory", missing.stderr)

    def test_a_pipe_is_read_and_a_silent_one_does_not_hang(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkfifo(pathlib.Path(folder, "pipe"))
            silent = run("validate", "--config", "pipe", cwd=folder)
            self.assertEqual(silent.returncode, 3)
            self.assertIn("pipe:1: the configuration is empty", silent.stderr)
        piped = subprocess.run(
            [BINARY, "validate", "--config", "/dev/stdin"], input=forwarding(1), capture_output=True, text=True
        )
        self.assertEqual((piped.returncode, piped.stderr), (0, ""))

    def test_print_config_merges_replaces_and_redacts(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "c.yaml").write_text(forwarding(1))
            pathlib.Path(folder, "headers.yaml").write_text("authorization: Bearer ${env:TOKEN}\n")
            words = ("--config", "file:c.yaml", "--config", "yaml:exporters::otlp_http::headers: ${file:headers.yaml}",
                     "--set", "processors.batch.timeout=2s")  # fmt: skip
            os.environ["TOKEN"] = "s3cr3t"
            printed = run("print-config", *words, cwd=folder)
            self.assertEqual(printed.returncode, 0)
            self.assertIn('    headers:\n      authorization: "[REDACTED]"\n', printed.stdout)
            self.assertIn("  batch:\n    timeout: 2s\n", printed.stdout)
            shown = run("print-config", *words, "--mode", "unredacted", cwd=folder)
            self.assertIn('      authorization: "Bearer s3cr3t"\n', shown.stdout)
            pathlib.Path(folder, "again.yaml").write_text(shown.stdout)
            again = run("print-config", "--config", "again.yaml", "--mode=unredacted", cwd=folder)
            self.assertEqual(again.stdout, shown.stdout)
            wrong = run("print-config", *words, "--set", "exporters.otlp_http.tiemout=1s", cwd=folder)
            self.assertEqual((wrong.returncode, wrong.stdout), (3, ""))
            self.assertIn('did you mean "timeout"?', wrong.stderr)
            self.assertEqual(run("print-config", "--mode", "all").returncode, 2)
            self.assertIn("path: ./nanospan-data/traces.jsonl", run("print-config").stdout)
            scheme = run("validate", "--config", "s3:bucket/a.yaml")
            self.assertEqual(scheme.returncode, 3)
            self.assertIn('this build reads no configuration from "s3:"', scheme.stderr)

    def test_tree_says_why_a_file_shows_no_trace(self):
        with tempfile.TemporaryDirectory() as folder:
            for text, why in (
                ("", "f is empty"),
                ("{}\n", "f has no spans"),
                ("not json\n{}\n", "f has no spans: 1 of its last 2 lines are not OTLP/JSON"),
            ):
                pathlib.Path(folder, "f").write_text(text)
                result = run("tree", "f", cwd=folder)
                self.assertEqual(result.returncode, 1, text)
                self.assertIn(why, result.stderr)
            self.assertIn("is it a directory?", run("tree", folder).stderr)
            self.assertIn("No such file", run("tree", "none", cwd=folder).stderr)

    def test_tree_draws_a_span_whose_parent_is_elsewhere(self):
        span = {
            "traceId": "5b8efff798038103d269b633813fc60c",
            "spanId": "eee19b7ec3c1b174",
            "parentSpanId": "eee19b7ec3c1b173",
            "name": "checkout",
            "startTimeUnixNano": "1000",
            "endTimeUnixNano": "3000",
        }
        with tempfile.TemporaryDirectory() as folder:
            request = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
            pathlib.Path(folder, "f").write_text(json.dumps(request) + "\n")
            head, incomplete, drawn = run("tree", "f", cwd=folder).stdout.splitlines()
        self.assertEqual(head, "trace 5b8efff798038103d269b633813fc60c  1 span  2.0 us")
        self.assertEqual(incomplete, "incomplete: the parent of 1 span is not in the part of the file that was read")
        self.assertTrue(drawn.startswith("checkout "), drawn)

    def test_a_port_in_use_is_1_and_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken, tempfile.TemporaryDirectory() as folder:
            port = taken.getsockname()[1]
            config = forwarding(1).replace('http: {endpoint: "127.0.0.1:0"', f'http: {{endpoint: "127.0.0.1:{port}"')
            pathlib.Path(folder, "c.yaml").write_text(config)
            result = run("serve", "--config", "c.yaml", cwd=folder)
            self.assertEqual(result.returncode, 1)
            self.assertIn("receiver otlp: protocols.http.endpoint: ", result.stderr)
            self.assertIn(f"127.0.0.1:{port}", result.stderr)
            self.assertIn("another program listens there", result.stderr)


class Serving(unittest.TestCase):
    def test_spans_become_json_lines_and_are_counted(self):
        config = """
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}
exporters:
  file: {path: ./data/traces.jsonl, create_directory: true, rotation: {}}
extensions:
  health_check: {endpoint: "127.0.0.1:0"}
service:
  extensions: [health_check]
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines:
    traces: {receivers: [otlp], exporters: [file]}
"""
        with Gateway(config) as gateway:
            for i in range(50):
                self.assertEqual(gateway.post(request_with([f"n-{i:06}", f"n-{i:06}"])), 200)
            self.assertEqual(gateway.post(b"\xff\xff"), 400)
            self.assertEqual(gateway.post(b"", "/v2/traces"), 404)
            status, body = gateway.get("extension", "/")
            self.assertEqual((status, json.loads(body)["status"]), (200, "Server available"))
            self.assertEqual(gateway.metric("otelcol_receiver_accepted_spans"), 100)
            self.assertEqual(gateway.metric("nanospan_receiver_refused_requests"), 2)
            gateway.signal()
            self.assertEqual(gateway.wait(), 0)
            lines = (gateway.path / "data" / "traces.jsonl").read_text().splitlines()
            self.assertEqual(len(lines), 50)
            self.assertEqual(sum(len(spans_of(line)) for line in lines), 100)


if __name__ == "__main__":
    main()
