"""The experiments of the report: what each asks, which rows of the guide it answers, how it is drawn.

A plot is (kind, metric, log): "lines" over the cases in their order, "bars" a bar for each case, "histogram" of an
operation, one for each of its cases.
"""

import dataclasses

from figures import FASTRACE, RUST


@dataclasses.dataclass(frozen=True)
class Experiment:
    name: str
    title: str
    question: str
    plots: tuple = ()
    peer: bool = False  # also measured with the Go SDK
    rust: tuple = ()  # and by these of bench/peers/rust_bench
    axis: str = ""  # what the cases of "lines" are
    before: str = ""  # a pair: the case before the improvement,
    after: str = ""  # and the one after it


PAIRS = (
    Experiment(
        "attributes_pair",
        "Attributes in one call",
        "What does it bring to set eight attributes in one call rather than one by one?",
        (("bars", "time"),),
        peer=True,
        before="one call each",
        after="one list in one call",
    ),
    Experiment(
        "pooling_pair",
        "Pooling",
        "What do pooled objects bring, and what is left of that if a span is bytes from the start?",
        (("bars", "time"), ("bars", "allocations")),
        peer=True,
        before="objects, made anew",
        after="objects, pooled",
    ),
    Experiment(
        "context_pair",
        "Values of a context",
        "What does it bring to put three values into a context at once?",
        (("bars", "time"), ("bars", "allocations")),
        peer=True,
        before="three values, one after the other",
        after="three values in one call",
    ),
    Experiment(
        "inline_pair",
        "Inlining",
        "What does the inlined fast path bring against calls of functions?",
        (("bars", "time"),),
        before="each call out of line",
        after="inlined",
    ),
    Experiment(
        "queue_pair",
        "The queue",
        "What does a ring a thread bring against one queue behind a mutex?",
        (("bars", "throughput"), ("bars", "CPU a span, all threads")),
        peer=True,
        before="one queue behind a mutex, 2 threads",
        after="a ring a thread, 2 threads",
    ),
    Experiment(
        "connection_pair",
        "Connections",
        "What does it bring to keep the connection between exports?",
        (("bars", "P50 of an export of 512 spans"), ("bars", "CPU a span, all threads")),
        peer=True,
        before="a connection for each export",
        after="one connection, kept",
    ),
    Experiment(
        "multiplexing",
        "HTTP/2 streams",
        "What do 100 streams on one connection bring where the receiver is 5 ms away?",
        (("bars", "requests"), ("bars", "CPU of the sender, a request")),
        peer=True,
        before="HTTP/1.1, 1 connection",
        after="HTTP/2, 1 connection, 100 streams",
    ),
)

TABLES = (
    Experiment(
        "batch_size",
        "Batch size",
        "How large should a batch be?",
        (
            ("lines", "throughput"),
            ("lines", "CPU a span, flat out"),
            ("lines", "P99 End to received, 10,000 spans/s"),
        ),
        peer=True,
        rust=(RUST,),
        axis="spans a batch",
        before="1",
        after="512",
    ),
    Experiment(
        "schedule_delay",
        "Schedule delay",
        "How long may a span wait for its batch?",
        (("lines", "P99 End to received"), ("lines", "CPU")),
        peer=True,
        axis="longest delay",
    ),
    Experiment(
        "presets",
        "Presets",
        "What do the four presets cost and bring?",
        (("bars", "P99 End to received"), ("bars", "CPU"), ("bars", "highest memory of the process")),
        peer=True,
    ),
    Experiment(
        "queue_size",
        "Queue size",
        "How long must the queue be so that a burst is not lost, the receiver being 50 ms away?",
        (("lines", "lost of bursts of 10000"), ("lines", "lost of bursts of 2000")),
        peer=True,
        axis="spans in the queue at most",
    ),
    Experiment(
        "compression",
        "Compression",
        "Which coding is worth its CPU?",
        (("bars", "on the wire"), ("bars", "CPU a span, all threads"), ("bars", "P50 of an export of 512 spans")),
        peer=True,
        before="none",
        after="gzip",
    ),
    Experiment(
        "sampling",
        "Sampling",
        "What is left of the cost when few traces are sampled?",
        (("lines", "CPU a span, all threads"), ("lines", "memory added")),
        peer=True,
        axis="sampled",
        before="100 %",
        after="1 %",
    ),
    Experiment(
        "attribute_count",
        "Attributes a span",
        "What does a span cost with 0 to 128 attributes?",
        (("lines", "time"),),
        peer=True,
        rust=(RUST, FASTRACE),
        axis="attributes",
    ),
    Experiment(
        "thread_count",
        "Threads",
        "How does throughput grow with producers?",
        (("lines", "throughput, receiver on the same processors"), ("lines", "per CPU-second")),
        peer=True,
        axis="producing threads",
    ),
)

WHOLE = (
    Experiment(
        "shares",
        "Where the CPU of a span goes",
        "Which share have encoding, network, allocation and locks in our pipeline, and in the Go SDK's?",
        (("bars", "share"),),
        peer=True,
    ),
    Experiment(
        "stalls",
        "Stalls",
        "How long is a caller held up, under load, the receiver dead, the ring full, the gateway reloaded? The plots "
        "show how many calls of a million took so long, logarithmically.",
        (("histogram", "end"), ("histogram", "set"), ("histogram", "start_span")),
        peer=True,
    ),
)

# What the rows refer to, without plots of its own.
OTHERS = (
    Experiment(
        "spans",
        "A span",
        "What does a span cost the thread that makes it?",
        peer=True,
        rust=(RUST, FASTRACE),
    ),
    Experiment(
        "orders",
        "The orders service",
        "What does tracing add to a real HTTP service with a database, loaded by 100 clients?",
    ),
    Experiment("memory", "Memory", "What does a service hold, and what if its receiver never reads?"),
    Experiment("layout", "Memory layout", "Which structures of the hot path are pinned, and how large are they?"),
    Experiment("container", "Processors", "How many workers does the gateway start with one processor for it?"),
    Experiment("comparison", "Regressions", "Does bench-compare tell a slower program from noise on this machine?"),
    Experiment(
        "profiling", "Profiles over HTTP", "Do profile, history and flame graph answer while the program runs?"
    ),
)

ALL = PAIRS + TABLES + WHOLE


def named(name):
    return next((e for e in ALL + OTHERS if e.name == name), None)
