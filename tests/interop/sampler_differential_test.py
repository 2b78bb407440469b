#!/usr/bin/env python3
"""The probabilistic_sampler of the OpenTelemetry Collector and ours keep the same spans and log records, and write the
same to what they keep, in every mode."""

import random
import unittest

import peers

peers.enter_python()

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest  # noqa: E402
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: E402

from collector import Collector  # noqa: E402
from gateway_harness import Gateway, main  # noqa: E402
from processor_differential import outcome  # noqa: E402

MODES = [
    "sampling_percentage: 30",
    "sampling_percentage: 30, fail_closed: false",
    "sampling_percentage: 30, hash_seed: 22, from_attribute: id, sampling_priority: priority",
    "sampling_percentage: 60, attribute_source: record, from_attribute: id, fail_closed: false",
    "sampling_percentage: 30, mode: equalizing, sampling_priority: priority",
    "sampling_percentage: 30, mode: proportional, sampling_precision: 6",
    "sampling_percentage: 30, mode: proportional, fail_closed: false",
    "sampling_percentage: 0, sampling_priority: priority",
    "sampling_percentage: 0.001",
    "sampling_percentage: 1, mode: equalizing",
    "sampling_percentage: 99.9, mode: equalizing",
    "sampling_percentage: 0.05, mode: proportional, sampling_precision: 1",
    "sampling_percentage: 250",
]
KINDS = {"traces": ExportTraceServiceRequest, "logs": ExportLogsServiceRequest}


def trace_id(chance):
    return chance.randbytes(16) if chance.random() < 0.9 else b""


def state(chance):
    threshold, randomness = f"ot=th:{chance.randrange(16):x}8", f"ot=rv:{chance.randrange(2**56):014x},v=1"
    return chance.choice(["", "", "", threshold, randomness, "?"])


def put(attributes, key, value):
    pair = attributes.add(key=key)
    setattr(pair.value, {str: "string_value", int: "int_value", float: "double_value"}[type(value)], value)


def spans():
    chance = random.Random(1)
    request = ExportTraceServiceRequest()
    for number in range(400):
        span = request.resource_spans.add() if number == 0 else request.resource_spans[0]
        scope = span.scope_spans.add() if number == 0 else span.scope_spans[0]
        span = scope.spans.add(
            name=str(number), trace_id=trace_id(chance), span_id=chance.randbytes(8), trace_state=state(chance)
        )
        if chance.random() < 0.1:
            put(span.attributes, "sampling.priority", chance.choice([0, 1, 0.0, 2.5, "0", "1", -1, "high"]))
    return request


def records():
    chance = random.Random(2)
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for number in range(400):
        record = scope.log_records.add(severity_text=str(number), trace_id=trace_id(chance))
        put(record.attributes, "first", "stays")
        if chance.random() < 0.5:
            put(record.attributes, "id", chance.choice([f"record {number}", number, number + 0.5]))
        if chance.random() < 0.2:
            put(record.attributes, "priority", chance.choice([0, 5, 50, 100, 200, 0.5, -1, "50"]))
        if chance.random() < 0.2:
            put(record.attributes, "sampling.threshold", chance.choice(["8", "c", "4", "0", "xyz", ""]))
        if chance.random() < 0.1:
            put(record.attributes, "sampling.randomness", f"{chance.randrange(2**56):014x}")
    return request


def kept(kind, bodies):
    """What came out, by name: all there is to say of it."""
    out = {}
    for body in bodies:
        request = KINDS[kind].FromString(body)
        for resource in request.resource_spans if kind == "traces" else request.resource_logs:
            for scope in resource.scope_spans if kind == "traces" else resource.scope_logs:
                for item in scope.spans if kind == "traces" else scope.log_records:
                    attributes = sorted((pair.key, str(pair.value)) for pair in item.attributes)
                    if kind == "traces":
                        out[item.name] = (item.trace_state, attributes)
                    else:
                        out[item.severity_text] = attributes
    return out


class SamplerDifferential(unittest.TestCase):
    def outcome(self, run):
        """{(kind, mode): what was kept}"""
        sent = {"traces": spans(), "logs": records()}
        found = outcome(self, run, "probabilistic_sampler", MODES, sent)
        return {(kind, mode): kept(kind, bodies) for (kind, mode), bodies in found.items()}

    def test_the_same_are_kept(self):
        ours, theirs = self.outcome(Gateway), self.outcome(Collector)
        for name, expected in theirs.items():
            with self.subTest(name):
                self.assertEqual(ours[name], expected)
        self.assertGreater(sum(len(found) for found in theirs.values()), 1000)


if __name__ == "__main__":
    main()
