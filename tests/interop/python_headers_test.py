#!/usr/bin/env python3
"""One trace through a Python client, our orders service and a Python server, by the headers of each."""

import os
import unittest
import unittest.mock

import peers

peers.enter_python()

from opentelemetry import baggage, context, propagate, trace  # noqa: E402
from opentelemetry.baggage.propagation import W3CBaggagePropagator  # noqa: E402
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: E402
from opentelemetry.propagators.b3 import B3MultiFormat, B3SingleFormat  # noqa: E402
from opentelemetry.propagators.composite import CompositePropagator  # noqa: E402
from opentelemetry.sdk.resources import Resource  # noqa: E402
from opentelemetry.sdk.trace import TracerProvider, sampling  # noqa: E402
from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: E402
from opentelemetry.trace import SpanKind, TraceState  # noqa: E402
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: E402

from gateway_harness import Gateway, main  # noqa: E402
from http_receiver import receiver  # noqa: E402
from orders_test import ORDER, Orders  # noqa: E402
from otlp_messages import KEEP, stop_and_read, values_of  # noqa: E402

REMOTE_PARENT = 0x300  # Span.flags: it is known whether the parent is remote, and it is
# Not "," or ";": cpp-httplib 0.11 decodes header values before anybody can see them (docs/interop.md).
BAGGAGE = "Grüße 1=2%"
W3C = CompositePropagator([TraceContextTextMapPropagator(), W3CBaggagePropagator()])


class Payments:
    """A Python service: a server span for each charge, child of what the headers name."""

    def __init__(self, tracer):
        self.tracer = tracer
        self.seen = []  # (SpanContext, baggage) of each caller

    def charge(self, _path, headers, _body):
        caller = propagate.extract({name.lower(): value for name, value in headers.items()})
        self.seen.append((trace.get_current_span(caller).get_span_context(), dict(baggage.get_all(caller))))
        self.tracer.start_span("charge", context=caller, kind=SpanKind.SERVER).end()


class PythonHeaders(unittest.TestCase):
    def order(self, propagator, propagators, sampler=sampling.ALWAYS_ON):
        """Orders once; (client's SpanContext, what the Python server saw, spans by name)."""
        propagate.set_global_textmap(propagator)
        with Gateway(KEEP) as gateway, unittest.mock.patch.dict(os.environ, OTEL_PROPAGATORS=propagators):
            endpoint = f"http://127.0.0.1:{gateway.ports['receiver']}"
            provider = TracerProvider(sampler=sampler, resource=Resource.create({"service.name": "python"}))
            provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint + "/v1/traces")))
            tracer = provider.get_tracer("interop.python")
            payments = Payments(tracer)
            with receiver(payments.charge) as url, Orders(endpoint, "--payment-url", url) as orders:
                with tracer.start_as_current_span("client", kind=SpanKind.CLIENT) as span:
                    token = context.attach(baggage.set_baggage("user", BAGGAGE))
                    headers = {}
                    propagate.inject(headers)
                    context.detach(token)
                    self.assertEqual(orders.request("POST", "/api/orders", ORDER, **headers)[0], 201)
                account = orders.stop()
            provider.shutdown()
            self.assertTrue(account["balances"])
            if not span.get_span_context().trace_flags.sampled:
                self.assertEqual((account["spans_ended"], gateway.metric("otelcol_receiver_accepted_spans")), (0, 0))
                return span.get_span_context(), payments.seen[0], {}
            spans = stop_and_read(self, gateway, account["spans_ended"] + 2)  # client and charge
        return span.get_span_context(), payments.seen[0], {entry[3].name: entry for entry in spans.values()}

    def check_one_trace(self, client, seen, spans):
        self.assertEqual({span.trace_id.hex() for _, _, _, span in spans.values()}, {f"{client.trace_id:032x}"})
        server, call, charge = (spans[name][3] for name in ("POST /api/orders", "POST /charges", "charge"))
        self.assertEqual(server.parent_span_id.hex(), f"{client.span_id:016x}")
        self.assertEqual(server.flags & REMOTE_PARENT, REMOTE_PARENT)
        self.assertEqual(call.parent_span_id, server.span_id)
        self.assertEqual(charge.parent_span_id, call.span_id)
        self.assertEqual((seen[0].trace_id, f"{seen[0].span_id:016x}"), (client.trace_id, call.span_id.hex()))
        self.assertTrue(seen[0].is_remote and seen[0].trace_flags.sampled)
        names = {name: values_of(entry[0].attributes)["service.name"] for name, entry in spans.items()}
        self.assertEqual((names["client"], names["POST /api/orders"], names["charge"]), ("python", "orders", "python"))

    def test_w3c_headers_join_three_services_in_one_trace(self):
        client, seen, spans = self.order(W3C, "tracecontext,baggage")
        self.check_one_trace(client, seen, spans)
        self.assertEqual(seen[1], {"user": BAGGAGE})

    def test_a_tracestate_goes_through_to_the_other_end(self):
        class Vendor(sampling.Sampler):
            def should_sample(self, *_, **__):
                state = TraceState([("vendor", "t61rcWkgMzE"), ("rojo", "00f067aa0ba902b7")])
                return sampling.SamplingResult(sampling.Decision.RECORD_AND_SAMPLE, trace_state=state)

            def get_description(self):
                return "Vendor"

        client, seen, spans = self.order(W3C, "tracecontext", sampling.ParentBased(Vendor()))
        self.check_one_trace(client, seen, spans)
        self.assertEqual(seen[0].trace_state.to_header(), "vendor=t61rcWkgMzE,rojo=00f067aa0ba902b7")
        self.assertEqual(spans["POST /api/orders"][3].trace_state, "vendor=t61rcWkgMzE,rojo=00f067aa0ba902b7")

    def test_a_trace_that_python_does_not_sample_stays_so(self):
        client, seen, spans = self.order(W3C, "tracecontext,baggage", sampling.ParentBased(sampling.ALWAYS_OFF))
        self.assertEqual((seen[0].trace_id, seen[0].trace_flags.sampled, spans), (client.trace_id, False, {}))
        self.assertEqual(seen[1], {"user": BAGGAGE})

    def test_b3_single_header(self):
        self.check_one_trace(*self.order(B3SingleFormat(), "b3"))

    def test_b3_multiple_headers(self):
        self.check_one_trace(*self.order(B3MultiFormat(), "b3multi"))


if __name__ == "__main__":
    main()
