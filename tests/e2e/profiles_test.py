#!/usr/bin/env python3
"""Profiles of a program, sent as OTLP through the gateway, and the gateway's own, as `go tool pprof` shows them.

Usage: profiles_test.py NANOSPAN PROGRAM. Environment: NANOSPAN_SANITIZE, of a build without memory and locks.
"""

import contextlib
import gzip
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import unittest

from gateway_harness import Backend, Gateway, forwarding, main, request_with
from ports import free_port

ITSELF = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {nop: }
extensions:
  pprof: {endpoint: "127.0.0.1:0", hz: 1000, heap_interval_bytes: 4KiB}
service:
  extensions: [pprof]
  pipelines: {traces: {receivers: [otlp], exporters: [nop]}}
"""
PAST = "profile?from=-5m"
# What each page is called by its type, and whether the gateway is sure to have something of it.
PAGES = {
    PAST: ("cpu", True),
    "wall?seconds=1": ("wall", True),
    "heap": ("inuse_space", True),
    "allocs": ("alloc_space", True),
    "mutex": ("delay", False),
    "block": ("delay", False),
    "threads": ("threads", True),
    "goroutine": ("goroutine", True),
    "threadcreate": ("threadcreate", True),
}


@contextlib.contextmanager
def pprof_in_the_browser(profile):
    """What `go tool pprof -http` serves for a file: a function from a page to its text."""
    port = free_port()
    command = ["go", "tool", "pprof", f"-http=127.0.0.1:{port}", "-no_browser", profile]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            while process.poll() is None:
                with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                    break

            def page(path):
                connection = http.client.HTTPConnection("127.0.0.1", port)
                with contextlib.closing(connection):
                    connection.request("GET", path)
                    response = connection.getresponse()
                    return response.status, response.read().decode()

            yield page
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # `go` has started the program that serves


class OfTheGateway(unittest.TestCase):
    def setUp(self):
        self.gateway = self.enterContext(Gateway(ITSELF))
        while self.get(PAST)[0] != 200:
            self.assertEqual(self.gateway.post(request_with(["n-000000"] * 1000)), 200)

    def get(self, page):
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.ports["extension"])
        with contextlib.closing(connection):
            connection.request("GET", "/debug/pprof/" + page)
            response = connection.getresponse()
            return response.status, response.read()

    def pages(self):
        sanitized = os.environ.get("NANOSPAN_SANITIZE", "")
        return {p: t for p, t in PAGES.items() if not sanitized or p not in ("heap", "allocs", "mutex", "block")}

    def test_each_profile_is_there_and_go_reads_it(self):
        for page, (kind, has_samples) in self.pages().items():
            with self.subTest(page):
                status, profile = self.get(page)
                self.assertEqual(status, 200, profile)
                file = self.gateway.path / "profile.pb.gz"
                file.write_bytes(profile)
                if has_samples:
                    self.assertIn(b"nanospan::", gzip.decompress(profile))
                if shutil.which("go"):
                    top = subprocess.run(["go", "tool", "pprof", "-top", file], capture_output=True, text=True)
                    self.assertIn(f"Type: {kind}\n", top.stdout, top.stderr)
                    if has_samples:
                        self.assertIn("File: nanospan\n", top.stdout)
                    self.assertEqual(top.returncode, 0)

    def test_memory_in_use_is_shown_in_gos_page(self):
        self.shown_in_gos_page(["heap" if "heap" in self.pages() else PAST])

    def test_each_profile_is_shown_in_gos_page_full(self):
        if not os.environ.get("NANOSPAN_FULL"):
            self.skipTest("make test-full has it")
        self.shown_in_gos_page(self.pages())

    def shown_in_gos_page(self, pages):
        if not shutil.which("go"):
            self.skipTest("no `go tool pprof` on this machine")
        for page in pages:
            file = self.gateway.path / "profile.pb.gz"
            file.write_bytes(self.get(page)[1])
            with self.subTest(page), pprof_in_the_browser(file) as shown:
                for view in ("top", "flamegraph", "peek?f=nanospan"):
                    status, text = shown(f"/ui/{view}")
                    self.assertEqual(status, 200, view)
                    if PAGES[page][1]:
                        self.assertIn("nanospan::", text, view)


class OfAProgram(unittest.TestCase):
    def test_otlp_profiles_pass_through_the_gateway(self):
        backend = Backend()
        self.addCleanup(backend.kill)
        with Gateway(forwarding(backend.port).replace("traces:", "profiles:")) as gateway:
            environment = dict(
                os.environ,
                NANOSPAN_PROFILING="true",
                NANOSPAN_PROFILING_PORT="0",
                NANOSPAN_PROFILING_PUSH_PROTOCOL="otlp_development",
                NANOSPAN_PROFILING_PUSH_URL=f"http://127.0.0.1:{gateway.ports['receiver']}",
                NANOSPAN_PROFILING_SECONDS="1",
                NANOSPAN_PROFILING_EVERY_SECONDS="1",
            )
            with subprocess.Popen([sys.argv[2], "serve"], stdin=subprocess.PIPE, env=environment) as program:
                backend.arrived.acquire()
                program.stdin.close()
            self.assertEqual(program.returncode, 0)
            coding, body = backend.bodies[0]
            profile = gzip.decompress(body) if coding == "gzip" else body
            # Resource of the SDK, function, labels, types.
            for text in (b"shop", b"telemetry.sdk.name", b"handle_order", b"/orders/{id}", b"nanoseconds"):
                self.assertIn(text, profile)
            self.assertGreater(gateway.metric("otelcol_receiver_accepted_profile_samples"), 0)
            self.assertEqual(gateway.metric("otelcol_receiver_refused_profile_samples"), 0)


if __name__ == "__main__":
    main()
