"""What peers/go_sender and peers/tonic send, by the official SDKs of Go and Rust: roots, each with one child."""

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from sent_spans import HAS_REMOTE, RANDOM, SAMPLED, attributes

COUNT = 700  # roots, each with a child: more than two of the SDKs' batches of 512


def check_child(test, span, index):
    expected = {"index": index, "text": "grüße", "flag": index % 2 == 0, "ratio": 0.5, "list": [1, -2]}
    test.assertEqual(list(span.attributes), attributes(expected))
    test.assertEqual((span.name, span.kind), (f"child {index}", Span.SPAN_KIND_INTERNAL))
    test.assertEqual(span.status, Status(code=Status.STATUS_CODE_ERROR, message="boom"))
    test.assertEqual([(e.name, list(e.attributes)) for e in span.events], [("tick", attributes({"unit": "s"}))])
    test.assertEqual([(l.trace_id, l.span_id) for l in span.links], [(span.trace_id, span.parent_span_id)])


def check(test, printed, arrived, service, scope_name):
    """Compares what arrived (otlp_messages.spans_of) with what the sender printed."""
    roots = {}
    for trace_id, span_id, kind, index in map(str.split, printed.splitlines()):
        resource, scope, _, span = arrived.pop(bytes.fromhex(span_id))
        test.assertEqual(list(resource.attributes), attributes({"service.name": service}))
        test.assertEqual((scope.name, scope.version), (scope_name, "1.2.3"))
        test.assertEqual(span.trace_id.hex(), trace_id)
        test.assertEqual(span.flags & ~RANDOM, SAMPLED | HAS_REMOTE)
        test.assertGreaterEqual(span.end_time_unix_nano, span.start_time_unix_nano)
        if kind == "child":
            check_child(test, span, int(index))
            test.assertEqual(roots.setdefault(index, span.parent_span_id), span.parent_span_id)
        else:
            test.assertEqual((span.name, span.kind), (f"root {index}", Span.SPAN_KIND_SERVER))
            test.assertEqual(roots.setdefault(index, span.span_id), span.span_id)
    test.assertEqual((arrived, len(roots)), ({}, COUNT))
