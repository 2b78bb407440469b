#!/usr/bin/env python3
"""The OpenTelemetry SDK for Python exports to our gateway; every span that it made arrives as it encodes it."""

import unittest

import peers

peers.enter_python()

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans  # noqa: E402
from opentelemetry.exporter.otlp.proto.http import Compression  # noqa: E402
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: E402
from opentelemetry.sdk.resources import Resource  # noqa: E402
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402
from opentelemetry.trace import Link, SpanKind, Status, StatusCode  # noqa: E402

from gateway_harness import Gateway, main  # noqa: E402
from otlp_messages import KEEP, spans_of, stop_and_read  # noqa: E402

SPANS = 1200  # more than two of the SDK's batches of 512


def make_spans(tracer):
    for i in range(SPANS // 2):
        with tracer.start_as_current_span(f"Wurzel {i} ✓", kind=SpanKind(i % 5)) as root:
            with tracer.start_as_current_span("child", links=[Link(root.get_span_context(), {"why": "test"})]) as child:
                child.set_attributes({"index": i, "text": "grüße", "flag": True, "ratio": 0.1, "blob": b"\x00\xff"})
                child.set_attributes({"strings": ["a", ""], "doubles": [0.5], "bools": [True, False]})
                child.set_attributes({"ints": [1, -2], "none": []})
                child.add_event("tick", {"unit": "s"}, timestamp=1_700_000_000_000_000_001)
                child.set_status(Status(StatusCode.ERROR, "boom"))


class PythonExports(unittest.TestCase):
    def exporter(self, gateway, compression):
        endpoint = f"http://127.0.0.1:{gateway.ports['receiver']}/v1/traces"
        return OTLPSpanExporter(endpoint=endpoint, compression=compression)

    def check_all_arrive(self, compression):
        kept = InMemorySpanExporter()
        with Gateway(KEEP) as gateway:
            provider = TracerProvider(resource=Resource.create({"service.name": "python", "answer": 42}))
            provider.add_span_processor(BatchSpanProcessor(self.exporter(gateway, compression)))
            provider.add_span_processor(SimpleSpanProcessor(kept))
            make_spans(provider.get_tracer("interop", "1.2.3", "https://opentelemetry.io/schemas/1.30.0", {"k": "v"}))
            provider.shutdown()
            arrived = stop_and_read(self, gateway, SPANS)
        sent = spans_of([encode_spans(kept.get_finished_spans())])
        self.assertEqual(len(sent), SPANS)
        for span_id, expected in sent.items():
            self.assertEqual(arrived[span_id], expected)

    def test_protobuf(self):
        self.check_all_arrive(Compression.NoCompression)

    def test_protobuf_with_gzip(self):
        self.check_all_arrive(Compression.Gzip)

    def test_protobuf_with_deflate(self):
        self.check_all_arrive(Compression.Deflate)


if __name__ == "__main__":
    main()
