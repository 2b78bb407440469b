"""The paths through a gateway that tools/bench-gateway measures: one Collector configuration each, which our gateway
and the Go Collector both run, and the load that goes with it. The goals are those of the gateway's table of goals."""

import dataclasses
import json

GRPC_PORT, HTTP_PORT, SINK_PORT, HEALTH_PORT = 24317, 24318, 24327, 24333


@dataclasses.dataclass(frozen=True)
class Path:
    goal: str
    name: str
    at_least: float  # spans per CPU-second of our gateway; 0: only the ratio counts, or nothing
    ratio_at_least: float = 0  # ours / theirs
    protocol: str = "grpc"  # in and out
    compression: str = "none"  # in and out
    load: tuple = ()  # further arguments of `nanospan load otlp`
    processors: dict = dataclasses.field(default_factory=dict)
    tls: bool = False
    waits: bool = True  # wait_for_result
    rate: int = 0  # spans a second; 0: as fast as possible
    p50_at_most: float = 0  # ms
    p99_at_most: float = 0


UPSERT = {"resource": {"attributes": [{"key": "bench.gateway", "value": "seen", "action": "upsert"}]}}
SAMPLER = {"probabilistic_sampler": {"sampling_percentage": 10}}
BATCH = {"batch": {"send_batch_size": 8192, "timeout": "200ms"}}
SMALL = ("--batch", "10", "--connections", "200", "--in-flight", "4")

PATHS = (
    Path("G1", "gRPC none to none", 3.0e6),
    Path("G2", "gRPC gzip to gzip, unchanged", 1.6e6, compression="gzip"),
    Path("G3", "gRPC gzip to gzip, an attribute upserted", 0.72e6, compression="gzip", processors=UPSERT),
    Path("G4", "gRPC zstd to zstd, unchanged", 2.2e6, compression="zstd"),
    Path("G4", "gRPC zstd to zstd, an attribute upserted", 0.72e6, compression="zstd", processors=UPSERT),
    Path("G5", "HTTP/1.1 none to none", 4.2e6, protocol="http", load=("--connections", "16")),
    Path(
        "G5",
        "HTTP/1.1 gzip to gzip, unchanged",
        1.6e6,
        protocol="http",
        compression="gzip",
        load=("--connections", "16"),
    ),
    Path(
        "G6", "gRPC, 10 spans a request, 200 connections, batch 8192", 1.2e6, load=SMALL, processors=BATCH, waits=False
    ),
    Path("G7", "gRPC, probabilistic_sampler 10 %", 3.0e6, processors=SAMPLER, load=("--allow-loss", "--settle", "1")),
    Path("G7", "gRPC, resource attribute upserted", 2.0e6, processors=UPSERT),
    Path(
        "G8",
        "HTTP/1.1 JSON to protobuf",
        0,
        ratio_at_least=10,
        protocol="http",
        load=("--encoding", "json", "--connections", "16"),
    ),
    Path("G9", "gRPC none to none, TLS in and out", 0, ratio_at_least=5, tls=True),
    Path("G10", "gRPC none to none, 100,000 spans/s", 0, rate=100_000, p50_at_most=1, p99_at_most=2),
    Path(
        "G10",
        "HTTP/1.1 none to none, 100,000 spans/s",
        0,
        protocol="http",
        rate=100_000,
        p50_at_most=1,
        p99_at_most=2,
        load=("--connections", "16"),
    ),
)


def configuration(path, certificates):
    """A Collector configuration, as JSON, which is YAML. `certificates` is the folder of ca.pem, server.pem and
    server.key."""
    server = {"tls": {"cert_file": f"{certificates}/server.pem", "key_file": f"{certificates}/server.key"}}
    exporter = {
        "compression": path.compression,
        "sending_queue": {
            "num_consumers": 32,
            "queue_size": 1000,
            "wait_for_result": path.waits,
            "block_on_overflow": True,
        },
    }
    if path.protocol == "grpc":
        name, exporter["endpoint"] = "otlp", f"127.0.0.1:{SINK_PORT}"
        exporter["tls"] = {"ca_file": f"{certificates}/ca.pem"} if path.tls else {"insecure": True}
    else:
        name, exporter["endpoint"] = "otlphttp", f"http://127.0.0.1:{SINK_PORT}"
    protocols = {
        "grpc": {"endpoint": f"127.0.0.1:{GRPC_PORT}", "max_recv_msg_size_mib": 64},
        "http": {"endpoint": f"127.0.0.1:{HTTP_PORT}"},
    }
    if path.tls:
        protocols["grpc"] |= server
    processors = {"memory_limiter": {"check_interval": "1s", "limit_mib": 2048}} | path.processors
    return json.dumps(
        {
            "receivers": {"otlp": {"protocols": protocols}},
            "processors": processors,
            "exporters": {name: exporter},
            "extensions": {"health_check": {"endpoint": f"127.0.0.1:{HEALTH_PORT}"}},
            "service": {
                "extensions": ["health_check"],
                "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
                "pipelines": {"traces": {"receivers": ["otlp"], "processors": list(processors), "exporters": [name]}},
            },
        },
        indent=1,
    )


def load_arguments(path, certificates):
    """What follows `nanospan load otlp`, but for the duration."""
    port = GRPC_PORT if path.protocol == "grpc" else HTTP_PORT
    arguments = ["--url", f"http{'s' if path.tls else ''}://127.0.0.1:{port}", "--protocol", path.protocol]
    arguments += ["--compression", path.compression, "--sink", f"127.0.0.1:{SINK_PORT}", *path.load]
    if path.rate:
        arguments += ["--rate", str(path.rate)]
    if path.tls:
        arguments += ["--ca-file", f"{certificates}/ca.pem"]
        arguments += ["--sink-cert", f"{certificates}/server.pem", "--sink-key", f"{certificates}/server.key"]
    return arguments
