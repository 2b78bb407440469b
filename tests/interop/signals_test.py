#!/usr/bin/env python3
"""Metrics and logs of the OpenTelemetry SDK for Python, over HTTP and gRPC, through two of our gateways into files:
every data point and log record that it made arrives once, and our JSON is to protobuf's own parser what came in."""

import json
import unittest

import peers

peers.enter_python()

from google.protobuf import json_format  # noqa: E402
from opentelemetry._logs import LogRecord, SeverityNumber  # noqa: E402
import opentelemetry.exporter.otlp.proto.grpc._log_exporter as grpc_logs  # noqa: E402
import opentelemetry.exporter.otlp.proto.grpc.metric_exporter as grpc_metrics  # noqa: E402
import opentelemetry.exporter.otlp.proto.http._log_exporter as http_logs  # noqa: E402
import opentelemetry.exporter.otlp.proto.http.metric_exporter as http_metrics  # noqa: E402
from opentelemetry.exporter.otlp.proto.http import Compression  # noqa: E402
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest  # noqa: E402
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest  # noqa: E402
from opentelemetry.proto.collector.profiles.v1development.profiles_service_pb2 import (  # noqa: E402
    ExportProfilesServiceRequest,
)
from opentelemetry.sdk._logs import LoggerProvider  # noqa: E402
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor  # noqa: E402
from opentelemetry.sdk.metrics import MeterProvider  # noqa: E402
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: E402
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View  # noqa: E402

from gateway_harness import Gateway, main  # noqa: E402
from otlp_messages import frames_of, with_base64_ids  # noqa: E402

RECORDS = 1200  # more than two of the SDK's batches of 512
SERIES = 300

RECEIVER = """
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:0"}, http: {endpoint: "127.0.0.1:0"}}}
"""
STORE = (
    RECEIVER
    + """
exporters:
  file: {path: all.jsonl}
  file/proto: {path: all.binpb, format: proto}
service:
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines:
    metrics: {receivers: [otlp], exporters: [file, file/proto]}
    logs: {receivers: [otlp], exporters: [file, file/proto]}
    profiles: {receivers: [otlp], exporters: [file/proto]}
"""
)


def forwarding(exporter, processors=""):
    """To another gateway; answers when that one has it."""
    return (
        RECEIVER
        + f"""
processors:
  batch: {{timeout: 10ms}}
exporters:
  {exporter}
service:
  telemetry: {{metrics: {{address: "127.0.0.1:0"}}}}
  pipelines:
    metrics: {{receivers: [otlp], {processors} exporters: [otlp]}}
    logs: {{receivers: [otlp], {processors} exporters: [otlp]}}
    profiles: {{receivers: [otlp], exporters: [otlp]}}
"""
    ).replace("[otlp]}", f"[{exporter.partition(':')[0]}]}}")


def to_grpc(gateway):
    keys = f"endpoint: '127.0.0.1:{gateway.ports['grpc']}', tls: {{insecure: true}}"
    return f"otlp_grpc: {{{keys}, sending_queue: {{wait_for_result: true}}}}"


def to_http(gateway):
    return f"otlp_http: {{endpoint: 'http://127.0.0.1:{gateway.ports['receiver']}'}}"


def make_metrics(exporter):
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    views = [View(instrument_name="sizes", aggregation=ExponentialBucketHistogramAggregation())]
    provider = MeterProvider(metric_readers=[reader], views=views)
    meter = provider.get_meter("interop", "1.2.3")
    counter, gauge = meter.create_counter("orders", "1", "Bestellungen ✓"), meter.create_gauge("depth")
    latency, sizes = meter.create_histogram("latency", "s"), meter.create_histogram("sizes", "By")
    for i in range(SERIES):
        labels = {"series": i, "text": "grüße"}
        counter.add(i + 1, labels)
        gauge.set(-i / 7, labels)
        latency.record(i / 3, labels)
        sizes.record(2.0 ** (i % 60), labels)
    provider.shutdown()
    return 4 * SERIES


def make_logs(exporter):
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("interop", "1.2.3")
    for i in range(RECORDS):
        attributes = {"index": i, "ratio": 0.5, "text": "grüße"}
        logger.emit(
            LogRecord(
                timestamp=1_700_000_000_000_000_000 + i,
                severity_text="WARN",
                severity_number=SeverityNumber.WARN,
                body=f"Eintrag {i} ✓",
                attributes=attributes,
            )
        )
    provider.shutdown()
    return RECORDS


def points_of(request):
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in getattr(metric, metric.WhichOneof("data")).data_points:
                    yield metric.name, dict((a.key, a.value) for a in point.attributes)["series"].int_value


def bodies_of(request):
    for resource in request.resource_logs:
        for scope in resource.scope_logs:
            for record in scope.log_records:
                yield record.body.string_value


