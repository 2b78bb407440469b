"""An order service with much traffic: 1 % of the traces recorded, large batches, compressed.

The service over HTTP, driven at a fixed rate so that latency hides nothing, with tracing on and off in turn; then the
same preset in one process at 50,000 operations a second.
"""

import re

from intervals import share_of_tracing
from stage import BUILD, Report, Stage, resident_peak_mb

TITLE = "orders at 10K requests/s and 50K operations/s, 1 % sampled, queue 8192, batch 2048, gzip"
TARGETS = ["nanospan", "orders", "service_loop"]
RATE = 10_500
CLIENTS = 100
ROUND_SECONDS = 1
COMPRESSED = {"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}
ORDER = '{"customer":"ann","items":[{"sku":"TEA-1","quantity":2,"unit_price_cents":450}]}'


def service(stage, name, *flags):
    """An orders service on a free port: the program, and its URL."""
    command = [BUILD / "examples/orders/orders", "--port", "0", "--database", f"{name}.db", "--payment-failures", "0"]
    program = stage.start(name, *command, *flags, environment=COMPRESSED)
    return program, stage.wait_for_log(program, r"listening on (http://[^ ,]+)")[1]


def over_http(stage, report, gateway, pairs):
    on, on_url = service(stage, "on", "--sample-ratio", "0.01", "--endpoint", gateway.url)
    off, off_url = service(stage, "off", "--tracing", "off")

    def drive(name, seconds):
        return stage.json_of(
            name, BUILD / "nanospan", "load", "http", "--json", "--rate", RATE, "--connections", CLIENTS,
            "--seconds", seconds, "--round", min(ROUND_SECONDS, seconds / 2), "--threshold", "errors<1",
            "--url", on_url, "--label", "on", "--pid", on.pid, "--url", off_url, "--label", "off", "--pid", off.pid,
            "--request", f"POST /api/orders {ORDER}", "--request", "GET /api/orders/1",
            "--request", "GET /api/orders?limit=10", show_log=True,
        )  # fmt: skip

    drive("warm", 2)
    traced, plain = drive("load", 2 * ROUND_SECONDS * pairs)
    memory = resident_peak_mb(on)
    account = stage.stop_json(on)
    stage.stop(off)
    report.check("HTTP requests/s, tracing on", traced["requests_per_second"], ">=", 10_000, "/s")
    report.check("HTTP P99 from when due, tracing on", traced["p99_ms"], "<", 10, "ms")
    report.figure("HTTP P99 from when due, tracing off", plain["p99_ms"], "ms")
    bad = sum(side["failed"] + side["unsent"] + side["error_status"] for side in (traced, plain))
    report.check("HTTP requests without a good answer", bad, "=", 0)
    share, half = share_of_tracing(traced["cpu_us_rounds"], plain["cpu_us_rounds"])
    report.figure("HTTP CPU a request, tracing on", traced["cpu_us_per_request"], "us")
    note = f"{share:+.2f} +- {half:.2f}"
    report.check("HTTP CPU share of tracing, 95 % interval's end", share + half, "<", 3, "%", note)
    report.check("service's memory at its highest", memory, "<", 80, "MB")
    traces = len(set(re.findall(r'"traceId":"(\w+)"', (stage.folder / "traces.jsonl").read_text())))
    sampled = traces / account["requests"] * 100
    note = f"{traces:,} traces of {account['requests']:,} requests: {sampled:.2f} %"
    report.check("recorded traces, away from 1 %", abs(sampled - 1), "<", 0.15, "%", note)
    report.check("spans lost", account["spans_ended"] - int(gateway.metric("otelcol_receiver_accepted_spans")), "=", 0)


def in_process(stage, report, gateway, seconds):
    before = gateway.metric("otelcol_receiver_accepted_spans")
    on, off = stage.json_of(
        "loop", BUILD / "bench/service_loop", "--rate", 50_000, "--seconds", seconds, "--tracing", "both",
        "--preset", "high_throughput", "--sample-ratio", "0.01", "--endpoint", gateway.url, environment=COMPRESSED,
    )  # fmt: skip
    report.check("in process: operations/s", on["operations_per_second"], ">=", 49_950, "/s")
    report.check("in process: P99 from when due", on["p99_us"] / 1e3, "<", 10, "ms")
    report.figure("in process: CPU an operation", on["cpu_us_per_operation"], "us")
    cost = on["cpu_us_per_operation"] - off["cpu_us_per_operation"]
    report.figure("of which tracing", cost, "us", f"{on['sdk_cpu_us_per_operation']:.3f} us in the SDK's threads")
    sdk = on["sdk_cpu_us_per_operation"]
    share, half = share_of_tracing([turn + sdk for turn in on["cpu_us_turns"]], off["cpu_us_turns"])
    note = f"{share:+.2f} +- {half:.2f}"
    report.check("in process: CPU share of tracing, interval's end", share + half, "<", 3, "%", note)
    report.check("in process: memory", on["resident_peak_bytes"] / 1e6, "<", 80, "MB")
    lost = on["spans_ended"] - int(gateway.metric("otelcol_receiver_accepted_spans") - before)
    report.check("in process: spans lost", lost, "=", 0, note=f"of {on['spans_ended']:,}")


def run(quick):
    report = Report("high_throughput", TITLE)
    with Stage("high_throughput") as stage:
        gateway = stage.gateway("gateway", "file: {path: traces.jsonl}")
        over_http(stage, report, gateway, 2 if quick else 30)
        in_process(stage, report, gateway, 4 if quick else 40)
        return report.finish(stage.folder)
