#!/usr/bin/env python3
"""What lies in deploy/ is right: configurations that the gateway takes, metrics that it has, files that are whole."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from gateway_harness import BINARY, Gateway, main

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
# One of everything that the deployed configurations use, so that all their metrics are there.
EVERYTHING = """
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:0"}, http: {endpoint: "127.0.0.1:0"}}}
processors:
  memory_limiter: {check_interval: 1s, limit_percentage: 80}
  batch:
exporters:
  file: {path: traces.jsonl}
service:
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines:
    traces: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [file]}
    metrics: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [file]}
    logs: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [file]}
"""
METRIC = re.compile(r"\b((?:otelcol|nanospan)_[a-z_]+)")


def gateway_configurations():
    return [path for path in DEPLOY.rglob("*.yaml") if re.search(r"(?m)^receivers:$", path.read_text())]


class DeployTest(unittest.TestCase):
    def test_each_gateway_configuration_is_taken_without_a_warning(self):
        found = gateway_configurations()
        self.assertEqual(len(found), 4, found)
        for path in found:
            done = subprocess.run([BINARY, "validate", "--config", path], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), path)

    def test_each_metric_that_is_looked_at_exists(self):
        with Gateway(EVERYTHING) as gateway:
            lines = gateway.get("metrics", "/metrics")[1].splitlines()
        names = {re.match(r"\w+", line)[0] for line in lines if line and not line.startswith("#")}
        looked_at = {}
        for path in [*DEPLOY.rglob("*.yaml"), *DEPLOY.rglob("*.json")]:
            lines = [line.partition("#")[0] for line in path.read_text().splitlines()]
            looked_at.update((name, path) for line in lines for name in METRIC.findall(line))
        adapted = {"nanospan_queue_fill"}  # prometheus-adapter makes it of two others.
        missing = {name: str(path) for name, path in looked_at.items() if name not in names | adapted}
        # Series of reasons appear with the first case, and are documented under that name.
        documented = (ROOT / "docs/gateway.md").read_text()
        missing = {name: path for name, path in missing.items() if name not in documented}
        self.assertGreater(len(looked_at), 10)
        self.assertEqual(missing, {})

    def test_prometheus_takes_configuration_and_queries_and_wakes_for_what_it_should(self):
        promtool = shutil.which("promtool")
        if not promtool:
            self.skipTest("no promtool here (Debian: prometheus)")
        panels = json.loads((DEPLOY / "grafana/nanospan.json").read_text())["panels"]
        queries = [target["expr"] for panel in panels for target in panel["targets"]]
        rules = [{"record": f"panel:{i}", "expr": text} for i, text in enumerate(queries)]
        with tempfile.TemporaryDirectory() as folder:
            dashboard = pathlib.Path(folder, "dashboard.json")  # JSON is YAML.
            text = json.dumps({"groups": [{"name": "dashboard", "rules": rules}]})
            dashboard.write_text(text.replace("$__rate_interval", "1m"))
            for words in (
                ("check", "config", DEPLOY / "prometheus/prometheus.yaml"),
                ("check", "rules", dashboard),
                ("test", "rules", ROOT / "tests/e2e/alerts_test.yaml"),
            ):
                done = subprocess.run([promtool, *words], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_kustomize_makes_the_manifests(self):
        if not shutil.which("kubectl"):
            self.skipTest("no kubectl here")
        done = subprocess.run(["kubectl", "kustomize", DEPLOY / "kubernetes"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        documents = done.stdout.split("\n---\n")
        kinds = [re.search(r"(?m)^kind: (\w+)", document)[1] for document in documents]
        names = [re.search(r"(?m)^metadata:\n(?: .*\n)*?  name: (\S+)", document)[1] for document in documents]
        made = set(zip(kinds, names))
        self.assertEqual(len(made), 9, made)
        mounted = re.findall(r"configMap:\n +name: (\S+)", done.stdout)
        self.assertEqual({("ConfigMap", name) for name in mounted}, {one for one in made if one[0] == "ConfigMap"})
        scaled = re.search(r"scaleTargetRef:\n(?: .*\n)*?    kind: (\w+)\n    name: (\S+)", done.stdout)
        self.assertIn(scaled.groups(), made)

    def test_promtool_takes_our_metrics(self):
        if not shutil.which("promtool"):
            self.skipTest("no promtool here (Debian package prometheus)")
        with Gateway(EVERYTHING) as gateway:
            text = gateway.get("metrics", "/metrics")[1]
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        self.assertIn(done.returncode, (0, 3), done.stderr)  # 3: well-formed, but names could be better
        complaints = (done.stdout + done.stderr).splitlines()
        # The Collector's names, which ours follow, end counters without it.
        self.assertEqual([line for line in complaints if 'should have "_total" suffix' not in line], [])

    def test_the_dashboard_has_panels_that_do_not_overlap(self):
        board = json.loads((DEPLOY / "grafana/nanospan.json").read_text())
        taken = set()
        for panel in board["panels"]:
            self.assertTrue(panel["title"] and panel["description"] and panel["targets"], panel["title"])
            place = panel["gridPos"]
            cells = {(place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])}
            self.assertFalse(cells & taken, panel["title"])
            self.assertLessEqual(place["x"] + place["w"], 24)
            taken |= cells

    def test_the_image_installs_what_the_program_links(self):
        if not all(map(shutil.which, ("ldd", "dpkg-query"))):
            self.skipTest("no ldd or dpkg-query here")
        linked = subprocess.run(["ldd", BINARY], capture_output=True, text=True).stdout
        if "libasan" in linked or "libtsan" in linked:
            self.skipTest("a build with sanitizers links more")
        files = [os.path.realpath(path) for path in re.findall(r"=> (/\S+)", linked)]
        owners = subprocess.run(["dpkg-query", "-S", *files], capture_output=True, text=True).stdout
        needed = {line.split(":")[0] for line in owners.splitlines()} - {"libc6", "libgcc-s1"}
        installed = set((DEPLOY / "docker/Dockerfile").read_text().split())
        self.assertEqual({package for package in needed if package not in installed}, set())

    def test_the_health_check_of_the_image_tells_up_from_down(self):
        text = (DEPLOY / "docker/Dockerfile").read_text()
        command = json.loads(re.search(r"HEALTHCHECK .*CMD (\[[^]]*])", text.replace("\\\n", ""))[1])
        self.assertEqual(command[0], "nanospan")

        def healthy(port):
            words = [word.replace("13133", str(port)) for word in command[1:]]
            return subprocess.run([BINARY, *words], capture_output=True).returncode == 0

        health = 'extensions: {health_check: {endpoint: "127.0.0.1:0"}}\n'
        with Gateway(health + EVERYTHING.replace("service:", "service:\n  extensions: [health_check]")) as gateway:
            port = gateway.ports["extension"]
            self.assertTrue(healthy(port))
        self.assertFalse(healthy(port))

    def test_systemd_takes_the_unit(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("no systemd-analyze here")
        unit = DEPLOY / "systemd/nanospan-gateway.service"
        done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
        # The program need not be installed here; everything else has to be right.
        lines = [line for line in done.stderr.splitlines() if "nanospan" in line]
        self.assertEqual([line for line in lines if "is not executable" not in line], [])

    def test_the_load_script_is_javascript(self):
        if not shutil.which("node"):
            self.skipTest("no node here")
        script = (DEPLOY / "load/orders.js").read_text()
        done = subprocess.run(["node", "--check", "--input-type=module"], input=script, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    main()
