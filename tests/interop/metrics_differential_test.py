#!/usr/bin/env python3
"""The OpenTelemetry Collector and our gateway show the same about themselves: with the same configuration and the same
requests, each of the Collector's metrics has its name, its type and its labels here. What is missing or more is listed
with its reason; a difference that is gone fails the test, too."""

import http.client
import json
import re
import unittest
import urllib.request

import peers

peers.enter_python()

from collector import Collector  # noqa: E402
from gateway_harness import Gateway, main  # noqa: E402
from http_receiver import receiver  # noqa: E402
from ports import free_port  # noqa: E402

CONFIG = """
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%(grpc)d"}, http: {endpoint: "127.0.0.1:%(http)d"}}}
processors:
  memory_limiter: {check_interval: 10ms, limit_mib: %(limit_mib)d}
  batch: {timeout: 10ms}
  batch/full: {send_batch_size: 1}
  probabilistic_sampler: {sampling_percentage: 100}
  resource: {attributes: [{key: a, value: b, action: upsert}]}
exporters:
  otlp_http: {endpoint: "http://127.0.0.1:%(sink)d", compression: none}
  otlp_http/down:
    endpoint: "http://127.0.0.1:%(nowhere)d"
    sending_queue: {wait_for_result: true}
    retry_on_failure: {enabled: false}
  otlp_http/small:
    endpoint: "http://127.0.0.1:%(nowhere)d"
    sending_queue: {sizer: items, queue_size: 1}
    retry_on_failure: {enabled: false}
  otlp_grpc:
    endpoint: "127.0.0.1:%(nowhere)d"
    tls: {insecure: true}
    sending_queue: {num_consumers: 2}
    retry_on_failure: {enabled: false}
  debug: {}
service:
  telemetry:
    resource: {service.name: edge, deployment.environment: prod}
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %(metrics)d, without_scope_info: true,
      without_type_suffix: true, without_units: true}}}}]}
  pipelines:
    traces:
      receivers: [otlp]
      processors: [memory_limiter, probabilistic_sampler, resource, batch]
      exporters: [otlp_http, otlp_http/down, debug]
    traces/small: {receivers: [otlp], processors: [memory_limiter], exporters: [otlp_http/small, otlp_grpc]}
    metrics: {receivers: [otlp], processors: [memory_limiter, batch/full], exporters: [otlp_http]}
    logs: {receivers: [otlp], processors: [memory_limiter, probabilistic_sampler, batch], exporters: [otlp_http]}
"""

SPAN = {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "a"}
BODIES = {
    "/v1/traces": {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN, dict(SPAN, spanId="b7ad6b7169203332")]}]}]},
    "/v1/metrics": {
        "resourceMetrics": [
            {"scopeMetrics": [{"metrics": [{"name": "m", "gauge": {"dataPoints": [{"asInt": "1"}]}}]}]}
        ]
    },
    "/v1/logs": {
        "resourceLogs": [
            {"scopeLogs": [{"logRecords": [{"traceId": SPAN["traceId"], "body": {"stringValue": "a"}}]}]}
        ]
    },
}

RUNTIME = "of Go's memory; nanospan_memory_* tell of ours"
MISSING = {
    "otelcol_process_runtime_heap_alloc_bytes": RUNTIME,
    "otelcol_process_runtime_total_alloc_bytes": RUNTIME,
    "otelcol_process_runtime_total_sys_memory_bytes": RUNTIME,
    "promhttp_metric_handler_errors_total": "of Go's handler of /metrics",
}
# Of ours all series are there from the start, at 0: an alert on a rate sees the first one. The Collector's appear when
# something has happened, and these have not.
NOT_YET = {
    f"otelcol_exporter_{event}_{items}"
    for event in ("enqueue_failed", "send_failed")
    for items in ("metric_points", "log_records")
}
DESTINATION = "the Collector adds server_address, server_port and url_path; here an exporter is one series"
PROCESSOR = "the Collector adds up all samplers of a process; here each is told apart"
LABELS = {
    "otelcol_exporter_sent_spans": DESTINATION,
    "otelcol_exporter_sent_metric_points": DESTINATION,
    "otelcol_exporter_sent_log_records": DESTINATION,
    "otelcol_exporter_send_failed_spans": DESTINATION,
    "otelcol_processor_probabilistic_sampler_count_spans_processed": PROCESSOR,
    "otelcol_processor_probabilistic_sampler_count_traces_sampled": PROCESSOR,
    "otelcol_processor_probabilistic_sampler_count_logs_sampled": PROCESSOR,
}
ATTEMPTS_MAX = 5000  # until the Collector has looked at its heap, and has sent what it gathers

SENT = {f"otelcol_exporter_sent_{items}" for items in ("spans", "metric_points", "log_records")}
SENT.add("otelcol_processor_batch_timeout_trigger_send")
SERIES = re.compile(r"^(\w+)(?:\{(.*)\})? ")


def seen_at(port):
    """{name: (type, the names of labels that its series have)}"""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        text = page.read().decode()
    seen, name = {}, None
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            seen[name] = (kind, set())
        elif not line.startswith("#"):
            found = SERIES.match(line)
            labels = re.findall(r'(\w+)="', found[2] or "")
            seen[name][1].add(frozenset(labels) - {"le"})
    return seen


def post(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", path, json.dumps(BODIES[path]), {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status


def look(run, limit_mib, refuses):
    """What `run` shows after requests of all signals."""
    with receiver(lambda _path, _headers, _body: None) as sink:
        ports = {name: free_port() for name in ("grpc", "http", "nowhere", "metrics")}
        ports["sink"] = int(sink.rsplit(":", 1)[1])
        with run(CONFIG % dict(ports, limit_mib=limit_mib)):
            if refuses:
                attempts = (post(ports["http"], "/v1/logs") for _ in range(ATTEMPTS_MAX))
                if all(status == 200 for status in attempts):
                    raise AssertionError("it never refused")
            for path in BODIES:
                post(ports["http"], path)
            for _ in range(ATTEMPTS_MAX):
                seen = seen_at(ports["metrics"])
                if refuses or SENT <= set(seen):
                    return seen
    raise AssertionError(f"not all was sent: {set(seen)}")


class MetricsDifferential(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.ours, cls.theirs = {}, {}
        for limit_mib, refuses in ((512, False), (1, True)):
            for seen, run in ((cls.ours, Gateway), (cls.theirs, Collector)):
                for name, (kind, labels) in look(run, limit_mib, refuses).items():
                    seen.setdefault(name, (kind, set()))[1].update(labels)

    def test_each_of_the_collectors_is_here_with_its_type_and_labels(self):
        self.assertIn("otelcol_processor_memory_limiter_refused_spans", self.theirs)
        self.assertIn("otelcol_exporter_send_failed_spans", self.theirs)
        for name, (kind, labels) in self.theirs.items():
            with self.subTest(name):
                if name in MISSING:
                    self.assertNotIn(name, self.ours, "it is here: take it off MISSING")
                    continue
                self.assertIn(name, self.ours)
                self.assertEqual(self.ours[name][0], kind)
                if name in LABELS:
                    self.assertNotEqual(self.ours[name][1], labels, "they no longer differ: take it off LABELS")
                else:
                    self.assertEqual(self.ours[name][1], labels)

    def test_what_has_the_collectors_prefix_is_the_collectors(self):
        more = {name for name in self.ours if not name.startswith("nanospan_")} - set(self.theirs)
        self.assertEqual(more, NOT_YET)


if __name__ == "__main__":
    main()
