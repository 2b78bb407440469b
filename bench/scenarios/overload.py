"""A gateway in a container of 256 MiB gets ten times what its backend takes: half of the time over HTTP/1.1, half over
gRPC.

It answers when the backend has the spans (wait_for_result), so whatever it refuses its senders keep; each single span
that it acknowledged is looked for at the end, and a sender must see refusals only: no connection that breaks. The
container is a control group, which takes root.
"""

import unittest

from stage import (
    BACKEND_SPANS_PER_SECOND,
    BATCH,
    BUILD,
    NOT_RUN,
    SPAN_BYTES,
    Report,
    Stage,
    resident_peak_mb,
)

from cgroups import Group  # noqa: E402, as stage finds it
from ports import free_port  # noqa: E402
from slow_proxy import SlowProxy  # noqa: E402

TITLE = "256 MiB, ten times what the backend takes; every acknowledged span looked for"
TARGETS = ["nanospan"]
MEBIBYTES = 256
TIMES = 10
WARM_UP_SECONDS = 1


def load_over(stage, protocol, url, sink, seconds, *shape):
    (load,) = stage.json_of(
        f"load-{protocol}", BUILD / "nanospan", "load", "otlp", "--url", url, "--protocol", protocol,
        "--sink", f"127.0.0.1:{sink}", *shape, "--batch", BATCH, "--rate", TIMES * BACKEND_SPANS_PER_SECOND,
        "--warm-up", WARM_UP_SECONDS, "--seconds", seconds, "--settle", 60, "--json", codes=(0, 1, 4),
    )  # fmt: skip
    return load


def judge(report, over, load, seconds):
    # Without these two the others would hold of a gateway that nobody overloads, or that refuses everything.
    times_sent = load["spans_sent"] / (WARM_UP_SECONDS + seconds) / BACKEND_SPANS_PER_SECOND
    report.check(f"{over}: sent, of what the backend takes", times_sent, ">=", 0.9 * TIMES, "times")
    times_taken = load["spans_per_second"] / BACKEND_SPANS_PER_SECOND  # in the time that is measured, not afterwards
    report.check(f"{over}: acknowledged, of what the backend takes", times_taken, ">=", 0.8, "times")
    report.check(f"{over}: acknowledged spans lost", load["spans_lost"], "=", 0)
    report.check(f"{over}: acknowledged, delivered", load["spans_received"], "=", load["spans_acknowledged"], "spans")
    report.check(f"{over}: requests refused, to be retried", load["refused"], ">=", 1)
    report.check(f"{over}: requests that broke", load["failed"], "=", 0)
    report.figure(f"{over}: spans sent", load["spans_sent"])
    report.figure(f"{over}: acknowledgement P50", load["p50_ms"], "ms")


def measure(stage, group, seconds):
    report = Report("overload", TITLE)
    sink = free_port()
    with SlowProxy(sink, BACKEND_SPANS_PER_SECOND * SPAN_BYTES) as proxy:
        proxy.open()
        gateway = stage.gateway(
            "gateway",
            f"otlp_http: {{endpoint: http://127.0.0.1:{proxy.port}, compression: none, timeout: 60s, "
            "sending_queue: {wait_for_result: true, queue_size: 100000}, retry_on_failure: {initial_interval: 50ms}}",
            enter=group.enter,
        )
        half = seconds / 2
        http = load_over(stage, "http", gateway.url, sink, half, "--connections", 500)
        grpc = load_over(stage, "grpc", gateway.grpc_url, sink, half, "--connections", 100, "--in-flight", 5)
        report.check("kills for memory", group.oom_kills(), "=", 0)
        report.check("gateway ended by itself", int(gateway.program.poll() is not None), "=", 0)
        peak = group.peak_mebibytes()  # The kernel keeps it within the limit; whether it was measured is the check.
        report.check("memory of the container, highest", peak, ">=", 1, "MiB", f"of {MEBIBYTES} MiB")
        report.figure("memory of the gateway, highest", resident_peak_mb(gateway.program), "MB")
        judge(report, "HTTP/1.1", http, half)
        judge(report, "gRPC", grpc, half)
        for step in ("return", "shrink", "refuse"):
            report.figure(f"memory steps, {step}", gateway.metric("nanospan_memory_steps", f'step="{step}"'))
    return report.finish(stage.folder)


def run(quick, seconds=None):
    try:
        group = Group("memory")
    except unittest.SkipTest as why:
        print(f"overload: SKIPPED: {why}")
        return NOT_RUN
    group.limit_memory(MEBIBYTES)
    try:
        with Stage("overload") as stage:
            return measure(stage, group, seconds or (20 if quick else 600))
    finally:
        group.close()
