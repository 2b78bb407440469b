#!/usr/bin/env python3
"""The commands of docs/interop.md, run as a reader runs them. Each ```sh block prints the ```text block after it."""

import pathlib
import re
import shutil
import subprocess
import unittest

import peers

if shutil.which("curl") is None:
    peers.skip("there is no curl")

from gateway_harness import Gateway, main, spans_of  # noqa: E402

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "interop.md"
ACCEPTED = 3  # examples that send one good span
CONFIG = """
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:0"}, http: {endpoint: "127.0.0.1:0"}}}
exporters:
  file: {path: traces.jsonl}
service:
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines:
    traces: {receivers: [otlp], exporters: [file]}
"""


class DocsCurl(unittest.TestCase):
    def test_each_command_prints_what_the_page_says(self):
        examples = re.findall(r"```sh\n(.*?)```\n+```text\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
        self.assertGreaterEqual(len(examples), 5)
        with Gateway(CONFIG) as gateway:
            for command, expected in examples:
                for port, name in ((4318, "receiver"), (8888, "metrics")):
                    command = command.replace(f"localhost:{port}", f"127.0.0.1:{gateway.ports[name]}")
                with self.subTest(command):
                    done = subprocess.run(["sh", "-e"], input=command, cwd=gateway.path, capture_output=True, text=True)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    self.assertEqual(done.stdout, expected)
            self.assertEqual(gateway.metric("otelcol_receiver_accepted_spans"), ACCEPTED)
            gateway.signal()
            self.assertEqual(gateway.wait(), 0)
            lines = (gateway.path / "traces.jsonl").read_text(encoding="utf-8").splitlines()
        names = [span["name"] for line in lines for span in spans_of(line)]
        self.assertEqual(sorted(names), ["I'm a client span"] + ["I'm a server span"] * 2)


if __name__ == "__main__":
    main()
