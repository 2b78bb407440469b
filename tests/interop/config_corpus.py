"""Configuration files of a Collector, right and wrong, for components that both sides have: what
config_differential_test.py gives to both. Each is a small change to one that both take."""

BASE = """
receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:14317"}
      http: {endpoint: "127.0.0.1:14318"}
processors: {}
exporters:
  debug: {}
extensions: {}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], processors: [], exporters: [debug]}
"""


def change(*pairs):
    """BASE with some texts replaced; each must be there."""
    text = BASE
    for old, new in pairs:
        if old not in text:
            raise ValueError(f"{old!r} is not in the file any more")
        text = text.replace(old, new)
    return text


def receiver(grpc=None, http=None):
    """With these keys of the protocols, as flow YAML."""
    protocols = ""
    if grpc is not None:
        protocols += f'\n      grpc: {{endpoint: "127.0.0.1:14317", {grpc}}}'
    if http is not None:
        protocols += f'\n      http: {{endpoint: "127.0.0.1:14318", {http}}}'
    start, end = BASE.index("\n      grpc:"), BASE.index("\nprocessors:")
    return BASE[:start] + protocols + BASE[end:]


def processor(name, keys, signal="traces"):
    """In a pipeline of this signal."""
    return change(
        ("processors: {}", f"processors:\n  {name}: {{{keys}}}"),
        ("processors: []", f"processors: [{name}]"),
        ("traces:", f"{signal}:"),
    )


def exporter(name, keys):
    return change(("  debug: {}", f"  {name}: {{{keys}}}"), ("exporters: [debug]", f"exporters: [{name}]"))


def extension(name, keys):
    text = change(("extensions: {}", f"extensions:\n  {name}: {{{keys}}}"))
    return text.replace("service:\n", f"service:\n  extensions: [{name}]\n")


def telemetry(keys):
    """With these keys beside the metrics."""
    return change(("{metrics: {level: none}}", f"{{metrics: {{level: none}}, {keys}}}"))


def queue(keys):
    return exporter("otlp", f"endpoint: 'localhost:14999', tls: {{insecure: true}}, sending_queue: {{{keys}}}")


def retry(keys):
    return exporter("otlp", f"endpoint: 'localhost:14999', tls: {{insecure: true}}, retry_on_failure: {{{keys}}}")


