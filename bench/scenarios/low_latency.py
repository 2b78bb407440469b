"""A trading loop with a gateway as agent on the same machine: every span recorded and sent on at once."""

from stage import BUILD, Report, Stage

TITLE = "a trading loop, everything sampled, low_latency preset, a local agent that forwards"
TARGETS = ["nanospan", "receiver", "service_loop"]
RATE = 2500  # messages a second, of 3 to 4 spans each: about 10,000 spans a second


def run(quick):
    report = Report("low_latency", TITLE)
    with Stage("low_latency") as stage:
        backend = stage.receiver()
        exporter = f"otlp_http: {{endpoint: {backend.url}, compression: none}}"
        agent = stage.gateway("agent", exporter)
        (loop,) = stage.json_of(
            "loop", BUILD / "bench/service_loop", "--rate", RATE, "--seconds", 3 if quick else 20,
            "--preset", "low_latency", "--endpoint", agent.url,
        )  # fmt: skip
        stage.stop(agent.program)  # It drains first, so that all is there to be counted.
        counts = backend.counts()
        report.check("messages/s", loop["operations_per_second"], ">=", RATE * 0.999, "/s")
        report.check("loop P99, from when a message was due", loop["p99_us"] / 1e3, "<", 5, "ms")
        report.figure("loop P99.9", loop["p999_us"] / 1e3, "ms")
        report.figure("loop, slowest", loop["max_us"] / 1e3, "ms")
        report.figure("End to received behind the agent, P50", counts["latency_ns_p50"] / 1e6, "ms")
        report.check("End to received behind the agent, P99", counts["latency_ns_p99"] / 1e6, "<=", 5, "ms")
        report.check("seed: export P99", counts["latency_ns_p99"] / 1e6, "<=", 15, "ms")
        report.figure("spans/s", loop["spans_ended"] / loop["operations"] * loop["operations_per_second"], "/s")
        report.check("spans lost", loop["spans_ended"] - counts["spans"], "=", 0, note=f"of {counts['spans']:,}")
        return report.finish(stage.folder)
