#!/usr/bin/env python3
"""A backend that dies again and again: with wait_for_result nothing that was acknowledged is lost (goal G12: 100 times;
NANOSPAN_BACKEND_KILLS says how often here).
"""

import os
import threading
import unittest

from gateway_harness import Backend, Gateway, forwarding, main, request_with

KILLS = int(os.environ.get("NANOSPAN_BACKEND_KILLS", "20"))
CLIENTS = 8


class DyingBackend(unittest.TestCase):
    def test_nothing_acknowledged_is_lost(self):
        backend = Backend()
        self.addCleanup(backend.kill)
        port, received = backend.port, backend.received
        acknowledged, lock, stop = [], threading.Lock(), threading.Event()
        with Gateway(forwarding(port, "    sending_queue: {wait_for_result: true, queue_size: 100}")) as gateway:

            def client(first):
                number = first
                while not stop.is_set():
                    name = f"n-{number:06}"
                    if gateway.post(request_with([name])) == 200:
                        with lock:
                            acknowledged.append(name.encode())
                        number += CLIENTS

            clients = [threading.Thread(target=client, args=(i,)) for i in range(CLIENTS)]
            for thread in clients:
                thread.start()
            for _ in range(KILLS):
                for _ in range(20):
                    backend.arrived.acquire()
                backend.kill()
                backend = Backend(port, received)
                self.addCleanup(backend.kill)
            stop.set()
            for thread in clients:
                thread.join()
            lost = set(acknowledged) - set(received)
            self.assertEqual(lost, set())
            self.assertGreater(len(acknowledged), KILLS * 10)
            print(f"backend killed {KILLS} times, {len(acknowledged)} spans acknowledged, {len(lost)} of them lost")
            gateway.wait_until(lambda: gateway.ledger("otlp_http")[3] == 0)
            enqueued, sent, failed, queued = gateway.ledger("otlp_http")
            self.assertEqual(enqueued, sent + failed + queued)
            gateway.wait_until(lambda: gateway.metric("nanospan_memory_used_bytes") == 0)
            gateway.signal()
            self.assertEqual(gateway.wait(), 0)


class FullQueue(unittest.TestCase):
    def test_refusals_are_retryable_and_counted(self):
        backend = Backend()
        self.addCleanup(backend.kill)
        backend.gate.clear()
        config = forwarding(backend.port, "    sending_queue: {queue_size: 5, num_consumers: 2}")
        with Gateway(config) as gateway:
            statuses = [gateway.post(request_with(["n-000000"])) for _ in range(12)]
            self.assertEqual(statuses, [200] * 5 + [503] * 7)
            self.assertEqual(gateway.metric("otelcol_exporter_enqueue_failed_spans"), 7)
            self.assertEqual(gateway.metric("otelcol_receiver_refused_spans"), 7)
            self.assertEqual(gateway.metric("otelcol_exporter_queue_size"), 5)
            self.assertEqual(gateway.ledger("otlp_http"), [5, 0, 0, 5])
            backend.gate.set()
            gateway.wait_until(lambda: gateway.ledger("otlp_http") == [5, 5, 0, 0])


if __name__ == "__main__":
    main()