FILES = {
    # --- the file as a whole ---
    "the base": BASE,
    "empty": "",
    "a list": "- a\n- b\n",
    "a number": "5\n",
    "broken YAML": BASE + "  : [\n",
    "a tab for indentation": BASE.replace("  debug: {}", "\tdebug: {}"),
    "an unknown section": BASE + "more: {}\n",
    "a section twice": BASE + "exporters: {}\n",
    "a key twice": change(("  debug: {}", "  debug: {}\n  debug: {}")),
    "an anchor and its alias": change(("  debug: {}", "  debug: &d {verbosity: basic}\n  debug/2: *d")),
    "no service": BASE[: BASE.index("service:")],
    "no receivers": BASE[: BASE.index("receivers:")] + BASE[BASE.index("processors:") :],
    "no exporters": BASE.replace("exporters:\n  debug: {}\n", ""),
    "no pipelines": BASE[: BASE.index("  pipelines:")],
    "null for a component": change(("  debug: {}", "  debug:")),
    "a list for a component": change(("  debug: {}", "  debug: []")),
    "text for a component": change(("  debug: {}", "  debug: yes please")),
    # --- service ---
    "a pipeline without receivers": change(("receivers: [otlp], ", "")),
    "a pipeline without exporters": change((", exporters: [debug]", "")),
    "a pipeline with an unknown receiver": change(("receivers: [otlp]", "receivers: [jaeger]")),
    "a receiver that is not defined": change(("receivers: [otlp]", "receivers: [otlp/2]")),
    "an exporter that is not defined": change(("exporters: [debug]", "exporters: [debug/2]")),
    "a processor that is not defined": change(("processors: []", "processors: [batch]")),
    "an extension that is not defined": change(("service:\n", "service:\n  extensions: [health_check]\n")),
    "an extension that nobody uses": change(("extensions: {}", "extensions: {health_check: {}}")),
    "an exporter twice in a pipeline": change(("exporters: [debug]", "exporters: [debug, debug]")),
    "a receiver twice in a pipeline": change(("receivers: [otlp]", "receivers: [otlp, otlp]")),
    "a component that nobody uses": change(("  debug: {}", "  debug: {}\n  debug/unused: {verbosity: detailed}")),
    "an unused component that is wrong": change(("  debug: {}", "  debug: {}\n  debug/unused: {verbosity: loud}")),
    "a pipeline of an unknown signal": change(("    traces:", "    spans:")),
    "all signals": BASE
    + "    metrics: {receivers: [otlp], exporters: [debug]}\n    logs: {receivers: [otlp], exporters: [debug]}\n",
    "named pipelines": BASE + "    traces/2: {receivers: [otlp], exporters: [debug]}\n",
    "a pipeline with an empty name": BASE + "    traces/: {receivers: [otlp], exporters: [debug]}\n",
    "a component with an empty name": change(("  debug: {}", "  debug: {}\n  debug/: {}")),
    "a component name with spaces": change(("  debug: {}", "  debug: {}\n  'debug/a b': {}")),
    "a component that starts with a digit": change(("  debug: {}", "  debug: {}\n  1debug: {}")),
    "an unknown key in a pipeline": change(("processors: []", "processors: [], color: red")),
    "an unknown key of service": change(("service:\n", "service:\n  color: red\n")),
    "one name in place of a list": change(("exporters: [debug]", "exporters: debug")),
    "metrics level basic": change(("level: none", "level: basic")),
    "metrics level unknown": change(("level: none", "level: loud")),
    "log level debug": change(("{metrics: {level: none}}", "{metrics: {level: none}, logs: {level: debug}}")),
    "log level unknown": change(("{metrics: {level: none}}", "{metrics: {level: none}, logs: {level: loud}}")),
    "metrics by a reader": change(
        (
            "{level: none}",
            "{level: normal, readers: [{pull: {exporter: {prometheus: {host: localhost, port: 14888}}}}]}",
        )
    ),
    "metrics by a periodic reader": change(
        (
            "{level: none}",
            "{readers: [{periodic: {exporter: {otlp: {protocol: grpc, endpoint: 'localhost:14999'}}}}]}",
        )
    ),
    "metrics with views": change(
        (
            "{level: none}",
            "{level: detailed, views: [{selector: {instrument_name: a}, stream: {aggregation: {drop: }}}]}",
        )
    ),
    "logs as JSON": telemetry("logs: {encoding: json}"),
    "logs in an unknown encoding": telemetry("logs: {encoding: xml}"),
    "logs to a file": telemetry("logs: {output_paths: [out.log]}"),
    "logs with fields": telemetry("logs: {initial_fields: {a: b}}"),
    "logs to OTLP": telemetry("logs: {processors: [{batch: {exporter: {console: {}}}}]}"),
    "traces of its own": telemetry("traces: {processors: [{batch: {exporter: {console: {}}}}]}"),
    "a resource": telemetry("resource: {service.name: edge, service.version: null}"),
    "a resource as a list": telemetry("resource: {attributes: [{name: service.name, value: edge}]}"),
    "a resource as a list and a map": telemetry("resource: {attributes: [{name: a, value: b}], service.name: edge}"),
    "a resource with a number": telemetry("resource: {service.name: 5}"),
    "a resource as text": telemetry("resource: edge"),
    "metrics by address": change(("{level: none}", '{address: "localhost:14888"}')),
    # --- variables ---
    "a variable with a default": change(('"127.0.0.1:14317"', "${env:NANOSPAN_NO_SUCH:-127.0.0.1:14317}")),
    "a variable without a value": change(('"127.0.0.1:14317"', '"127.0.0.1:${env:NANOSPAN_NO_SUCH}"')),
    "a variable with a wrong name": change(('"127.0.0.1:14317"', '"${env:1-2}"')),
    "a variable of an unknown scheme": change(('"127.0.0.1:14317"', '"${vault:secret}"')),
    "a variable that is not closed": change(('"127.0.0.1:14317"', '"127.0.0.1:14317${env:X"')),
    "a number by a variable": processor("batch", "send_batch_size: '${env:NANOSPAN_NO_SUCH:-100}'"),
    "text by a variable for a number": processor("batch", "send_batch_size: '${env:NANOSPAN_NO_SUCH:-many}'"),
    "a number put together with a variable": processor("batch", "send_batch_size: '1${env:NANOSPAN_NO_SUCH:-00}'"),
    "an empty default for a number": processor("batch", "send_batch_size: '${env:NANOSPAN_NO_SUCH:-}'"),
    "a variable inside of another's default": processor(
        "batch", "send_batch_size: '${env:NANOSPAN_NO_SUCH:-${env:NANOSPAN_NEITHER:-100}}'"
    ),
    "a file that is not there": exporter("otlphttp", "endpoint: '${file:nowhere.txt}'"),
    "a dollar sign": exporter("otlphttp", "endpoint: 'http://localhost:14999', headers: {x: 'a$$b'}"),
    # --- receiver otlp ---
    "no protocols": change(("    protocols:", "    protocol:")),
    "protocols without any": change(
        ('      grpc: {endpoint: "127.0.0.1:14317"}\n', ""), ('      http: {endpoint: "127.0.0.1:14318"}\n', "")
    ),
    "protocols with null": change(
        ('      grpc: {endpoint: "127.0.0.1:14317"}', "      grpc:"),
        ('      http: {endpoint: "127.0.0.1:14318"}', "      http:"),
    ),
    "only gRPC": receiver(grpc=""),
    "only HTTP": receiver(http=""),
    "an unknown protocol": change(("      grpc:", "      thrift: {}\n      grpc:")),
    "an unknown key": receiver(grpc="color: red"),
    "an endpoint without a port": change(('"127.0.0.1:14317"', '"127.0.0.1"')),
    "an endpoint with a port by name": change(('"127.0.0.1:14317"', '"127.0.0.1:otlp"')),
    "an endpoint with port 70000": change(('"127.0.0.1:14317"', '"127.0.0.1:70000"')),
    "an endpoint with a scheme": change(('"127.0.0.1:14317"', '"http://127.0.0.1:14317"')),
    "an empty endpoint": change(('"127.0.0.1:14317"', '""')),
    "an endpoint for all addresses": change(('"127.0.0.1:14317"', '":14317"')),
    "an endpoint of IPv6": change(('"127.0.0.1:14317"', '"[::1]:14317"')),
    "max_recv_msg_size_mib": receiver(grpc="max_recv_msg_size_mib: 16"),
    "max_recv_msg_size_mib negative": receiver(grpc="max_recv_msg_size_mib: -1"),
    "max_recv_msg_size_mib as text": receiver(grpc="max_recv_msg_size_mib: big"),
    "max_recv_msg_size_mib as digits in quotes": receiver(grpc="max_recv_msg_size_mib: '16'"),
    "max_recv_msg_size_mib with a fraction": receiver(grpc="max_recv_msg_size_mib: 1.5"),
    "max_concurrent_streams": receiver(grpc="max_concurrent_streams: 16"),
    "keepalive": receiver(
        grpc="keepalive: {server_parameters: {max_connection_age: 5m, time: 1m}, enforcement_policy: {min_time: 10s}}"
    ),
    "keepalive with an unknown key": receiver(grpc="keepalive: {server_parameters: {color: red}}"),
    "a duration with a fraction": receiver(grpc="keepalive: {server_parameters: {time: 1.5s}}"),
    "a duration of two parts": receiver(grpc="keepalive: {server_parameters: {time: 1h30m}}"),
    "a duration with days": receiver(grpc="keepalive: {server_parameters: {time: 1d}}"),
    "a duration with a space": receiver(grpc="keepalive: {server_parameters: {time: 1 m}}"),
    "a duration of 0": receiver(grpc="keepalive: {server_parameters: {time: 0}}"),
    "a duration that is no number": receiver(grpc="keepalive: {server_parameters: {time: soon}}"),
    "CORS": receiver(http="cors: {allowed_origins: ['http://*.example.com'], allowed_headers: [x-a], max_age: 60}"),
    "CORS with an unknown key": receiver(http="cors: {origins: [a]}"),
    "paths": receiver(http="traces_url_path: /t, metrics_url_path: /m, logs_url_path: /l"),
    "a path without its slash": receiver(http="traces_url_path: t"),
    "max_request_body_size": receiver(http="max_request_body_size: 1000000"),
    "compression_algorithms": receiver(http="compression_algorithms: ['', gzip, zstd]"),
    "compression_algorithms unknown": receiver(http="compression_algorithms: [lzma]"),
    "response_headers": receiver(http="response_headers: {x-a: b}"),
    "timeouts": receiver(http="read_timeout: 30s, read_header_timeout: 5s, write_timeout: 30s"),
    "idle_timeout as it was": receiver(http="idle_timeout: 1m"),
    "HTTP keepalive": receiver(http="keepalive: {idle_timeout: 1m}"),
    "HTTP keepalive with an unknown key": receiver(http="keepalive: {color: red}"),
    "HTTP include_metadata": receiver(http="include_metadata: true"),
    "HTTP transport": receiver(http="transport: tcp"),
    "gRPC include_metadata": receiver(grpc="include_metadata: true"),
    "gRPC transport": receiver(grpc="transport: tcp"),
    "gRPC transport unknown": receiver(grpc="transport: pigeon"),
    "gRPC on a unix socket": receiver(grpc="endpoint: ./otlp.sock, transport: unix"),
    "gRPC on an abstract unix socket": receiver(grpc="endpoint: '@otlp', transport: unix"),
    "HTTP on a unix socket": receiver(http="endpoint: ./otlp.sock, transport: unix"),
    "gRPC buffers": receiver(grpc="read_buffer_size: 524288, write_buffer_size: 32768"),
    "gRPC keepalive for idle connections": receiver(
        grpc="keepalive: {server_parameters: {max_connection_idle: 1m, max_connection_age_grace: 5s, timeout: 20s}, "
        "enforcement_policy: {permit_without_stream: true}}"
    ),
    "TLS without files": receiver(grpc="tls: {}"),
    "TLS with a certificate but no key": receiver(grpc="tls: {cert_file: nowhere.pem}"),
    "TLS with an unknown version": receiver(grpc="tls: {cert_file: a, key_file: b, min_version: '1.9'}"),
    "TLS with min above max": receiver(grpc="tls: {cert_file: a, key_file: b, min_version: '1.3', max_version: '1.2'}"),
    "gRPC middlewares": receiver(grpc="middlewares: [{id: limiter}]"),
    "HTTP middlewares": receiver(http="middlewares: [{id: limiter}]"),
    "no middlewares": receiver(http="middlewares: []"),
    "auth that is not defined": receiver(grpc="auth: {authenticator: bearertokenauth}"),
    # --- processors ---
    "batch": processor("batch", "send_batch_size: 100, timeout: 1s, send_batch_max_size: 200"),
    "batch with a maximum below its size": processor("batch", "send_batch_size: 200, send_batch_max_size: 100"),
    "batch with a negative size": processor("batch", "send_batch_size: -1"),
    "batch with a negative timeout": processor("batch", "timeout: -1s"),
    "batch with a timeout of 0": processor("batch", "timeout: 0s"),
    "batch with an unknown key": processor("batch", "size: 5"),
    "batch by metadata": processor("batch", "metadata_keys: [tenant], metadata_cardinality_limit: 10"),
    "batch twice in a pipeline": processor("batch", "").replace("processors: [batch]", "processors: [batch, batch]"),
    "memory_limiter": processor("memory_limiter", "check_interval: 1s, limit_mib: 512, spike_limit_mib: 128"),
    "memory_limiter by percentage": processor(
        "memory_limiter", "check_interval: 1s, limit_percentage: 75, spike_limit_percentage: 15"
    ),
    "memory_limiter without a limit": processor("memory_limiter", "check_interval: 1s"),
    "memory_limiter without an interval": processor("memory_limiter", "limit_mib: 512"),
    "memory_limiter with its spike above it": processor(
        "memory_limiter", "check_interval: 1s, limit_mib: 100, spike_limit_mib: 200"
    ),
    "memory_limiter above 100 %": processor("memory_limiter", "check_interval: 1s, limit_percentage: 120"),
    "probabilistic_sampler": processor("probabilistic_sampler", "sampling_percentage: 15.3, hash_seed: 22"),
    "probabilistic_sampler proportional": processor(
        "probabilistic_sampler", "sampling_percentage: 10, mode: proportional, sampling_precision: 5"
    ),
    "probabilistic_sampler with an unknown mode": processor(
        "probabilistic_sampler", "sampling_percentage: 10, mode: random"
    ),
    "probabilistic_sampler below 0 %": processor("probabilistic_sampler", "sampling_percentage: -1"),
    "probabilistic_sampler at 0 %": processor("probabilistic_sampler", "sampling_percentage: 0"),
    "probabilistic_sampler above 100 %": processor("probabilistic_sampler", "sampling_percentage: 200"),
    "probabilistic_sampler without a percentage": processor("probabilistic_sampler", ""),
    "probabilistic_sampler with too much precision": processor(
        "probabilistic_sampler", "sampling_percentage: 10, sampling_precision: 15"
    ),
    "probabilistic_sampler by an attribute": processor(
        "probabilistic_sampler", "sampling_percentage: 10, attribute_source: record, from_attribute: id"
    ),
    "probabilistic_sampler for logs": processor(
        "probabilistic_sampler",
        "sampling_percentage: 10, attribute_source: record, from_attribute: id, sampling_priority: p",
        "logs",
    ),
    "probabilistic_sampler with an unknown source": processor(
        "probabilistic_sampler", "sampling_percentage: 10, attribute_source: body", "logs"
    ),
    "probabilistic_sampler for metrics": processor("probabilistic_sampler", "sampling_percentage: 10", "metrics"),
    "resource": processor("resource", "attributes: [{key: a, value: b, action: upsert}]"),
    "resource with several actions": processor(
        "resource",
        "attributes: [{key: a, value: 1, action: insert}, {key: b, from_attribute: a, action: update}, "
        "{key: c, action: delete}, {key: d, action: hash}, {key: e, action: convert, converted_type: int}, "
        "{key: f, pattern: '^(?P<x>.*)$', action: extract}]",
    ),
    "resource without actions": processor("resource", ""),
    "resource with an empty list": processor("resource", "attributes: []"),
    "resource with an unknown action": processor("resource", "attributes: [{key: a, value: b, action: paint}]"),
    "resource without an action": processor("resource", "attributes: [{key: a, value: b}]"),
    "resource without a key": processor("resource", "attributes: [{value: b, action: upsert}]"),
    "resource without a value": processor("resource", "attributes: [{key: a, action: upsert}]"),
    "resource with a value and a source": processor(
        "resource", "attributes: [{key: a, value: b, from_attribute: c, action: upsert}]"
    ),
    "resource with a broken pattern": processor("resource", "attributes: [{key: a, pattern: '(', action: extract}]"),
    "resource with a pattern without names": processor(
        "resource", "attributes: [{key: a, pattern: '^(.*)$', action: extract}]"
    ),
    "resource with an unknown type": processor(
        "resource", "attributes: [{key: a, action: convert, converted_type: color}]"
    ),
    "resource with an action in capitals": processor("resource", "attributes: [{key: a, value: b, action: UPSERT}]"),
    # --- exporters ---
    "debug detailed": exporter("debug", "verbosity: detailed, sampling_initial: 5, sampling_thereafter: 200"),
    "debug with an unknown verbosity": exporter("debug", "verbosity: loud"),
    "otlp": exporter("otlp", "endpoint: 'localhost:14999', tls: {insecure: true}"),
    "otlp without an endpoint": exporter("otlp", "tls: {insecure: true}"),
    "otlp with an empty endpoint": exporter("otlp", "endpoint: ''"),
    "otlp with a scheme": exporter("otlp", "endpoint: 'http://localhost:14999'"),
    "otlp with https": exporter("otlp", "endpoint: 'https://localhost:14999'"),
    "otlp without a port": exporter("otlp", "endpoint: localhost, tls: {insecure: true}"),
    "otlp with a port that is none": exporter("otlp", "endpoint: 'localhost:port', tls: {insecure: true}"),
    "otlp with zstd": exporter("otlp", "endpoint: 'localhost:14999', compression: zstd, tls: {insecure: true}"),
    "otlp with an unknown compression": exporter("otlp", "endpoint: 'localhost:14999', compression: lzma"),
    "otlp with headers": exporter(
        "otlp", "endpoint: 'localhost:14999', headers: {x-a: b, x-n: 5}, tls: {insecure: true}"
    ),
    "otlp with a timeout": exporter("otlp", "endpoint: 'localhost:14999', timeout: 3s, tls: {insecure: true}"),
    "otlp with a negative timeout": exporter(
        "otlp", "endpoint: 'localhost:14999', timeout: -3s, tls: {insecure: true}"
    ),
    "otlp with keepalive": exporter(
        "otlp",
        "endpoint: 'localhost:14999', tls: {insecure: true}, "
        "keepalive: {time: 30s, timeout: 10s, permit_without_stream: true}",
    ),
    "otlp with a balancer": exporter("otlp", "endpoint: 'localhost:14999', balancer_name: pick_first"),
    "otlp with an unknown balancer": exporter("otlp", "endpoint: 'localhost:14999', balancer_name: dice"),
    "otlp with wait_for_ready": exporter("otlp", "endpoint: 'localhost:14999', wait_for_ready: true"),
    "otlp to a unix socket": exporter("otlp", "endpoint: 'unix:///tmp/otlp.sock', tls: {insecure: true}"),
    "otlp to an abstract unix socket": exporter("otlp", "endpoint: 'unix-abstract:otlp', tls: {insecure: true}"),
    "otlp with an authority": exporter("otlp", "endpoint: 'localhost:14999', authority: backend"),
    "otlp with buffers": exporter(
        "otlp", "endpoint: 'localhost:14999', read_buffer_size: 1000, write_buffer_size: 1000"
    ),
    "otlp with TLS keys": exporter(
        "otlp",
        "endpoint: 'localhost:14999', tls: {insecure_skip_verify: true, server_name_override: a, min_version: '1.2', "
        "include_system_ca_certs_pool: true, reload_interval: 1h}",
    ),
    "otlp with an unknown key": exporter("otlp", "endpoint: 'localhost:14999', color: red"),
    "otlp with an unknown CA": exporter("otlp", "endpoint: 'localhost:14999', tls: {ca_file: nowhere.pem}"),
    "otlp_grpc": exporter("otlp_grpc", "endpoint: 'localhost:14999', tls: {insecure: true}"),
    "otlphttp": exporter("otlphttp", "endpoint: 'http://localhost:14999'"),
    "otlp_http": exporter("otlp_http", "endpoint: 'http://localhost:14999'"),
    "otlphttp with a limit of connections": exporter(
        "otlphttp", "endpoint: 'http://localhost:14999', max_conns_per_host: 10"
    ),
    "otlphttp with the client's limits as they were": exporter(
        "otlphttp",
        "endpoint: 'http://localhost:14999', max_idle_conns: 10, max_idle_conns_per_host: 5, idle_conn_timeout: 30s, "
        "disable_keep_alives: false",
    ),
    "otlphttp with buffers": exporter(
        "otlphttp", "endpoint: 'http://localhost:14999', read_buffer_size: 1000, write_buffer_size: 1000"
    ),
    "otlphttp with HTTP/2 pings": exporter(
        "otlphttp", "endpoint: 'http://localhost:14999', http2_read_idle_timeout: 10s, http2_ping_timeout: 5s"
    ),
    "otlphttp with an encoding": exporter("otlphttp", "endpoint: 'http://localhost:14999', encoding: proto"),
    "otlphttp with JSON": exporter("otlphttp", "endpoint: 'http://localhost:14999', encoding: json"),
    "otlphttp with an unknown encoding": exporter("otlphttp", "endpoint: 'http://localhost:14999', encoding: xml"),
    "otlphttp with a proxy": exporter(
        "otlphttp", "endpoint: 'http://localhost:14999', proxy_url: 'http://localhost:1'"
    ),
    "otlp with middlewares": exporter("otlp", "endpoint: 'localhost:14999', middlewares: [{id: limiter}]"),
    "otlphttp with middlewares": exporter(
        "otlphttp", "endpoint: 'http://localhost:14999', middlewares: [{id: limiter}]"
    ),
    "otlphttp with cookies": exporter("otlphttp", "endpoint: 'http://localhost:14999', cookies: {}"),
    "otlphttp without an endpoint": exporter("otlphttp", ""),
    "otlphttp with one for traces": exporter("otlphttp", "traces_endpoint: 'http://localhost:14999/v1/traces'"),
    "otlphttp without a scheme": exporter("otlphttp", "endpoint: 'localhost:14999'"),
    "otlphttp with a broken URL": exporter("otlphttp", "endpoint: 'http://[::1'"),
    "otlphttp with gzip level": exporter(
        "otlphttp", "endpoint: 'http://localhost:14999', compression: gzip, compression_params: {level: 6}"
    ),
    "otlphttp with an impossible gzip level": exporter(
        "otlphttp", "endpoint: 'http://localhost:14999', compression: gzip, compression_params: {level: 60}"
    ),
    "otlphttp with an unknown compression": exporter(
        "otlphttp", "endpoint: 'http://localhost:14999', compression: lzma"
    ),
    "file": exporter("file", "path: ./out.json"),
    "file without a path": exporter("file", ""),
    "file with rotation": exporter("file", "path: ./out.json, rotation: {max_megabytes: 10, max_backups: 3}"),
    "file with proto": exporter("file", "path: ./out.bin, format: proto"),
    "file with an unknown format": exporter("file", "path: ./out.bin, format: xml"),
    "file with zstd": exporter("file", "path: ./out.json, compression: zstd"),
    "file with an unknown compression": exporter("file", "path: ./out.json, compression: gzip"),
    "file with append and rotation": exporter("file", "path: ./out.json, append: true, rotation: {max_megabytes: 10}"),
    "queue": queue("enabled: true, num_consumers: 4, queue_size: 100"),
    "queue by bytes": queue("sizer: bytes, queue_size: 1000000"),
    "queue by items that waits": queue(
        "sizer: items, queue_size: 100000, wait_for_result: true, block_on_overflow: true"
    ),
    "queue off": queue("enabled: false"),
    "queue of size 0": queue("queue_size: 0"),
    "queue of a negative size": queue("queue_size: -5"),
    "queue without consumers": queue("num_consumers: 0"),
    "queue with an unknown sizer": queue("sizer: pounds"),
    "queue with an unknown key": queue("color: red"),
    "queue on a disk": queue("storage: file_storage"),
    "queue with a batch": queue("batch: {flush_timeout: 1s, min_size: 100, max_size: 1000}"),
    "queue with a batch of its defaults": queue("queue_size: 100000, batch: {}"),
    "queue with a batch of nothing": queue("batch: "),
    "queue with a batch in bytes": queue("batch: {sizer: bytes, min_size: 1000, max_size: 100000}"),
    "queue in bytes with a batch": queue("sizer: bytes, queue_size: 100000, batch: {min_size: 1000}"),
    "queue in requests with a batch": queue("sizer: requests, batch: {min_size: 10}"),
    "queue in requests with a batch in items": queue("sizer: requests, batch: {sizer: items, min_size: 10}"),
    "queue that is less than its batch": queue("sizer: items, queue_size: 100, batch: {min_size: 1000}"),
    "queue that is less than its batch in another unit": queue("queue_size: 100, batch: {min_size: 1000}"),
    "queue with a batch above its maximum": queue("batch: {min_size: 1000, max_size: 100}"),
    "queue with a batch of size 0": queue("batch: {min_size: 0}"),
    "queue with a batch of a negative size": queue("batch: {min_size: -1}"),
    "queue with a batch that never flushes": queue("batch: {flush_timeout: 0s}"),
    "queue with a batch of an unknown sizer": queue("batch: {sizer: pounds}"),
    "queue with a batch in requests": queue("batch: {sizer: requests}"),
    "queue with a batch with an unknown key": queue("batch: {color: red}"),
    "queue with a batch that waits": queue("wait_for_result: true, batch: {min_size: 10}"),
    "queue with batches by metadata": queue("batch: {partition: {metadata_keys: [tenant]}}"),
    "queue with batches by no metadata": queue("batch: {partition: {metadata_keys: []}}"),
    "retry": retry("enabled: true, initial_interval: 1s, max_interval: 10s, max_elapsed_time: 60s"),
    "retry for ever": retry("max_elapsed_time: 0"),
    "retry with max below initial": retry("initial_interval: 10s, max_interval: 1s"),
    "retry with a negative interval": retry("initial_interval: -1s"),
    "retry with a multiplier": retry("multiplier: 1.5, randomization_factor: 0.5"),
    "retry with a randomization above 1": retry("randomization_factor: 2"),
    "retry with a negative multiplier": retry("multiplier: -1"),
    # --- components that do nothing ---
    "nop": change(("  debug: {}", "  debug: {}\n  nop: {}"), ("exporters: [debug]", "exporters: [nop]")),
    "nop with a key": change(("  debug: {}", "  nop: {color: red}"), ("exporters: [debug]", "exporters: [nop]")),
    "nop as a receiver": change(
        ("receivers:\n", "receivers:\n  nop: {}\n"), ("receivers: [otlp]", "receivers: [otlp, nop]")
    ),
    # --- extensions ---
    "zpages": extension("zpages", "endpoint: 'localhost:14679'"),
    "zpages without keys": extension("zpages", ""),
    "zpages with an unknown key": extension("zpages", "color: red"),
    "zpages with expvar": extension("zpages", "expvar: {enabled: true}"),
    "health_check": extension("health_check", "endpoint: 'localhost:14133'"),
    "health_check with a path": extension("health_check", "endpoint: 'localhost:14133', path: /health"),
    "health_check with a path without its slash": extension("health_check", "path: health"),
    "health_check with an unknown key": extension("health_check", "color: red"),
    "pprof": extension("pprof", "endpoint: 'localhost:14777'"),
    "bearertokenauth": extension("bearertokenauth", "token: secret"),
    "bearertokenauth without a token": extension("bearertokenauth", ""),
    "bearertokenauth for an exporter": extension("bearertokenauth", "token: secret").replace(
        "  debug: {}",
        "  debug: {}\n  otlphttp: {endpoint: 'https://localhost:14999', auth: {authenticator: bearertokenauth}}",
    ),
}

