"""The rows of the guide to fast OTLP tracing that this project answers: section, title, claims.

The numbers are the guide's, of its own machine. Experiments are those of catalogue.py, cases and
metrics those that the programs write.
"""

from claims import checks, cost, gain, limit, pair, shown


def _batch_rows():
    guide = (("128", 8_000, 150, 12), ("512", 18_000, 120, 8), ("1024", 25_000, 100, 6), ("2048", 28_000, 90, 5))
    rows = []
    for size, rate, late, cpu in guide:
        throughput, delay = "throughput", "P99 End to received, 10,000 spans/s"
        at = f"batch {size}"
        rows.append(
            limit(f"{at}: throughput", f"{rate:,} spans/s", "batch_size", size, throughput, rate, True, True)
        )
        rows.append(limit(f"{at}: P99 End to received", f"{late} ms", "batch_size", size, delay, late, False, True))
        rows.append(limit(f"{at}: CPU", f"{cpu} %", "batch_size", size, "CPU, 10,000 spans/s", cpu, False, True))
    return tuple(rows)


def _stall(what, claim, case, metric, bound):
    return limit(what, claim, "stalls", case, metric, bound, peer=True)


SCENARIOS = tuple(f"scenario_{name}" for name in ("shop", "high_throughput", "low_latency", "low_memory", "cluster"))
LONG_SCENARIOS = ("scenario_overload", "scenario_stalled")
REQUEST_P99 = limit(
    "P99 of a request of the orders service at 10,500 a second, 1 % sampled",
    "< 10 ms",
    "scenario_high_throughput",
    "",
    "HTTP P99 from when due, tracing on",
    10,
)
ROWS = (
    (
        "1, 2.1",
        "Low latency, high throughput, low overhead",
        (
            limit("start and end of a sampled span", "< 1 µs", "spans", "W2", "time", 1000, peer=True),
            limit("a span with 10 attributes", "", "spans", "W4", "time", 1000, peer=True),
            limit(
                "P99 End to received, preset low_latency",
                "< 100 ms",
                "presets",
                "low_latency",
                "P99 End to received",
                100,
                peer=True,
            ),
            limit(
                "P99 End to received, default preset", "< 100 ms", "presets", "default", "P99 End to received", 100
            ),
            limit(
                "throughput, one core, batches of 512",
                "> 10K spans/s",
                "batch_size",
                "512",
                "throughput",
                10e3,
                True,
                True,
            ),
            limit("CPU at 10,000 spans/s", "< 5 %", "presets", "default", "CPU", 5, peer=True),
            limit(
                "memory at 10,000 spans/s, all of the process",
                "< 100 MB",
                "presets",
                "default",
                "highest memory of the process",
                95,
                peer=True,
            ),
            _stall("P99 of end() under load", "< 10 ms", "under load: end", "p99", 10e6),
            REQUEST_P99,
            limit(
                "requests a second of the orders service", "10K+", "orders", "1 % sampled", "requests", 10_000, True
            ),
        ),
    ),
    (
        "2.2",
        "Where the time goes",
        (
            shown("encode: start, attributes, end", "serialise 30-40 %", "shares", "encode", "share", True),
            shown("network", "20-30 %", "shares", "network", "share", True),
            shown("allocate and free", '"frequent GC"', "shares", "allocate", "share", True),
            shown("locks, waiting and waking", '"queue lock"', "shares", "lock", "share", True),
        ),
    ),
    (
        "2.3, 11.3",
        "CPU and heap profiles over HTTP, flame graph",
        (
            limit(
                "samples of a CPU profile over HTTP, of a program under load",
                "profile on :6060",
                "profiling",
                "profile",
                "samples",
                20,
                True,
            ),
            limit(
                "flame graph page, opens without internet",
                "",
                "profiling",
                "page",
                "served, asking nothing from outside",
                1,
                True,
            ),
        ),
    ),
    (
        "3.1",
        "Attributes in one batch, without copies",
        (
            pair(
                "8 attributes: one call each → one list",
                "one batch is better",
                "attributes_pair",
                "time",
                "one call each",
                "one list in one call",
                peer=True,
            ),
            limit(
                "allocations, one call each", "", "attributes_pair", "one call each", "allocations", 0, peer=True
            ),
        ),
    ),
    (
        "3.2",
        "Pooling",
        (
            pair(
                "objects made anew → pooled: allocations",
                "−80 %",
                "pooling_pair",
                "allocations",
                "objects, made anew",
                "objects, pooled",
                peer=True,
            ),
            pair(
                "objects pooled → bytes in a slab: time",
                "",
                "pooling_pair",
                "time",
                "objects, pooled",
                "nanospan: bytes in a pooled slab",
            ),
            limit(
                "allocations a span, ours", "", "pooling_pair", "nanospan: bytes in a pooled slab", "allocations", 0
            ),
        ),
    ),
    (
        "3.3",
        "Memory layout",
        (
            shown(
                "hot structures with sizes and offsets pinned at compile time",
                "order the fields",
                "layout",
                "pinned structures",
                "count",
            ),
        ),
    ),
    (
        "3.4, 8.2",
        "Short pauses, bounded memory",
        (
            _stall("P99 of end() under load", "10 ms → 2 ms", "under load: end", "p99", 2e6),
            _stall("P99.99 of end() under load", "", "under load: end", "p99.99", 2e6),
            _stall("P99.99 of end(), receiver dead", "", "receiver dead: end", "p99.99", 2e6),
            _stall("P99.99 of end(), gateway reloaded ten times a second", "", "gateway reloaded: end", "p99.99", 2e6),
            _stall("P99.99 of set() under load", "", "under load: set", "p99.99", 2e6),
            limit(
                "memory with a receiver that never reads",
                "",
                "memory",
                "receiver never reads",
                "highest memory",
                95,
            ),
        ),
    ),
    (
        "4.1",
        "Batch processor",
        (
            pair("batch 1 → 512: CPU a span", "−25 %", "batch_size", "CPU a span, flat out", "1", "512", peer=True),
            pair("batch 1 → 512: throughput", "", "batch_size", "throughput", "1", "512", True, True),
        ),
    ),
    (
        "4.2",
        "Queue without locks",
        (
            pair(
                "a mutex queue → rings, 2 threads: CPU a span",
                "+30 % (12)",
                "queue_pair",
                "CPU a span, all threads",
                "one queue behind a mutex, its hook taken off, 2 threads",
                "a ring a thread, 2 threads",
            ),
            pair(
                "a mutex queue → rings, 4 threads: CPU a span",
                "",
                "queue_pair",
                "CPU a span, all threads",
                "one queue behind a mutex, its hook taken off, 4 threads",
                "a ring a thread, 4 threads",
            ),
        ),
    ),
    (
        "4.3",
        "One allocation for a context",
        (
            pair(
                "three values one by one → at once: allocations",
                "3 → 1",
                "context_pair",
                "allocations",
                "three values, one after the other",
                "three values in one call",
                peer=True,
            ),
            limit(
                "allocations to make a span current",
                "",
                "context_pair",
                "make a span current, restore",
                "allocations",
                0,
                peer=True,
            ),
        ),
    ),
    (
        "4.4",
        "Inlined fast path",
        (pair("out of line → inlined", "inline it", "inline_pair", "time", "each call out of line", "inlined"),),
    ),
    (
        "5.1, 5.4",
        "Connections",
        (
            pair(
                "a connection for each export → kept: P50 of an export",
                "50 ms → 0 to connect",
                "connection_pair",
                "P50 of an export of 512 spans",
                "a connection for each export",
                "one connection, kept",
                peer=True,
            ),
            pair(
                "HTTP/1.1 → 100 streams of HTTP/2, one connection: requests",
                "100+ streams",
                "multiplexing",
                "requests",
                "HTTP/1.1, 1 connection",
                "HTTP/2, 1 connection, 100 streams",
                True,
                peer=True,
            ),
        ),
    ),
    ("5.2", "Batch size", _batch_rows()),
    (
        "5.3",
        "Compression",
        (
            limit("traffic with gzip", "30 %", "compression", "gzip", "traffic", 30, peer=True),
            limit("traffic with snappy", "50 %", "compression", "snappy", "traffic", 50),
            shown("traffic with zstd", "", "compression", "zstd", "traffic"),
            cost(
                "none → gzip: CPU a span",
                "5 % → 12 %",
                "compression",
                "CPU a span, all threads",
                "none",
                "gzip",
                peer=True,
            ),
            cost(
                "none → snappy: CPU a span", "5 % → 8 %", "compression", "CPU a span, all threads", "none", "snappy"
            ),
            cost("none → zstd: CPU a span", "", "compression", "CPU a span, all threads", "none", "zstd"),
        ),
    ),
    (
        "6.1, 6.3",
        "Sampling",
        (
            pair(
                "100 % → 10 % sampled: CPU a span",
                "−90 %",
                "sampling",
                "CPU a span, all threads",
                "100 %",
                "10 %",
                peer=True,
            ),
            pair(
                "100 % → 1 % sampled: CPU a span",
                "",
                "sampling",
                "CPU a span, all threads",
                "100 %",
                "1 %",
                peer=True,
            ),
            pair(
                "100 % → 10 % sampled: memory added",
                "−90 %",
                "sampling",
                "memory added",
                "100 %",
                "10 %",
                peer=True,
            ),
            limit(
                "a span that is not sampled, 8 attributes offered", "no cost", "spans", "W1", "time", 100, peer=True
            ),
        ),
    ),
    (
        "6.2",
        "Room for attributes",
        (
            limit(
                "allocations of a span with 16 attributes",
                "reserve 10",
                "attribute_count",
                "16",
                "allocations",
                0,
                peer=True,
            ),
            shown("allocations of a span with 128 attributes", "", "attribute_count", "128", "allocations", True),
        ),
    ),
    (
        "7.1-7.3",
        "Tuning: queue, batch, delay",
        (
            limit(
                "low_latency: P99 End to received",
                "P99 < 50 ms",
                "presets",
                "low_latency",
                "P99 End to received",
                50,
                peer=True,
            ),
            limit(
                "high_throughput: CPU at 10,000 spans/s",
                "10K+ QPS",
                "presets",
                "high_throughput",
                "CPU",
                5,
                peer=True,
            ),
            limit(
                "low_memory: memory of the process",
                "< 100 MB",
                "presets",
                "low_memory",
                "highest memory of the process",
                95,
                peer=True,
            ),
            limit(
                "queue of 8192: lost of bursts of 10,000",
                "buffer the peaks",
                "queue_size",
                "8192",
                "lost of bursts of 10000",
                0,
                peer=True,
            ),
            limit(
                "delay of 1 s: P99 End to received",
                "1-2 s for real time",
                "schedule_delay",
                "1000 ms",
                "P99 End to received",
                1100,
                peer=True,
            ),
        ),
    ),
    (
        "8.1",
        "CPUs of the container",
        (
            limit(
                "workers of the gateway with one processor for it",
                "GOMAXPROCS follows",
                "container",
                "one processor allowed",
                "workers",
                1,
            ),
        ),
    ),
    (
        "8.3",
        "PGO",
        (
            *(
                gain(f"instructions of {case}", "−5-10 %", "pgo", case, "instructions", "make pgo was not run here")
                for case in ("a span of 10 attributes", "the gateway's check of a span")
            ),
            *(
                gain(f"CPU, {case}", "−5-10 %", "pgo", case, "CPU", "make pgo was not run here")
                for case in ("SDK, end to end", "gRPC none to none", "HTTP/1.1 JSON to protobuf")
            ),
        ),
    ),
    (
        "9.1",
        "Benchmark of span creation",
        (
            limit("time", "1.20 → 0.85 µs", "spans", "W2", "time", 850, peer=True),
            limit("allocations", "", "spans", "W2", "allocations", 0, peer=True),
            limit("allocated", "512 → 256 B", "spans", "W2", "allocated", 256, peer=True),
        ),
    ),
    (
        "9.2",
        "Load test of /api/orders",
        (
            limit(
                "P99 of a request, 100 clients, all sampled",
                "100 VUs, < 100 ms",
                "orders",
                "all sampled",
                "P99 of a request",
                100,
            ),
            limit(
                "the same through the four processes of the shop",
                "100 VUs, < 100 ms",
                "scenario_shop",
                "",
                "P99 of a request (seed 9.2)",
                100,
            ),
        ),
    ),
    (
        "9.3",
        "Regressions found by comparison",
        (
            limit(
                "a program against itself: regressions reported",
                "p=0.000 n=10",
                "comparison",
                "A/A",
                "regressions",
                0,
            ),
            limit(
                "the same with 10 % added: regressions found",
                "",
                "comparison",
                "10 % added",
                "regressions",
                1,
                True,
            ),
        ),
    ),
    (
        "10.1",
        "Orders at 50K+ QPS, 1 % sampled",
        (
            limit(
                "CPU that tracing adds to a request, 1 % sampled",
                "15 % → 3 %",
                "orders",
                "1 % sampled",
                "CPU added",
                3,
            ),
            limit("the same, our own goal", "", "orders", "1 % sampled", "CPU added", 0.5),
            limit("CPU that tracing adds to a request, all sampled", "", "orders", "all sampled", "CPU added", 3),
            limit("memory of the service, 1 % sampled", "500 → 80 MB", "orders", "1 % sampled", "memory", 76),
        ),
    ),
    ("10.1-10.3", "Scenarios", checks(SCENARIOS)),
    ("8.1, 8.2", "Limits of memory, for ten minutes", checks(LONG_SCENARIOS, "ten minutes each: make report-full")),
    ("10.3", "A tier of gateways", checks(("gateway",))),
    (
        "11.1",
        "Histograms of creation and export, Prometheus",
        (
            limit(
                "metric otel.span.creation.duration",
                "histograms",
                "metrics",
                "otel.span.creation.duration",
                "buckets",
                1,
                True,
                hint="the SDK has no Meter API yet",
            ),
        ),
    ),
    (
        "11.2",
        "Continuous profiling",
        (
            limit(
                "samples of the seconds before the question",
                "30 s each minute",
                "profiling",
                "history",
                "samples",
                20,
                True,
            ),
        ),
    ),
    (
        "12",
        "Totals",
        (
            limit(
                "spans a second of one core, nothing lost",
                "25K+ spans/s",
                "batch_size",
                "512",
                "throughput",
                25e3,
                True,
                True,
            ),
            limit("CPU at 10,000 spans/s", "< 5 %", "presets", "default", "CPU", 5, peer=True),
            REQUEST_P99,
        ),
    ),
)


def lines_of(row, report):
    """The lines of a row, judged."""
    source = row[2]
    if callable(source):
        return source(report)
    return [make(report) for make in source]


def totals(report):
    """{verdict: how many lines}."""
    counts = {}
    for row in ROWS:
        for line in lines_of(row, report):
            counts[line.verdict] = counts.get(line.verdict, 0) + 1
    return counts
