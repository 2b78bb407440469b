"""Where memory is scarce: service and gateway together, at 10,000 spans a second, all recorded."""

from stage import BUILD, Report, Stage, resident_peak_mb

TITLE = "10K spans/s, everything sampled, low_memory preset: service and gateway together"
TARGETS = ["nanospan", "service_loop"]
RATE = 3000  # operations a second, of 3 to 4 spans each


def run(quick):
    report = Report("low_memory", TITLE)
    with Stage("low_memory") as stage:
        gateway = stage.gateway("gateway", "file: {path: traces.jsonl}")
        command = [BUILD / "bench/service_loop", "--rate", RATE, "--seconds", 3 if quick else 20]
        (plain,) = stage.json_of("off", *command, "--tracing", "off")
        (loop,) = stage.json_of("on", *command, "--preset", "low_memory", "--endpoint", gateway.url)
        memory = loop["resident_peak_bytes"] / 1e6
        spans = loop["spans_ended"] / loop["operations"] * loop["operations_per_second"]
        gateway_memory = resident_peak_mb(gateway.program)
        report.check("spans/s", spans, ">=", 10_000, "/s")
        report.check("memory in all, at its highest", memory + gateway_memory, "<", 100, "MB")
        report.figure("of which the service", memory, "MB")
        report.figure("of which tracing", memory - plain["resident_peak_bytes"] / 1e6, "MB")
        report.figure("of which the gateway", gateway_memory, "MB")
        lost = loop["spans_ended"] - int(gateway.metric("otelcol_receiver_accepted_spans"))
        report.check("spans lost", lost, "=", 0, note=f"of {loop['spans_ended']:,}")
        return report.finish(stage.folder)
