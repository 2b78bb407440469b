#!/usr/bin/env python3
"""The shop: four processes and a gateway; an order is one trace through all of them, and nothing is lost on the way."""

import contextlib
import pathlib
import subprocess
import sys
import unittest

from gateway_harness import BINARY, Gateway, main
from service_harness import CLIENT, CONFIG, ERROR, ORDER, SERVER, Service, spans_in

ORDERS = pathlib.Path(sys.argv[2]).resolve()
SHOP = pathlib.Path(sys.argv[3]).resolve()
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SERVICES = ("front", "inventory", "orders", "payment")


class ShopTest(unittest.TestCase):
    def traced(self, use, failures="0", stock="1000"):
        """Runs `use(front, inventory)` against a shop: the spans that the gateway kept."""
        with contextlib.ExitStack() as stack:
            gateway = stack.enter_context(Gateway(CONFIG))
            endpoint = ("--endpoint", f"http://127.0.0.1:{gateway.ports['receiver']}")

            def start(*command):
                return stack.enter_context(Service(*command, *endpoint))

            payment = start(SHOP, "payment", "--failures", failures, "--delay-ms", "0")
            orders = start(ORDERS, "--payment-url", payment.url)
            inventory = start(SHOP, "inventory", "--stock", stock)
            front = start(SHOP, "front", "--inventory-url", inventory.url, "--orders-url", orders.url)
            use(front, inventory)
            # Those who ask go first: a server waits for its open connections.
            accounts = [service.stop() for service in (front, orders, inventory, payment)]
            gateway.signal()
            self.assertEqual(gateway.wait(), 0)
            file = gateway.path / "traces.jsonl"
            spans = spans_in(file)
            self.tree = subprocess.run([BINARY, "tree", file, "--trace", TRACE], capture_output=True, text=True).stdout
        self.assertTrue(all(account["balances"] for account in accounts), accounts)
        self.assertEqual(sum(account["spans_ended"] for account in accounts), len(spans))
        return spans

    def test_an_order_is_one_trace_through_all_services(self):
        def use(front, inventory):
            headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "Content-Type": "application/json"}
            status, order = front.request("POST", "/api/orders", ORDER, **headers)
            self.assertEqual((status, order["status"], order["total_cents"]), (201, "paid", 990))
            self.assertEqual(front.request("GET", "/api/orders/1")[1], order)
            self.assertEqual(front.request("GET", "/api/orders?limit=5")[1]["orders"][0]["id"], 1)
            self.assertEqual(inventory.request("GET", "/stock/TEA-1")[1], {"sku": "TEA-1", "left": 998})

        spans = [span for span in self.traced(use) if span.trace == TRACE]
        ids = {span.id: span for span in spans}
        self.assertEqual({span.resource["service.name"] for span in spans}, set(SERVICES))
        (root,) = [span for span in spans if span.parent == PARENT]
        self.assertEqual((root.name, root.resource["service.name"]), ("POST /api/orders", "front"))
        self.assertEqual(root.attributes["shop.reservation"], "/reservations/1")
        self.assertEqual([span for span in spans if span is not root and span.parent not in ids], [])
        # Each request between services is a client span, and a server span of another service below it.
        hops = {
            (ids[span.parent].resource["service.name"], span.resource["service.name"], span.name)
            for span in spans
            if span.kind == SERVER and span is not root
        }
        expected = {("front", "inventory", "POST /reservations"), ("front", "orders", "POST /api/orders")}
        self.assertEqual(hops, expected | {("orders", "payment", "POST /charges")})
        self.assertTrue(all(ids[s.parent].kind == CLIENT for s in spans if s.kind == SERVER and s is not root))
        for service in SERVICES:
            self.assertIn(f"({service})", self.tree)
        self.assertIn("INSERT charges", self.tree)

    def test_what_is_not_paid_goes_back_to_the_shelf(self):
        def use(front, inventory):
            status, answer = front.request("POST", "/api/orders", ORDER)
            self.assertEqual((status, answer["error"]), (502, "payment: the provider answered 503"))
            self.assertEqual(inventory.request("GET", "/stock/TEA-1")[1]["left"], 1000)
            self.assertEqual(inventory.request("GET", "/stock/CUP")[1]["left"], 1000)
            self.assertEqual(inventory.request("DELETE", "/reservations/1")[0], 404, "it is released already")

        spans = self.traced(use, failures="1")
        bank = next(span for span in spans if span.name == "ask the bank")
        trace = [span for span in spans if span.trace == bank.trace]
        self.assertIn("DELETE /reservations/{id}", {span.name for span in trace})
        failed = {(span.resource["service.name"], span.name) for span in trace if span.status == ERROR}
        for expected in (("front", "POST /api/orders"), ("orders", "POST /charges"), ("payment", "POST /charges")):
            self.assertIn(expected, failed)

    def test_what_is_not_there_is_not_ordered(self):
        def use(front, inventory):
            few = {"customer": "ann", "items": [{"sku": "RARE", "quantity": 600, "unit_price_cents": 1}]}
            self.assertEqual(front.request("POST", "/api/orders", few)[0], 201)
            status, answer = front.request("POST", "/api/orders", few)
            self.assertEqual((status, answer["error"]), (409, "there are too few of RARE"))
            both = {"customer": "ann", "items": [ORDER["items"][0], few["items"][0]]}
            self.assertEqual(front.request("POST", "/api/orders", both)[0], 409)
            self.assertEqual(inventory.request("GET", "/stock/TEA-1")[1]["left"], 1000, "all of an order, or none")
            self.assertEqual(front.request("POST", "/api/orders", '{"customer"')[0], 400)
            self.assertEqual(len(front.request("GET", "/api/orders")[1]["orders"]), 1)

        self.traced(use)

    def test_a_service_that_is_gone_is_told(self):
        def use(front, inventory):
            inventory.process.kill()
            inventory.process.wait()
            status, answer = front.request("POST", "/api/orders", ORDER)
            self.assertEqual(status, 502)
            self.assertIn("inventory: ", answer["error"])

        with Service(SHOP, "inventory", "--tracing", "off") as inventory:
            command = ("--inventory-url", inventory.url, "--orders-url", "http://127.0.0.1:1", "--tracing", "off")
            with Service(SHOP, "front", *command) as front:
                use(front, inventory)

    def test_wrong_arguments_are_told(self):
        for words, told in (
            ([], 'shop: the first argument is ""; it must be front, inventory or payment\n'),
            (["kitchen"], 'shop: the first argument is "kitchen"; it must be front, inventory or payment\n'),
            (["front", "--stock", "5"], "shop: unknown argument --stock; see shop --help\n"),
            (["inventory", "--stock", "5"], 'shop: --stock is "5"; it must be 1000 to 1000000000000\n'),
        ):
            done = subprocess.run([SHOP, *words], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (2, told))


if __name__ == "__main__":
    main()
