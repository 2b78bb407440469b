#!/usr/bin/env python3
"""The OpenTelemetry Collector and our gateway judge the same configuration files: both accept or both refuse, for the
components that both have. Where they differ, DIFFERENCES says why; a difference that is gone fails the test, too."""

import pathlib
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

import peers

peers.enter_python()

import config_corpus  # noqa: E402
from collector import PROGRAM  # noqa: E402
from gateway_harness import BINARY, main  # noqa: E402

AT_START = "the Collector's `validate` takes it, but it does not start with it; we say so at once, with the line"
SHARED = "requests of all clients share a batch: metadata of a request is not kept"
MIDDLEWARES = "not in this build, and refused by name; the Collector does not start without the extension"
STANDARD_ERROR = "lines go to standard error, where the service manager or container runtime collects them"
DIFFERENCES = {
    "an endpoint without a port": AT_START,
    "an endpoint with a port by name": AT_START,
    "an endpoint with port 70000": AT_START,
    "an endpoint with a scheme": AT_START,
    "a variable that is not closed": AT_START,
    "auth that is not defined": AT_START,
    "a variable without a value": "an empty port is a mistake; the Collector listens on any free one",
    "an exporter twice in a pipeline": "a slip; the Collector takes the list as a set",
    "a receiver twice in a pipeline": "the same",
    "max_recv_msg_size_mib with a fraction": "the Collector cuts 1.5 to 1 without a word",
    "compression_algorithms unknown": "the Collector takes any name, and refuses the requests later",
    "otlphttp without a scheme": "the Collector starts, and fails to send each batch",
    "file with append and rotation": "the Collector's rotation cannot append; ours always does",
    "metrics by address": "the Collector took it until 0.122; files of that time still run here",
    "idle_timeout as it was": "the Collector's key before keepalive.idle_timeout; files of that time still run here",
    "otlphttp with the client's limits as they were": "keys of the Collector before keepalive; as above",
    "otlp to an abstract unix socket": "a name that gRPC knows; the Collector takes it for a host and a port",
    "otlphttp with JSON": "not in this build, and refused by name",
    "otlphttp with cookies": "the same",
    "queue on a disk": "the queue is in memory; wait_for_result leaves what was not sent with its sender",
    "batch by metadata": SHARED,
    "queue with batches by metadata": SHARED,
    "gRPC middlewares": MIDDLEWARES,
    "HTTP middlewares": MIDDLEWARES,
    "otlp with middlewares": MIDDLEWARES,
    "otlphttp with middlewares": MIDDLEWARES,
    "metrics by a periodic reader": "our metrics are pulled; a Collector or Prometheus can push them on",
    "metrics with views": "all metrics are given; whoever scrapes them chooses",
    "logs in an unknown encoding": AT_START,
    "logs to a file": STANDARD_ERROR,
    "logs with fields": "telemetry.resource stands in each line",
    "logs to OTLP": STANDARD_ERROR,
    "traces of its own": "the gateway does not trace itself",
}


CASES = {name: ({"config.yaml": text}, ["config.yaml"]) for name, text in config_corpus.FILES.items()}
CASES.update(config_corpus.MERGES)


class ConfigDifferential(unittest.TestCase):
    def judge(self, name):
        """((accepted, what it said) of ours, of theirs)"""
        files, words = CASES[name]
        with tempfile.TemporaryDirectory() as folder:
            for file, text in files.items():
                pathlib.Path(folder, file).write_text(text, encoding="utf-8")
            words = [word if word.startswith("--") else f"--config={word}" for word in words]
            verdicts = []
            for program in (BINARY, PROGRAM):
                done = subprocess.run([program, "validate", *words], cwd=folder, capture_output=True, text=True)
                verdicts.append((done.returncode == 0, (done.stdout + done.stderr).strip()[-800:]))
            return verdicts

    def test_the_same_verdict(self):
        with ThreadPoolExecutor(2) as pool:
            for name, (ours, theirs) in zip(CASES, pool.map(self.judge, CASES)):
                with self.subTest(name):
                    said = f"ours ({'accepts' if ours[0] else 'refuses'}): {ours[1]}\ntheirs: {theirs[1]}"
                    if name not in DIFFERENCES:
                        self.assertEqual(ours[0], theirs[0], said)
                    else:
                        self.assertNotEqual(
                            ours[0], theirs[0], f"they no longer differ: take it off DIFFERENCES\n{said}"
                        )


if __name__ == "__main__":
    main()
