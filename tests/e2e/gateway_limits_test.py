#!/usr/bin/env python3
"""A gateway in real control groups: a load without end and a destination that stands still do not get it killed, and
nothing that was acknowledged is lost; limits that change under load are followed without a failed request.

Needs root and a writable /sys/fs/cgroup, else it is skipped and says what is missing.
"""

import json
import pathlib
import re
import subprocess
import sys
import unittest

from cgroups import Group
from gateway_harness import BINARY, Backend, Gateway, main, request_with
from ports import free_port
from slow_proxy import SlowProxy

CONFIG = """
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}
exporters:
  otlp_http:
    endpoint: http://127.0.0.1:%d
    compression: none
    timeout: 60s
    retry_on_failure: {initial_interval: 10ms, max_interval: 50ms}
    sending_queue: {queue_size: 100000000, sizer: items}
service:
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}
  %s
"""


class Load:
    """nanospan load otlp as it runs; it is also the destination, and accounts for each span by its id."""

    def __init__(self, gateway, sink, *arguments):
        url = f"http://127.0.0.1:{gateway.ports['receiver']}"
        command = [BINARY, "load", "otlp", "--url", url, "--protocol", "http", "--warm-up", 0, "--json"]
        command += ["--sink", f"127.0.0.1:{sink}", "--settle", 120, *arguments]
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def result(self):
        out, said = self.process.communicate()
        return self.process.returncode, json.loads(out) if out else {}, said


SPAN_BYTES = 800  # of those that nanospan load sends, about
QUIET_QUESTIONS_MAX = 2000  # about seconds, but counted: on a machine that stands still nobody asks


def steps(gateway, name):
    return int(gateway.metric('nanospan_memory_steps{step="%s"}' % name))


SANITIZED = re.search(rb"__[at]san_init", BINARY.read_bytes())


