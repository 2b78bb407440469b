#!/usr/bin/env python3
"""The `attributes` processor of the OpenTelemetry Collector and ours make the same of the same spans, metric points and
log records: every action on values of every kind, and what `include` and `exclude` choose. (Version 0.160 of the
processor, in a Collector 0.165: not all of the modules that later ones need can be had.)
"""

import itertools
import unittest

import peers

peers.enter_python()

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue  # noqa: E402

from collector import Collector  # noqa: E402
from gateway_harness import Gateway, main  # noqa: E402
from processor_differential import outcome  # noqa: E402
from resource_differential_test import KINDS, SETTINGS, comparable, values  # noqa: E402

ACTIONS = [setting.replace("attributes:", "actions:", 1) for setting in SETTINGS]
MARK = "actions: [{key: chosen, value: yes, action: insert}]"
EVERYWHERE = [
    "match_type: strict, resources: [{key: service.name, value: shop}]",
    "match_type: regexp, resources: [{key: service.name, value: '^cart'}]",
    "match_type: strict, libraries: [{name: library}]",
    "match_type: strict, libraries: [{name: library, version: '1.0'}]",
    "match_type: regexp, libraries: [{name: 'lib.*'}]",
    "match_type: strict, attributes: [{key: value}]",
    "match_type: strict, attributes: [{key: none}]",
    "match_type: strict, attributes: [{key: value, value: 42}]",
    "match_type: strict, attributes: [{key: value, value: '12'}]",
    "match_type: strict, attributes: [{key: value, value: shop}]",
    "match_type: strict, attributes: [{key: value, value: true}]",
    "match_type: strict, attributes: [{key: value, value: 0.1}]",
    "match_type: strict, attributes: [{key: value, value: 1}, {key: host, value: h}]",
    "match_type: regexp, attributes: [{key: value, value: '^[0-9]+$'}]",
    "match_type: regexp, attributes: [{key: value, value: '@example'}]",
    "match_type: regexp, attributes: [{key: value, value: '^$'}]",
    "match_type: regexp, attributes: [{key: value, value: 'e|I'}]",
    "match_type: strict, resources: [{key: service.name, value: shop}], attributes: [{key: value, value: shop}]",
]
MATCHES = {
    "traces": EVERYWHERE
    + [
        "match_type: strict, services: [shop]",
        "match_type: regexp, services: ['^cart', none]",
        "match_type: strict, span_names: [checkout]",
        "match_type: strict, span_names: [check]",
        "match_type: regexp, span_names: ['^GET /cart/[0-9]+$']",
        "match_type: regexp, span_names: ['cart/1']",
        "match_type: strict, span_kinds: [SPAN_KIND_SERVER, SPAN_KIND_CLIENT]",
        "match_type: regexp, span_kinds: ['CLIENT|PRODUCER']",
        "match_type: regexp, services: ['.']",
        "match_type: regexp, span_kinds: ['^SPAN_KIND_[SU]']",
        "match_type: strict, services: [shop], span_names: [checkout]",
    ],
    "metrics": [
        "match_type: strict, metric_names: [checkout]",
        "match_type: regexp, metric_names: ['^GET /cart/[0-9]+$']",
        "match_type: regexp, metric_names: ['cart/1', none]",
    ],
    "logs": EVERYWHERE
    + [
        "match_type: strict, log_bodies: [checkout]",
        "match_type: regexp, log_bodies: ['cart/1']",
        "match_type: strict, log_severity_texts: [WARN]",
        "match_type: regexp, log_severity_texts: ['^W']",
        "match_type: strict, log_severity_number: {min: 13, match_undefined: false}",
        "match_type: strict, log_severity_number: {min: 9, match_undefined: true}",
    ],
}
VALUES = [*values(), AnyValue()]
SERVICES = ["shop", "cart-service", None]
SCOPES = [("library", "1.0"), ("library", ""), ("other", "1.0")]


def text(number):
    return "checkout" if number % 2 else f"GET /cart/{number}"


def add_item(kind, items, number):
    """The item, and what holds its attributes."""
    item = items.add()
    if kind == "traces":
        item.trace_id, item.span_id = bytes([number + 1] * 16), bytes([number + 1] * 8)
        item.name, item.kind = text(number), number % 6
        return item
    if kind == "metrics":
        item.name = text(number)
        return item.gauge.data_points.add(as_int=number)
    item.body.string_value = text(number)
    item.severity_number = (number % 5) * 5  # none, INFO2 and alike
    item.severity_text = ("", "INFO", "WARN")[number % 3]
    return item


def request(kind):
    """An item for each value, over all services and scopes."""
    message, resources, scopes, items = KINDS[kind]
    out, groups = message(), {}
    for number, value in enumerate(VALUES):
        service, scope = SERVICES[number % 3], SCOPES[number // 3 % 3]
        if (service, scope) not in groups:
            resource = getattr(out, resources).add()
            if service:
                resource.resource.attributes.add(key="service.name", value=AnyValue(string_value=service))
            groups[service, scope] = getattr(resource, scopes).add()
            groups[service, scope].scope.name, groups[service, scope].scope.version = scope
        target = add_item(kind, getattr(groups[service, scope], items), number)
        target.attributes.add(key="host", value=AnyValue(string_value="h"))
        target.attributes.append(KeyValue(key="value", value=value))
        target.attributes.add(key="last", value=AnyValue(int_value=number))
    return out


def items_of(kind, bodies):
    """{number: its attributes in order of their keys}."""
    message, resources, scopes, items = KINDS[kind]
    found = {}
    for body in bodies:
        for resource in getattr(message.FromString(body), resources):
            for scope in getattr(resource, scopes):
                for item in getattr(scope, items):
                    for target in item.gauge.data_points if kind == "metrics" else [item]:
                        number = next(pair.value.int_value for pair in target.attributes if pair.key == "last")
                        found[number] = sorted((pair.key, str(pair.value)) for pair in target.attributes)
    return found


class AttributesDifferential(unittest.TestCase):
    def check(self, settings, kinds):
        sent = {kind: request(kind) for kind in kinds}
        ours = outcome(self, Gateway, "attributes", settings, sent)
        theirs = outcome(self, Collector, "attributes", settings, sent)
        count = len(VALUES)
        changed = {kind: items_of(kind, [message.SerializeToString()]) for kind, message in sent.items()}
        for (kind, setting), bodies in theirs.items():
            with self.subTest(kind=kind, setting=setting):
                expected, found = items_of(kind, bodies), items_of(kind, ours[kind, setting])
                self.assertEqual((len(expected), len(found)), (count, count))
                wanted = [n for n in comparable(setting) if n < count]
                self.assertEqual([(n, found[n]) for n in wanted], [(n, expected[n]) for n in wanted])
        return {
            key: [n for n, item in items_of(key[0], bodies).items() if item != changed[key[0]][n]]
            for key, bodies in theirs.items()
        }

    def test_the_same_comes_of_every_action(self):
        self.check(ACTIONS, KINDS)

    def test_include_and_exclude_choose_the_same(self):
        for kind, matches in MATCHES.items():
            choices = itertools.product(("include", "exclude"), matches)
            settings = [f"{which}: {{{match}}}, {MARK}" for which, match in choices]
            settings.append(f"include: {{{matches[0]}}}, exclude: {{{matches[1]}}}, {MARK}")
            chosen = self.check(settings, [kind])
            # Some settings choose some items and not others, so that the comparison says something.
            self.assertGreater(sum(0 < len(numbers) < len(VALUES) for numbers in chosen.values()), len(matches))


if __name__ == "__main__":
    main()
