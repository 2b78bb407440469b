#!/usr/bin/env python3
"""The gateway's image under a container engine: healthy, without rights, held to its memory, and drained by a stop."""

import json
import shutil
import subprocess
import unittest

from gateway_harness import BINARY, main

IMAGE = "nanospan:latest"
BUILD = f"docker build -f deploy/docker/Dockerfile --target gateway -t {IMAGE} ."


def docker(*words, check=True):
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=check)


def why_not():
    if not shutil.which("docker") or docker("info", check=False).returncode != 0:
        return "no container engine answers here"
    if docker("image", "inspect", IMAGE, check=False).returncode != 0:
        return f"no image {IMAGE} here; {BUILD}"
    return ""


WHY_NOT = why_not()


@unittest.skipIf(WHY_NOT, WHY_NOT)
class ImageTest(unittest.TestCase):
    def setUp(self):
        restricted = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--memory=256m"]
        ports = [f"--publish=127.0.0.1::{port}" for port in (4317, 4318)]
        self.name = docker("run", "--detach", "--volume=/var/lib/nanospan", *restricted, *ports, IMAGE).stdout.strip()
        self.addCleanup(docker, "rm", "--force", "--volumes", self.name)

    def state(self, template):
        return docker("inspect", "--format", template, self.name).stdout.strip()

    def log_until(self, line):
        """What it logged, up to this line."""
        logged = subprocess.Popen(
            ["docker", "logs", "--follow", self.name], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        with logged:
            lines = []
            for text in logged.stderr:
                lines.append(text)
                if line in text:
                    break
            logged.kill()
        return "".join(lines)

    def test_it_has_no_rights_follows_its_memory_and_says_that_it_is_well(self):
        log = self.log_until("  machine ")
        self.assertRegex(log, r"  machine +256 MiB of memory ")
        identity = docker("exec", self.name, "sh", "-c", "id -u; grep CapEff /proc/1/status").stdout.split()
        self.assertEqual(identity, ["10001", "CapEff:", "0" * 16])
        check = json.loads(self.state("{{json .Config.Healthcheck.Test}}"))
        self.assertEqual(docker("exec", self.name, *check[1:], check=False).returncode, 0)

    def test_a_stop_drains_what_was_acknowledged(self):
        self.log_until("  machine ")
        for port, protocol in ((4317, "grpc"), (4318, "http")):
            address = docker("port", self.name, str(port)).stdout.strip()
            load = [BINARY, "load", "otlp", "--url", f"http://{address}", "--protocol", protocol, "--json"]
            load += ["--batch", "100", "--rate", "10000", "--seconds", "0.2", "--warm-up", "0"]
            done = subprocess.run(load, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["spans_acknowledged"], 2000)
        docker("stop", "--time", "40", self.name)
        self.assertEqual(self.state("{{.State.ExitCode}} {{.State.OOMKilled}}"), "0 false")
        count = ["sh", "-c", "grep -o '\"spanId\"' traces.jsonl | wc -l"]
        found = docker("run", "--rm", "--volumes-from", self.name, "--entrypoint", count[0], IMAGE, *count[1:])
        self.assertEqual(int(found.stdout), 4000)


if __name__ == "__main__":
    main()
