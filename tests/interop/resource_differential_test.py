#!/usr/bin/env python3
"""The `resource` processor of the OpenTelemetry Collector and ours make the same of the same resources: every action,
on values of every kind.
"""

import itertools
import unittest

import peers

peers.enter_python()

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest  # noqa: E402
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest  # noqa: E402
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: E402
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue  # noqa: E402

from collector import Collector  # noqa: E402
from gateway_harness import Gateway, main  # noqa: E402
from processor_differential import outcome  # noqa: E402

KINDS = {
    "traces": (ExportTraceServiceRequest, "resource_spans", "scope_spans", "spans"),
    "metrics": (ExportMetricsServiceRequest, "resource_metrics", "scope_metrics", "metrics"),
    "logs": (ExportLogsServiceRequest, "resource_logs", "scope_logs", "log_records"),
}
TEXTS = ["", "shop", "12", "-7", "+5", " 12", "1e3", "0x10", "1_000", "12.75", "-0.5", ".5", "inf", "NaN", "true"]
TEXTS += ["99999999999999999999", "grüße", "a b\\c", "/api/v1/cart/42", "user@example.com"]
NUMBERS = [0, 1, -1, 42, 2**53 + 1, 2**63 - 1, -(2**63)]
FLOATS = [0.0, -0.0, 1.0, 0.1, -2.5, 1e21, 1e-7, 123456789.125, 1e300, float("inf"), float("-inf")]


def values():
    yield from (AnyValue(string_value=text) for text in TEXTS)
    yield from (AnyValue(int_value=number) for number in NUMBERS)
    yield from (AnyValue(double_value=number) for number in FLOATS)
    yield from (AnyValue(bool_value=truth) for truth in (True, False))
    yield from (AnyValue(bytes_value=octets) for octets in (b"", b"\x00\xff"))
    several = AnyValue()
    several.array_value.values.add(string_value="a")
    several.array_value.values.add(int_value=2)
    yield several
    table = AnyValue()
    table.kvlist_value.values.add(key="k", value=AnyValue(double_value=1.5))
    yield table


def action(words):
    return f"attributes: [{{{words}}}]"


SETTINGS = [
    action(f"key: new.key, action: upsert, value: {value}")
    for value in ("text", "7", "1.5", "true", '"7"', "[a, 2]", "{k: 1}")
]
SETTINGS += [
    action(f"key: {key}, action: {what}, {source}")
    for key, what, source in itertools.product(
        ("value", "new.key"),
        ("insert", "update", "upsert"),
        ("value: 7", "from_attribute: host", "from_attribute: none"),
    )
]
SETTINGS += [action(f"key: value, action: convert, converted_type: {kind}") for kind in ("int", "double", "string")]
SETTINGS += [action(f"{which}, action: hash") for which in ("key: value", "pattern: ^val", "key: none")]
SETTINGS += [action("key: value, action: delete"), action("pattern: '^(value|host)$', action: delete")]
SETTINGS += [
    action("key: value, action: extract, pattern: '^/api/(?P<version>v[0-9]+)/(?P<host>[a-z]+)/(?P<id>[0-9]+)$'"),
    action("key: value, action: extract, pattern: '(?P<user>[^@]+)@(?P<domain>.+)'"),
    action("key: value, action: extract, pattern: '^(?P<optional>x)?(?P<all>.*)$'"),
    "attributes: [{key: a, action: upsert, from_attribute: value}, {key: value, action: delete}, "
    "{key: value, action: insert, from_attribute: a}, {key: a, action: convert, converted_type: string}]",
]


def request(kind):
    """A resource for each value, each with one item, whose name is the resource's place."""
    message, resources, scopes, items = KINDS[kind]
    out = message()
    for number, value in enumerate(values()):
        group = getattr(out, resources).add()
        group.resource.attributes.add(key="host", value=AnyValue(string_value="h"))
        group.resource.attributes.append(KeyValue(key="value", value=value))
        group.resource.attributes.add(key="last", value=AnyValue(int_value=number))
        item = getattr(getattr(group, scopes).add(), items).add()
        if kind == "logs":
            item.severity_text = str(number)
        else:
            item.name = str(number)
        if kind == "metrics":  # the Collector's receiver lets nothing through that has no point
            item.gauge.data_points.add(as_int=number)
    bare = getattr(out, resources).add()  # no resource at all
    item = getattr(getattr(bare, scopes).add(), items).add()
    if kind == "metrics":
        item.gauge.data_points.add(as_int=1)
    return out


def resources_of(kind, bodies):
    """In order: what there is to say of each, its attributes in order of their keys."""
    message, resources, _, _ = KINDS[kind]
    return [
        sorted((pair.key, str(pair.value)) for pair in group.resource.attributes)
        for body in bodies
        for group in getattr(message.FromString(body), resources)
    ]


def comparable(setting):
    """The places of the resources that both must make the same of: outside of an int's range Go's conversion is up to
    the machine, and ours is the nearest number."""
    to_int = "converted_type: int" in setting
    return [n for n, value in enumerate([*values(), AnyValue()]) if not (to_int and abs(value.double_value) >= 2**63)]


class ResourceDifferential(unittest.TestCase):
    def test_the_same_resources_come_out(self):
        sent = {kind: request(kind) for kind in KINDS}
        ours = outcome(self, Gateway, "resource", SETTINGS, sent)
        theirs = outcome(self, Collector, "resource", SETTINGS, sent)
        count = len(list(values())) + 1
        for (kind, setting), bodies in theirs.items():
            with self.subTest(kind=kind, setting=setting):
                expected = resources_of(kind, bodies)
                self.assertEqual(len(expected), count)
                found = resources_of(kind, ours[kind, setting])
                self.assertEqual(len(found), count)
                for n in comparable(setting):
                    self.assertEqual(found[n], expected[n])


if __name__ == "__main__":
    main()
