#!/usr/bin/env python3
"""SIGTERM and SIGINT: what was acknowledged is delivered, and the program ends in time whatever the backend does."""

import signal
import threading
import unittest

from gateway_harness import Backend, Gateway, forwarding, main, request_with


class Drain(unittest.TestCase):
    def test_what_was_acknowledged_is_delivered(self):
        backend = Backend()
        self.addCleanup(backend.kill)
        backend.gate.clear()
        with Gateway(forwarding(backend.port)) as gateway:
            names = [f"n-{i:06}" for i in range(40)]
            for name in names:
                self.assertEqual(gateway.post(request_with([name])), 200)
            backend.arrived.acquire()
            gateway.signal()
            self.assertTrue(gateway.wait_for_line("draining"))
            self.assertEqual(gateway.get("extension", "/")[0], 503)
            backend.gate.set()
            self.assertEqual(gateway.wait(), 0)
            self.assertIn("drained, good bye", gateway.text())
        self.assertEqual(sorted(backend.received), [name.encode() for name in names])

    def test_requests_in_flight_are_answered(self):
        backend = Backend()
        self.addCleanup(backend.kill)
        backend.gate.clear()
        with Gateway(forwarding(backend.port, "    sending_queue: {wait_for_result: true}")) as gateway:
            statuses = []
            clients = [
                threading.Thread(target=lambda i=i: statuses.append(gateway.post(request_with([f"n-{i:06}"]))))
                for i in range(8)
            ]
            for client in clients:
                client.start()
            for _ in clients:
                backend.arrived.acquire()
            gateway.signal(signal.SIGINT)
            self.assertTrue(gateway.wait_for_line("SIGINT: draining"))
            backend.gate.set()
            for client in clients:
                client.join()
            self.assertEqual(gateway.wait(), 0)
            self.assertEqual(statuses, [200] * 8)
        self.assertEqual(len(backend.received), 8)

    def test_a_dead_backend_does_not_hold_it_for_ever(self):
        backend = Backend()
        self.addCleanup(backend.kill)
        backend.gate.clear()
        with Gateway(forwarding(backend.port, service="  shutdown_timeout: 200ms")) as gateway:
            for i in range(3):
                self.assertEqual(gateway.post(request_with([f"n-{i:06}"])), 200)
            backend.arrived.acquire()
            gateway.signal()
            self.assertEqual(gateway.wait(), 4)
            lost = "3 spans were not sent before the shutdown deadline: 3 of them were acknowledged and are lost"
            self.assertIn(lost, gateway.text())
            self.assertNotIn("drained, good bye", gateway.text())

    def test_a_second_signal_ends_it_at_once(self):
        backend = Backend()
        self.addCleanup(backend.kill)
        backend.gate.clear()
        with Gateway(forwarding(backend.port)) as gateway:
            self.assertEqual(gateway.post(request_with(["n-000000"])), 200)
            backend.arrived.acquire()
            gateway.signal()
            self.assertTrue(gateway.wait_for_line("draining"))
            gateway.signal()
            self.assertEqual(gateway.wait(), 128 + signal.SIGTERM)

    def test_the_last_profile_has_until_the_deadline_and_no_longer(self):
        pyroscope = Backend()
        self.addCleanup(pyroscope.kill)
        pyroscope.gate.clear()
        config = f"""
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:0"}}}}}}}}
exporters: {{nop: }}
extensions:
  pprof: {{endpoint: "127.0.0.1:0", hz: 1000, push: {{endpoint: "http://127.0.0.1:{pyroscope.port}"}}}}
service:
  shutdown_timeout: 500ms
  extensions: [pprof]
  pipelines: {{traces: {{receivers: [otlp], exporters: [nop]}}}}
"""
        with Gateway(config) as gateway:
            while gateway.get("extension", "/debug/pprof/profile?from=-5m&debug=1")[0] != 200:
                self.assertEqual(gateway.post(request_with(["n-000000"] * 1000)), 200)
            gateway.signal()
            self.assertEqual(gateway.wait(), 0)
            self.assertRegex(gateway.text(), "has not answered within the 4[0-9]{2} ms that it had when the profiler")
            self.assertIn("drained, good bye", gateway.text())


if __name__ == "__main__":
    main()