class Signals(unittest.TestCase):
    def accepted(self, gateway, items, transport):
        label = f'{{receiver="otlp",transport="{transport}"}}'
        return int(gateway.metric(f"otelcol_receiver_accepted_{items}{label}"))

    def sent(self, gateway, items):
        names = ("nanospan_exporter_enqueued", "otelcol_exporter_sent", "otelcol_exporter_send_failed")
        return [int(gateway.metric(f"{name}_{items}")) for name in names]

    def check(self, transport, to, processors=""):
        grpc = transport == "grpc"
        with Gateway(STORE) as store, Gateway(forwarding(to(store), processors)) as gateway:
            if grpc:
                where = {"endpoint": f"127.0.0.1:{gateway.ports['grpc']}", "insecure": True}
                points = make_metrics(grpc_metrics.OTLPMetricExporter(**where))
                records = make_logs(grpc_logs.OTLPLogExporter(**where))
            else:
                where = f"http://127.0.0.1:{gateway.ports['receiver']}/v1/"
                exporter = http_metrics.OTLPMetricExporter(endpoint=where + "metrics", compression=Compression.Gzip)
                points = make_metrics(exporter)
                records = make_logs(http_logs.OTLPLogExporter(endpoint=where + "logs"))
            for items, count in (("metric_points", points), ("log_records", records)):
                self.assertEqual(self.accepted(gateway, items, transport), count)
                gateway.wait_until(lambda: self.sent(gateway, items)[1] == count)
                self.assertEqual(self.sent(gateway, items), [count, count, 0])
                store.wait_until(lambda: self.sent(store, items)[1] == 2 * count)
                self.assertEqual(int(store.metric(f"otelcol_receiver_accepted_{items}")), count)
                self.assertEqual(self.sent(store, items), [2 * count, 2 * count, 0])
            gateway.signal()
            self.assertEqual(gateway.wait(), 0)
            store.signal()
            self.assertEqual(store.wait(), 0)
            self.compare((store.path / "all.jsonl").read_text(), (store.path / "all.binpb").read_bytes())

    def compare(self, text, frames):
        """JSON lines and frames hold the same requests, and all that was made, once."""
        series, bodies = [], []
        lines = text.splitlines()
        from_json = [json.loads(line) for line in lines]
        types = [ExportMetricsServiceRequest if "resourceMetrics" in j else ExportLogsServiceRequest for j in from_json]
        parsed = [json_format.ParseDict(with_base64_ids(j), t()) for j, t in zip(from_json, types)]
        # The two exporters write side by side, so the order may differ.
        left = sorted(frames_of(frames))
        self.assertEqual(len(left), len(parsed))
        for message in parsed:
            content = message.SerializeToString(deterministic=True)
            same = [f for f in left if len(f) == len(content) and type(message).FromString(f) == message]
            self.assertTrue(same)
            left.remove(same[0])
            if isinstance(message, ExportMetricsServiceRequest):
                series += points_of(message)
            else:
                bodies += bodies_of(message)
        self.assertEqual(len(series), 4 * SERIES)
        self.assertEqual(len(set(series)), 4 * SERIES)
        self.assertEqual(sorted(bodies), sorted(f"Eintrag {i} ✓" for i in range(RECORDS)))

    def test_grpc_then_grpc(self):
        self.check("grpc", to_grpc)

    def test_http_then_http(self):
        self.check("http", to_http)

    def test_http_then_grpc_in_batches(self):
        self.check("http", to_grpc, "processors: [batch],")

    def test_profiles_pass_as_they_came(self):
        request = ExportProfilesServiceRequest()
        profile = request.resource_profiles.add().scope_profiles.add().profiles.add()
        for i in range(7):
            profile.samples.add(stack_index=i, values=[1, 2])
        request.dictionary.string_table.extend(["", "cpu"])
        body = request.SerializeToString()
        for to in (to_http, to_grpc):
            with self.subTest(to), Gateway(STORE) as store, Gateway(forwarding(to(store))) as gateway:
                self.assertEqual(gateway.post(body, "/v1development/profiles"), 200)
                json_type = {"Content-Type": "application/json"}
                self.assertEqual(gateway.post(b"{}", "/v1development/profiles", json_type), 415)
                store.wait_until(lambda: self.sent(store, "profile_samples")[1] == 7)
                self.assertEqual(self.sent(gateway, "profile_samples"), [7, 7, 0])
                self.assertEqual(list(frames_of((store.path / "all.binpb").read_bytes())), [body])

    def test_a_signal_without_a_pipeline_is_not_served(self):
        with Gateway(STORE) as gateway:
            self.assertEqual(gateway.post(b"", "/v1/traces"), 404)
            self.assertEqual(gateway.post(b"", "/v1/logs"), 200)


if __name__ == "__main__":
    main()
