"""A backend that stands still while senders go on with three times what it took before: the gateway holds what it has
acknowledged in memory, up to the limit of `memory_limiter`, and refuses the rest.

A tenth of the time the backend takes its share, then nothing, and in the last tenth again. It takes connections and
bytes until the buffers of the kernel are full, which is how a process that hangs looks from outside. In the end every
acknowledged span must be there: the queue was in memory all the time.
"""


from stage import (
    BACKEND_SPANS_PER_SECOND,
    BATCH,
    BUILD,
    SPAN_BYTES,
    Report,
    Stage,
    resident_peak_mb,
)

from ports import free_port  # noqa: E402, as stage finds it
from slow_proxy import SlowProxy  # noqa: E402

TITLE = "a backend that stands still, three times the load, and memory_limiter"
TARGETS = ["nanospan"]
LIMIT_MIB = 256
TIMES = 3
WARM_UP_SECONDS = 1


def measure(stage, seconds):
    report = Report("stalled", f"{TITLE}: {seconds} s")
    sink = free_port()
    with SlowProxy(sink, BACKEND_SPANS_PER_SECOND * SPAN_BYTES) as proxy:
        proxy.open()
        gateway = stage.gateway(
            "gateway",
            f"otlp_http: {{endpoint: http://127.0.0.1:{proxy.port}, compression: none, timeout: 5s, "
            "sending_queue: {queue_size: 1000000000, sizer: items}, "
            "retry_on_failure: {initial_interval: 50ms, max_interval: 1s, max_elapsed_time: 0s}}",
            processor=f"memory_limiter: {{check_interval: 1s, limit_mib: {LIMIT_MIB}}}",
        )
        idle = resident_peak_mb(gateway.program)
        steps = [stage.later(seconds * 0.1, proxy.stall), stage.later(seconds * 0.9, proxy.open)]
        (load,) = stage.json_of(
            "load", BUILD / "nanospan", "load", "otlp", "--url", gateway.grpc_url, "--protocol", "grpc",
            "--sink", f"127.0.0.1:{sink}", "--batch", BATCH, "--rate", TIMES * BACKEND_SPANS_PER_SECOND,
            "--connections", 20, "--in-flight", 5, "--warm-up", WARM_UP_SECONDS, "--seconds", seconds,
            "--settle", 120, "--json", codes=(0, 1, 4),
        )  # fmt: skip
        for step in steps:
            step.done()
        peak_mib = resident_peak_mb(gateway.program) * 1e6 / (1 << 20)
        held_mib = gateway.metric("nanospan_memory_budget_bytes") / (1 << 20)
        report.check("memory of the gateway, highest", peak_mib, "<=", LIMIT_MIB * 1.05, "MiB", f"limit {LIMIT_MIB}")
        # Without these two the first would hold of a gateway that nobody overloads, or that refuses everything.
        times_sent = load["spans_sent"] / (WARM_UP_SECONDS + seconds) / BACKEND_SPANS_PER_SECOND
        report.check("sent, of what the backend takes", times_sent, ">=", 0.9 * TIMES, "times")
        report.check("memory of the gateway, highest: in use", peak_mib, ">=", LIMIT_MIB / 2, "MiB")
        report.check("acknowledged spans lost", load["spans_lost"], "=", 0)
        report.check("requests refused, to be retried", load["refused"], ">=", 1)
        report.check("requests that broke", load["failed"], "=", 0)
        report.check("gateway ended by itself", int(gateway.program.poll() is not None), "=", 0)
        report.figure("memory of the gateway before the load", idle * 1e6 / (1 << 20), "MiB")
        report.figure("budget of requests", held_mib, "MiB")
        report.figure("spans acknowledged", load["spans_acknowledged"])
        report.figure("spans sent twice, after a time-out", load["spans_duplicated"])
    return report.finish(stage.folder)


def run(quick, seconds=None):
    with Stage("stalled") as stage:
        return measure(stage, seconds or (20 if quick else 60))
