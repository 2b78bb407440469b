"""OTLP as the official Python messages have it, read from what ours wrote. Runs in the peers' environment."""

import base64
import json
import struct

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

# A gateway that keeps what it receives in both formats of the file exporter.
KEEP = """
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}
exporters:
  file: {path: traces.jsonl}
  file/proto: {path: traces.binpb, format: proto}
service:
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines:
    traces: {receivers: [otlp], exporters: [file, file/proto]}
"""
# The same, over gRPC as well.
BOTH = KEEP.replace("protocols: {", 'protocols: {grpc: {endpoint: "127.0.0.1:0"}, ')


def with_base64_ids(node):
    """OTLP/JSON differs from protobuf's JSON in one thing: ids are hex. json_format wants base64, as for all bytes."""
    if isinstance(node, list):
        return [with_base64_ids(element) for element in node]
    if not isinstance(node, dict):
        return node
    ids = ("traceId", "spanId", "parentSpanId")
    return {k: base64.b64encode(bytes.fromhex(v)).decode() if k in ids else with_base64_ids(v) for k, v in node.items()}


def requests_of_json(text):
    """The messages of OTLP JSON lines; unknown fields are errors."""
    bodies = [with_base64_ids(json.loads(line)) for line in text.splitlines()]
    return [json_format.ParseDict(body, ExportTraceServiceRequest()) for body in bodies]


def frames_of(content):
    """What is in the file exporter's proto format: requests, each after its length, four bytes, big endian."""
    while content:
        (size,) = struct.unpack(">I", content[:4])
        yield content[4 : 4 + size]
        content = content[4 + size :]


def requests_of_frames(content):
    return [ExportTraceServiceRequest.FromString(frame) for frame in frames_of(content)]


def spans_of(messages):
    """{span id: (resource, scope, scope's schema URL, span)}; an id that comes twice is an error."""
    found = {}
    for message in messages:
        for resource in message.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    if span.span_id in found:
                        raise AssertionError(f"span {span.span_id.hex()} came twice")
                    found[span.span_id] = (resource.resource, scope.scope, scope.schema_url, span)
    return found


def stop_and_read(test, gateway, count):
    """Ends the gateway; its spans. Checks that `count` were accepted and kept, the same in both formats."""
    test.assertEqual(gateway.metric("otelcol_receiver_accepted_spans"), count)
    gateway.signal()
    test.assertEqual(gateway.wait(), 0)
    as_json = spans_of(requests_of_json((gateway.path / "traces.jsonl").read_text(encoding="utf-8")))
    as_proto = spans_of(requests_of_frames((gateway.path / "traces.binpb").read_bytes()))
    test.assertEqual(len(as_json), count)
    test.assertEqual(as_json, as_proto)
    return as_json


def values_of(attributes):
    return {a.key: getattr(a.value, a.value.WhichOneof("value") or "key", None) for a in attributes}
