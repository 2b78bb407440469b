#!/usr/bin/env python3
"""The orders service under load, profiled: what its handlers take is known by trace and by route (goal P4), and the
profile's comments say what the sampling took.

Usage: orders_profile_test.py ORDERS. Environment: ORDERS_PROFILE_SECONDS, of 100 Hz for the figures (3).
"""

import contextlib
import http.client
import json
import os
import pathlib
import sys
import threading
import unittest

from ports import free_port
from service_harness import ORDER, Service

ORDERS = pathlib.Path(sys.argv.pop(1)).resolve()
ROUTES = {"/api/orders", "/api/orders/{id}"}
SAMPLES_LEAST = 300
SHARE_LEAST = 0.99


class OrdersProfileTest(unittest.TestCase):
    def setUp(self):
        self.port = free_port()
        self.orders = self.enterContext(
            Service(
                *("env", "NANOSPAN_PROFILING=true", f"NANOSPAN_PROFILING_PORT={self.port}", ORDERS),
                *("--database", "shop.db", "--endpoint", "http://127.0.0.1:9", "--payment-ms", "0"),
                *("--payment-failures", "0"),
            )
        )
        self.enterContext(self.load())

    @contextlib.contextmanager
    def load(self):
        """Two customers who look at a hundred orders, again and again."""
        for _ in range(100):
            self.assertEqual(self.orders.request("POST", "/api/orders", ORDER)[0], 201)
        stop = threading.Event()

        def browse():
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.orders.port)) as connection:
                while not stop.is_set():
                    for path in ("/api/orders?limit=100", "/api/orders/1"):
                        connection.request("GET", path)
                        connection.getresponse().read()

        customers = [threading.Thread(target=browse) for _ in range(2)]
        for customer in customers:
            customer.start()
        try:
            yield
        finally:
            stop.set()
            for customer in customers:
                customer.join()

    def profile(self, query):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port)) as connection:
            connection.request("GET", f"/debug/pprof/profile?{query}&format=page")
            response = connection.getresponse()
            body = response.read()
            self.assertEqual(response.status, 200, body)
            return json.loads(body)

    def test_samples_in_request_handlers_carry_trace_and_route(self):
        handled = labelled = 0
        routes = set()
        while handled < SAMPLES_LEAST:
            profile = self.profile("seconds=1&hz=1000&labels=trace")
            for label, (count, _nanos), stack in profile["samples"]:
                if not any("orders::Service::" in profile["functions"][function] for function in stack):
                    continue
                labels = profile["labels"][label]
                handled += count
                if len(labels.get("trace_id", "")) == 32 and labels.get("http.route") in ROUTES:
                    labelled += count
                    routes.add(labels["http.route"])
        print(f"{labelled} of {handled} samples in handlers carry trace and route", file=sys.stderr)
        self.assertGreaterEqual(labelled, SHARE_LEAST * handled)
        self.assertEqual(routes, ROUTES)

    def test_the_comments_say_what_the_sampling_took(self):
        seconds = int(os.environ.get("ORDERS_PROFILE_SECONDS", "3"))
        profile = self.profile(f"seconds={seconds}")
        counters = dict(comment.split("=", 1) for comment in profile["comments"])
        print(counters, file=sys.stderr)
        counters = {name: int(value) for name, value in counters.items()}
        taken = sum(count for _label, (count, _nanos), _stack in profile["samples"])
        self.assertGreater(taken, 0)
        self.assertGreaterEqual(counters["samples"], len(profile["samples"]))
        self.assertGreater(counters["handler_ns_per_sample"], 0)
        self.assertEqual(counters["dropped_ring_full"], 0)
        self.assertEqual(counters["stacks_truncated"], 0)
        self.assertEqual(counters["stacks_without_room"], 0)
        self.assertGreaterEqual(counters["stacks_to_root"], 0.99 * counters["samples"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