@unittest.skipIf(SANITIZED, "a sanitizer's own memory does not fit into the groups")
class Limits(unittest.TestCase):
    def group(self, controller):
        group = Group(controller)
        self.addCleanup(group.close)
        return group

    def wait_under(self, load, gateway, mebibytes, condition):
        """Until `condition` holds. Fails once the load has ended before that, or has put more into the gateway than
        these mebibytes hold."""
        self.addCleanup(load.process.kill)
        answered, quiet = 0, 0
        while not condition():
            accepted = gateway.metric("otelcol_receiver_accepted_spans")
            self.assertLess(accepted * SPAN_BYTES, mebibytes << 20, "more is accepted than there is room for")
            before, answered = answered, accepted + gateway.metric("nanospan_receiver_refused_requests")
            quiet = quiet + 1 if answered == before else 0
            self.assertLess(quiet, QUIET_QUESTIONS_MAX, f"the load has ended, after {accepted:.0f} accepted spans")

    def test_a_budget_beyond_what_there_is_and_a_load_without_end_do_not_get_it_killed(self):
        group = self.group("memory")
        group.limit_memory(256)
        sink = free_port()
        with SlowProxy(sink) as proxy:
            with Gateway(CONFIG % (proxy.port, "memory_budget: 1GiB"), limits=group.enter) as gateway:
                load = Load(gateway, sink, "--connections", 16, "--seconds", 4)
                self.wait_under(
                    load, gateway, 512, lambda: gateway.metric("nanospan_receiver_refused_requests") > 0
                )
                self.wait_under(load, gateway, 512, lambda: steps(gateway, "return") > 0)
                proxy.open()
                code, found, said = load.result()
                self.assertEqual(code, 0, said)
                self.assertEqual((found["spans_lost"], found["failed"]), (0, 0), found)
                self.assertGreater(found["refused"], 0)
                self.assertEqual(found["spans_received"], found["spans_acknowledged"])
                self.assertEqual(group.oom_kills(), 0)
                self.assertIsNone(gateway.process.poll())
                print(
                    f"{found['spans_acknowledged']} spans acknowledged, {found['refused']} requests refused, "
                    f"peak of the group {group.peak_mebibytes()} MiB of 256"
                )

    def test_a_destination_that_stands_still_fills_the_memory_limiter_and_not_more(self):
        limit_mib = 192
        sink = free_port()
        with SlowProxy(sink) as proxy:
            config = (CONFIG % (proxy.port, "")).replace("exporters: [", "processors: [memory_limiter], exporters: [")
            config += f"processors: {{memory_limiter: {{check_interval: 1s, limit_mib: {limit_mib}}}}}\n"
            with Gateway(config) as gateway:
                load = Load(gateway, sink, "--connections", 16, "--seconds", 4)
                self.wait_under(
                    load, gateway, 2 * limit_mib, lambda: gateway.metric("nanospan_receiver_refused_requests") > 0
                )
                proxy.open()
                code, found, said = load.result()
                self.assertEqual(code, 0, said)
                self.assertEqual((found["spans_lost"], found["failed"]), (0, 0), found)
                status = pathlib.Path(f"/proc/{gateway.process.pid}/status").read_text()
                highest_mib = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024
                self.assertLessEqual(highest_mib, limit_mib * 1.05)
                print(f"{found['refused']} requests refused, {highest_mib:.0f} MiB of {limit_mib} at the highest")

    def test_a_neighbour_that_takes_the_memory_has_requests_refused_until_it_is_gone(self):
        group = self.group("memory")
        group.limit_memory(256)
        backend = Backend()
        self.addCleanup(backend.kill)
        with Gateway(CONFIG % (backend.port, ""), limits=group.enter) as gateway:
            self.assertEqual(gateway.post(request_with(["n-000001"])), 200)
            takes = "held = b'x' * (220 << 20); input()"
            neighbour = subprocess.Popen([sys.executable, "-c", takes], stdin=subprocess.PIPE, preexec_fn=group.enter)
            gateway.wait_until(lambda: steps(gateway, "refuse") > 0)
            self.assertEqual(gateway.post(request_with(["n-000002"])), 503)
            neighbour.communicate(b"\n")
            gateway.wait_until(lambda: gateway.post(request_with(["n-000003"])) == 200)
            gateway.signal()
            self.assertEqual(gateway.wait(), 0)
            self.assertEqual(group.oom_kills(), 0)
            self.assertEqual(backend.received, [b"n-000001", b"n-000003"])
            self.assertIn("requests are refused, their senders told to come back", gateway.text())

    def test_limits_that_change_under_load_are_followed_and_no_request_fails(self):
        memory, cpu = self.group("memory"), self.group("cpu")
        memory.limit_memory(512)
        cpu.limit_cpus(1.5)
        sink = free_port()

        def enter():
            memory.enter()
            cpu.enter()

        with Gateway(CONFIG % (sink, ""), limits=enter) as gateway:
            load = Load(gateway, sink, "--rate", 5000, "--batch", 10, "--seconds", 3)
            gateway.wait_until(lambda: gateway.metric("otelcol_receiver_accepted_spans") > 0)
            for mebibytes, cpus, rounded in ((256, 0.5, 1), (384, 1.5, 2)):
                memory.limit_memory(mebibytes)
                cpu.limit_cpus(cpus)
                gateway.wait_until(
                    lambda: gateway.metric("nanospan_memory_budget_bytes") == mebibytes << 18
                    and gateway.metric("nanospan_cpus_allowed") == rounded
                )
            code, found, said = load.result()
            self.assertEqual(code, 0, said)
            for what in ("spans_lost", "spans_duplicated", "failed", "refused"):
                self.assertEqual(found[what], 0, what)
            self.assertEqual(found["spans_received"], found["spans_sent"])
            self.assertEqual(gateway.metric('nanospan_limit_changes{limit="memory"}'), 2)
            self.assertIn("processors are now 1 (", gateway.text())


if __name__ == "__main__":
    main()