# Several sources and --set: {name: (files by name, words of the command line)}
MERGES = {
    "two files": ({"a.yaml": BASE, "b.yaml": "exporters: {debug: {verbosity: basic}}\n"}, ["a.yaml", "b.yaml"]),
    "two files with file:": ({"a.yaml": BASE, "b.yaml": "exporters: {debug/2: {}}\n"}, ["file:a.yaml", "file:b.yaml"]),
    "a second file that is wrong": (
        {"a.yaml": BASE, "b.yaml": "exporters: {debug: {verbosity: loud}}\n"},
        ["a.yaml", "b.yaml"],
    ),
    "a second file that mends the first": (
        {
            "a.yaml": change(("debug: {}", "debug: {verbosity: loud}")),
            "b.yaml": "exporters: {debug: {verbosity: basic}}\n",
        },
        ["a.yaml", "b.yaml"],
    ),
    "a second file that is not there": ({"a.yaml": BASE}, ["a.yaml", "nowhere.yaml"]),
    "a second file with another list": (
        {
            "a.yaml": BASE,
            "b.yaml": "exporters: {debug/2: {}}\nservice: {pipelines: {traces: {exporters: [debug/2]}}}\n",
        },
        ["a.yaml", "b.yaml"],
    ),
    "yaml:": ({"a.yaml": BASE}, ["a.yaml", "yaml:exporters::debug::verbosity: detailed"]),
    "yaml: that is wrong": ({"a.yaml": BASE}, ["a.yaml", "yaml:exporters::debug::verbosity: loud"]),
    "a scheme that nobody knows": ({"a.yaml": BASE}, ["a.yaml", "vault:secret"]),
    "--set": ({"a.yaml": BASE}, ["a.yaml", "--set=exporters.debug.verbosity=detailed"]),
    "--set that is wrong": ({"a.yaml": BASE}, ["a.yaml", "--set=exporters.debug.verbosity=loud"]),
    "--set that mends the file": (
        {"a.yaml": change(("debug: {}", "debug: {verbosity: loud}"))},
        ["a.yaml", "--set=exporters.debug.verbosity=basic"],
    ),
    "--set without a value": ({"a.yaml": BASE}, ["a.yaml", "--set=exporters.debug.verbosity"]),
    "--set of an unknown key": ({"a.yaml": BASE}, ["a.yaml", "--set=exporters.debug.color=red"]),
    "--set of a list": ({"a.yaml": BASE}, ["a.yaml", "--set=service.pipelines.traces.exporters=[debug]"]),
    "no source at all": ({}, ["--set=exporters.debug.verbosity=basic"]),
}
