"""Runs a gateway on a processor of its own and measures it: under load, and at rest."""

import http.client
import json
import os
import pathlib
import resource
import signal
import socket
import statistics
import subprocess
import time

import gateway_paths
from children import die_with_parent

START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 30
IDLE_CONNECTIONS = 10_000


class Failed(Exception):
    """A measurement that has no figure, and why."""


def memory_kib(pid, name):
    """VmRSS or VmHWM of a process."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise Failed(f"/proc/{pid}/status has no {name}")


class Server:
    """One of the two, running: `command` with the configuration, pinned to a processor. `ready_ms` is the time from its
    start to the first 200 of its health check."""

    def __init__(self, command, config, folder, processor):
        if self.is_ready():
            raise Failed(f"something else answers on port {gateway_paths.HEALTH_PORT}; stop it and run this again")
        self.log_path = folder / "server.log"
        config_path = folder / "config.yaml"
        config_path.write_text(config, encoding="utf-8")
        environment = dict(os.environ, GOMAXPROCS="1")  # what the Collector sees; ours looks at its affinity
        with open(self.log_path, "wb") as log:
            begun = time.monotonic()
            self.process = subprocess.Popen(
                ["taskset", "-c", str(processor), *command, "--config", str(config_path)],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                preexec_fn=die_with_parent,
            )
        self.pid = self.process.pid  # taskset becomes the program
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > begun + START_SECONDS_MAX:
                self.process.kill()
                self.process.wait()
                raise Failed(f"it did not start; the end of its log: {self.log_end()}")
            time.sleep(0.001)
        self.ready_ms = (time.monotonic() - begun) * 1000

    @staticmethod
    def is_ready():
        connection = http.client.HTTPConnection("127.0.0.1", gateway_paths.HEALTH_PORT, timeout=1)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def log_end(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace").strip()[-600:]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def measure_path(path, command, nanospan, folder, certificates, seconds, processors):
    """One run of one path: what `nanospan load otlp` found, as a dictionary. Raises Failed if a span was lost."""
    with Server(command, gateway_paths.configuration(path, certificates), folder, processors[0]) as server:
        load = ["taskset", "-c", str(processors[1]), nanospan, "load", "otlp", "--json", "--pid", str(server.pid)]
        load += ["--seconds", str(seconds), *gateway_paths.load_arguments(path, certificates)]
        done = subprocess.run(
            load, capture_output=True, text=True, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent
        )
        if done.returncode != 0:
            raise Failed(
                f"exit code {done.returncode}: {done.stderr.strip()[-300:]} {done.stdout.strip()[:400]}"
                f" {server.log_end()[-300:]}"
            )
    result = json.loads(done.stdout)
    if result["spans_per_cpu_second"] == 0:
        raise Failed("nothing was acknowledged while it was measured: give it more --seconds")
    return result


def open_connections(count, port):
    """HTTP/2 connections that have said hello (RFC 9113, 3.4) and got the server's answer, as those of idle gRPC
    clients have. The limit on descriptors is raised as far as it goes."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    connections = []
    for _ in range(count):
        connections.append(socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS_MAX))
        connections[-1].sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0")
        if not connections[-1].recv(4096):
            raise Failed(f"it closed idle connection {len(connections)}")
    return connections


def settled_rss_kib(pid):
    """Once it no longer moves."""
    last = -1
    while (now := memory_kib(pid, "VmRSS")) != last:
        last = now
        time.sleep(0.3)
    return now


def measure_rest(command, folder, processors, starts):
    """{what: value} of a gateway that nobody loads: start, memory, memory of idle connections."""
    config = gateway_paths.configuration(gateway_paths.PATHS[0], folder)
    ready = []
    for _ in range(starts):
        with Server(command, config, folder, processors[0]) as server:
            ready.append(server.ready_ms)
    with Server(command, config, folder, processors[0]) as server:
        idle = settled_rss_kib(server.pid)
        connections = open_connections(IDLE_CONNECTIONS, gateway_paths.GRPC_PORT)
        try:
            with_connections = settled_rss_kib(server.pid)
        finally:
            for connection in connections:
                connection.close()
    return {
        "ready_ms": statistics.median(ready),
        "idle_mib": idle / 1024,
        "connection_kib": (with_connections - idle) / IDLE_CONNECTIONS,
    }
