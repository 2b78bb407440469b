"""A running nanospan, a backend that behaves as told, and requests whose spans can be told apart."""

import http.client
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

BINARY = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, payload):
    """A length-delimited protobuf field."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def request_with(names):
    """An ExportTraceServiceRequest with one span for each name."""
    times = b"\x39" + struct.pack("<Q", 1) + b"\x41" + struct.pack("<Q", 2)
    spans = b"".join(
        field(2, field(1, os.urandom(16)) + field(2, os.urandom(8)) + field(5, name.encode()) + times) for name in names
    )
    return field(1, field(2, spans))


def spans_of(line):
    """The spans of the first scope in a line of OTLP JSON."""
    return json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]


class Gateway:
    """`nanospan serve` with a configuration, in a folder of its own. Ports may be 0: the start block names them."""

    def __init__(self, config=None, limits=None):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        command = [BINARY, "serve"]
        if config is not None:
            (self.path / "config.yaml").write_text(config)
            command += ["--config", "config.yaml"]
        self.process = subprocess.Popen(
            command, cwd=self.path, stderr=subprocess.PIPE, text=True, preexec_fn=limits, errors="replace"
        )
        self.lines, self.ports = [], {}
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if not self.wait_for_line("  limits  "):
            raise AssertionError("did not start:\n" + "".join(self.lines))
        for line in self.lines:
            found = re.match(r"  (receiver|extension|metrics) .*http [^ /]*:(\d+)", line)
            if found:
                self.ports[found[1]] = int(found[2])
            if found := re.match(r"  receiver .*grpc [^ /]*:(\d+)", line):
                self.ports["grpc"] = int(found[1])

    def _read(self):
        for line in self.process.stderr:
            with self.changed:
                self.lines.append(line)
                self.changed.notify_all()
        with self.changed:
            self.lines.append("")  # the end
            self.changed.notify_all()

    def wait_for_line(self, text):
        """True once a line has `text`; False if the program ended without one."""
        with self.changed:
            self.changed.wait_for(lambda: any(text in line for line in self.lines) or "" in self.lines)
            return any(text in line for line in self.lines)

    def post(self, body, path="/v1/traces", headers={}):
        """The status, or None if the connection broke."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["receiver"])
        try:
            connection.request("POST", path, body, {"Content-Type": "application/x-protobuf", **headers})
            response = connection.getresponse()
            response.read()
            return response.status
        except OSError:
            return None
        except http.client.HTTPException:
            return None
        finally:
            connection.close()

    def get(self, what, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[what])
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, body

    def metric(self, series):
        """The value of a series 'name{label="x"}'; without labels the sum of all of that name; 0 if there is none."""
        total = 0.0
        for line in self.get("metrics", "/metrics")[1].splitlines():
            name = line.rpartition(" ")[0]
            if name == series or name.partition("{")[0] == series:
                total += float(line.rpartition(" ")[2])
        return total

    def ledger(self, exporter):
        label = '{exporter="%s"}' % exporter
        names = (
            "nanospan_exporter_enqueued",
            "otelcol_exporter_sent",
            "otelcol_exporter_send_failed",
            "nanospan_exporter_queued",
        )
        return [int(self.metric(f"{name}_spans{label}")) for name in names]

    def wait_until(self, condition):
        """Asks again and again; each question is a request, so this is no busy loop. The test's time limit ends it."""
        while not condition():
            pass

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self):
        code = self.process.wait()
        self.reader.join()
        return code

    def text(self):
        with self.changed:
            return "".join(self.lines)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stderr.close()
        self.folder.cleanup()


class Backend:
    """An OTLP/HTTP receiver that notes the names of the spans it got, `bodies` with their Content-Encoding, and
    `credentials`. `gate` holds its answers back while cleared."""

    def __init__(self, port=0, received=None):
        self.received = received if received is not None else []
        self.bodies, self.credentials = [], []
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Semaphore(0)
        backend = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                backend.connections.append(self.connection)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                backend.credentials.append(self.headers.get("Authorization", ""))
                backend.bodies.append((self.headers.get("Content-Encoding", ""), body))
                backend.arrived.release()
                backend.gate.wait()
                backend.received.extend(re.findall(rb"n-\d{6}", body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_):
                pass

        self.connections, self.killed = [], False
        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def kill(self):
        """As a crash: nothing more is answered, connections are reset, nobody listens. Idempotent."""
        if self.killed:
            return
        self.killed = True
        self.gate.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        for connection in self.connections:
            try:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def forwarding(backend_port, exporter="", service=""):
    """A configuration that forwards to a backend, without compression, with quick retries."""
    return f"""
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:0"}}}}}}
exporters:
  otlp_http:
    endpoint: http://127.0.0.1:{backend_port}
    compression: none
    retry_on_failure: {{initial_interval: 10ms, max_interval: 50ms}}
{exporter}
extensions:
  health_check: {{endpoint: "127.0.0.1:0"}}
service:
  extensions: [health_check]
  telemetry: {{metrics: {{address: "127.0.0.1:0"}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [otlp_http]}}
{service}
"""


def main():
    unittest.main(argv=[sys.argv[0]], verbosity=2)
