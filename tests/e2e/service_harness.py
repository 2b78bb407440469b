"""Example services that export to a gateway, and the spans that it kept."""

import http.client
import json
import re
import signal
import subprocess
import tempfile

SERVER, CLIENT, ERROR = 2, 3, 2
ORDER = {
    "customer": "ann",
    "items": [
        {"sku": "TEA-1", "quantity": 2, "unit_price_cents": 450},
        {"sku": "CUP", "quantity": 1, "unit_price_cents": 90},
    ],
}
CONFIG = """
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}
exporters:
  file: {path: traces.jsonl}
service:
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines:
    traces: {receivers: [otlp], exporters: [file]}
"""


class Service:
    """One of the example services on a free port, in a folder of its own."""

    def __init__(self, *command):
        self.folder = tempfile.TemporaryDirectory()
        command = [*command, "--port", "0"]
        self.process = subprocess.Popen(
            command, cwd=self.folder.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        line = self.process.stderr.readline()
        found = re.search(r"listening on http://127\.0\.0\.1:(\d+)", line)
        if not found:
            raise AssertionError("did not start: " + line + self.process.stderr.read())
        self.port = int(found[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def request(self, method, path, body=None, **headers):
        """(status, JSON) of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        connection.request(method, path, text, {"User-Agent": "shopper/1", **headers})
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        return response.status, json.loads(answer) if answer else None

    def stop(self):
        """Asks it to end; its account."""
        self.process.send_signal(signal.SIGTERM)
        out, self.errors = self.process.communicate()
        if self.process.returncode != 0:
            raise AssertionError(f"ended with {self.process.returncode}: {self.errors}")
        return json.loads(out)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self.folder.cleanup()


def plain(value):
    """An AnyValue as Python has it."""
    (kind, content), = value.items()
    return int(content) if kind == "intValue" else content


class Span:
    def __init__(self, resource, scope, raw):
        self.resource, self.scope, self.name = resource, scope, raw["name"]
        self.trace, self.id, self.parent = raw["traceId"], raw["spanId"], raw.get("parentSpanId", "")
        self.kind, self.status = raw["kind"], raw.get("status", {}).get("code", 0)
        self.start, self.end = int(raw["startTimeUnixNano"]), int(raw["endTimeUnixNano"])
        self.attributes = {a["key"]: plain(a["value"]) for a in raw.get("attributes", [])}


def spans_in(path):
    spans = []
    for line in path.read_text().splitlines():
        for resource in json.loads(line)["resourceSpans"]:
            attributes = {a["key"]: plain(a["value"]) for a in resource["resource"]["attributes"]}
            for scope in resource["scopeSpans"]:
                spans += [Span(attributes, scope["scope"]["name"], raw) for raw in scope["spans"]]
    return spans
