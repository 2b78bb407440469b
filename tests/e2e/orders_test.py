#!/usr/bin/env python3
"""The orders service end to end: a request becomes a trace in the gateway's file, and every span is accounted for."""

import json
import pathlib
import subprocess
import sys
import unittest

from gateway_harness import BINARY, Gateway, main
from http_receiver import receiver
from service_harness import CLIENT, CONFIG, ERROR, ORDER, SERVER, Service, spans_in

ORDERS = pathlib.Path(sys.argv[2]).resolve()
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def Orders(endpoint, *flags):
    return Service(ORDERS, "--database", "shop.db", "--endpoint", endpoint, "--payment-ms", "0", *flags)


class PaymentProvider:
    """Takes charges and notes the headers that came with them."""

    def __init__(self, test):
        self.headers = []
        self.url = test.enterContext(receiver(lambda _path, headers, _body: self.headers.append(headers)))


class OrdersTest(unittest.TestCase):
    def traced(self, use, *flags):
        """Runs `use(orders)` against a service that exports to a gateway: (account, spans), counted alike."""
        with Gateway(CONFIG) as gateway:
            with Orders(f"http://127.0.0.1:{gateway.ports['receiver']}", *flags) as orders:
                use(orders)
                account = orders.stop()
            accepted = gateway.metric("otelcol_receiver_accepted_spans")
            gateway.signal()
            self.assertEqual(gateway.wait(), 0)
            file = gateway.path / "traces.jsonl"
            spans = spans_in(file) if file.exists() else []
            self.tree = subprocess.run([BINARY, "tree", file], capture_output=True, text=True).stdout
        self.assertTrue(account["balances"])
        self.assertEqual((account["spans_dropped"], account["spans_queued"]), (0, 0), account)
        self.assertEqual(account["spans_ended"], account["spans_exported"])
        self.assertEqual((account["spans_exported"], len(spans)), (accepted, accepted))
        return account, spans

    def only(self, spans, name):
        found = [span for span in spans if span.name == name]
        self.assertEqual(len(found), 1, f"{name} among {[span.name for span in spans]}")
        return found[0]

    def test_an_order_is_one_trace_with_the_callers_id(self):
        provider = PaymentProvider(self)

        def use(orders):
            status, order = orders.request(
                "POST",
                "/api/orders?coupon=x&sig=secret",
                ORDER,
                traceparent=f"00-{TRACE}-{PARENT}-01",
                tracestate="shop=1",
            )
            self.assertEqual((status, order["status"], order["total_cents"]), (201, "paid", 990))

        account, spans = self.traced(use, "--payment-url", provider.url)
        self.assertEqual(account["requests"], 1)
        self.assertEqual({span.trace for span in spans}, {TRACE})
        server = self.only(spans, "POST /api/orders")
        self.assertEqual((server.parent, server.kind, server.status), (PARENT, SERVER, 0))
        self.check_server_attributes(server)

        inserts = ["INSERT orders", "INSERT order_items", "COMMIT"]
        names = ["validate order", *inserts, "POST /charges", "UPDATE orders", "COMMIT"]
        children = sorted((span for span in spans if span is not server), key=lambda span: span.start)
        self.assertEqual([span.name for span in children], names)
        for span in children:
            self.assertEqual(span.parent, server.id)
            self.assertGreaterEqual(span.start, server.start)
            self.assertLessEqual(span.end, server.end)
            self.assertGreaterEqual(span.end, span.start)

        charge = self.only(spans, "POST /charges")
        self.assertEqual(charge.attributes["http.response.status_code"], 200)
        self.assertEqual(charge.attributes["url.full"], f"{provider.url}/charges")
        self.assertRegex(provider.headers[0]["traceparent"], f"^00-{TRACE}-{charge.id}-0[13]$")
        self.assertEqual(provider.headers[0]["tracestate"], "shop=1")
        self.assertIn("├─ validate order", self.tree)
        self.assertIn("└─ COMMIT", self.tree)

    def check_server_attributes(self, server):
        self.assertEqual(server.scope, "nanospan.adapters.httplib")
        self.assertEqual(server.resource["service.name"], "orders")
        self.assertEqual(server.resource["telemetry.sdk.name"], "nanospan")
        self.assertEqual(server.resource["telemetry.sdk.language"], "cpp")
        port = server.attributes.pop("server.port")
        self.assertGreater(port, 0)
        self.assertGreater(server.attributes.pop("network.peer.port"), 0)
        expected = {
            "http.request.method": "POST",
            "http.response.status_code": 201,
            "http.route": "/api/orders",
            "url.path": "/api/orders",
            "url.query": "coupon=x&sig=REDACTED",
            "url.scheme": "http",
            "server.address": "127.0.0.1",
            "client.address": "127.0.0.1",
            "network.peer.address": "127.0.0.1",
            "network.protocol.version": "1.1",
            "user_agent.original": "shopper/1",
            "order.id": 1,
        }
        self.assertEqual(server.attributes, expected)

    def test_statements_have_the_database_attributes(self):
        def use(orders):
            self.assertEqual(orders.request("POST", "/api/orders", ORDER)[0], 201)
            status, order = orders.request("GET", "/api/orders/1")
            self.assertEqual((status, len(order["items"])), (200, 2))
            self.assertEqual(orders.request("GET", "/api/orders?limit=5")[1]["orders"][0]["id"], 1)

        _, spans = self.traced(use, "--payment-failures", "0")
        insert = self.only(spans, "INSERT order_items")
        self.assertEqual(insert.kind, CLIENT)
        text = insert.attributes.pop("db.query.text")
        self.assertTrue(text.startswith("INSERT INTO order_items"))
        self.assertNotIn("TEA-1", text)
        expected = {
            "db.system.name": "sqlite",
            "db.namespace": "shop",
            "db.operation.name": "INSERT",
            "db.collection.name": "order_items",
            "db.query.summary": "INSERT order_items",
            "db.operation.batch.size": 2,
        }
        self.assertEqual(insert.attributes, expected)
        find = self.only(spans, "GET /api/orders/{id}")
        self.assertEqual(find.attributes["url.path"], "/api/orders/1")
        self.assertEqual({s.name for s in spans if s.parent == find.id}, {"SELECT orders", "SELECT order_items"})
        self.assertEqual(len({span.trace for span in spans}), 3)

    def test_wrong_requests_are_the_clients_error(self):
        def use(orders):
            self.assertEqual(orders.request("POST", "/api/orders", '{"customer"')[0], 400)
            status, answer = orders.request("POST", "/api/orders", {"customer": "ann", "items": []})
            self.assertEqual((status, answer["error"]), (422, "items must be an array of 1 to 50 items"))
            self.assertEqual(orders.request("GET", "/api/orders/77")[0], 404)
            self.assertEqual(orders.request("GET", "/nothing")[0], 404)
            self.assertEqual(orders.request("BREW", "/api/orders")[0], 400)  # cpp-httplib stops it before any hook

        _, spans = self.traced(use)
        servers = [span for span in spans if span.kind == SERVER]
        self.assertEqual({span.status for span in servers}, {0})
        codes = [(span.name, span.attributes["http.response.status_code"]) for span in servers]
        names = ["POST /api/orders", "POST /api/orders", "GET /api/orders/{id}", "GET"]
        self.assertEqual(sorted(codes), sorted(zip(names, [400, 422, 404, 404])))
        self.assertNotIn("http.route", self.only(spans, "GET").attributes)
        refused = [span for span in spans if span.name == "validate order"]
        self.assertEqual([span.status for span in refused], [ERROR, ERROR])

    def test_a_failed_payment_is_an_error_of_both_spans(self):
        def use(orders):
            self.assertEqual(orders.request("POST", "/api/orders", ORDER)[0], 502)
            self.assertEqual(orders.request("GET", "/api/orders/1")[1]["status"], "payment_failed")

        _, spans = self.traced(use, "--payment-failures", "1")
        for name, code in (("POST /api/orders", "502"), ("POST /charges", "503")):
            span = self.only(spans, name)
            self.assertEqual((span.status, span.attributes["error.type"]), (ERROR, code))
            self.assertEqual(span.attributes["http.response.status_code"], int(code))

    def test_a_trace_that_the_caller_does_not_sample_is_only_passed_on(self):
        provider = PaymentProvider(self)

        def use(orders):
            headers = {"traceparent": f"00-{TRACE}-{PARENT}-00"}
            self.assertEqual(orders.request("POST", "/api/orders", ORDER, **headers)[0], 201)

        account, spans = self.traced(use, "--payment-url", provider.url)
        self.assertEqual((account["spans_ended"], spans), (0, []))
        self.assertRegex(provider.headers[0]["traceparent"], f"^00-{TRACE}-(?!{PARENT})[0-9a-f]{{16}}-0[02]$")

    def test_without_tracing_there_are_no_spans(self):
        def use(orders):
            self.assertEqual(orders.request("POST", "/api/orders", ORDER)[0], 201)

        account, spans = self.traced(use, "--tracing", "off", "--payment-failures", "0")
        self.assertEqual((account["requests"], account["spans_ended"], spans), (1, 0, []))

    def test_many_clients_at_once_lose_nothing(self):
        def use(orders):
            url = f"http://127.0.0.1:{orders.port}"
            command = [BINARY, "load", "http", "--json", "--url", url, "--connections", "32"]
            command += ["--pid", str(orders.process.pid), "--seconds", "1", "--round", "0.5"]
            command += ["--request", "POST /api/orders " + json.dumps(ORDER), "--request", "GET /api/orders?limit=3"]
            done = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.load = json.loads(done.stdout)

        account, spans = self.traced(use)
        self.assertEqual(account["requests"], self.load["requests"])
        self.assertEqual(sum(span.kind == SERVER for span in spans), self.load["requests"])
        self.assertEqual(sum(span.status == ERROR for span in spans if span.kind == SERVER), self.load["error_status"])
        self.assertGreater(self.load["cpu_us_per_request"], 0)
        ids = {(span.trace, span.id) for span in spans}
        self.assertEqual(len(ids), len(spans))
        self.assertTrue(all(not span.parent or (span.trace, span.parent) in ids for span in spans))

    def test_wrong_arguments_and_taken_ports_are_told(self):
        wrong = subprocess.run([ORDERS, "--port", "70000"], capture_output=True, text=True)
        self.assertEqual((wrong.returncode, wrong.stderr), (2, 'orders: --port is "70000"; it must be 0 to 65535\n'))
        with Orders("http://127.0.0.1:1", "--tracing", "off") as orders:
            database = f"{orders.folder.name}/b.db"
            command = [ORDERS, "--port", str(orders.port), "--tracing", "off", "--database", database]
            taken = subprocess.run(command, capture_output=True, text=True)
            self.assertEqual(taken.returncode, 1)
            self.assertIn(f"cannot listen on 127.0.0.1:{orders.port}", taken.stderr)


if __name__ == "__main__":
    main()
