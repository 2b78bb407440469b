#!/usr/bin/env python3
"""The configuration changes under load: nothing that was acknowledged is lost, and what is wrong changes nothing."""

import http.client
import signal
import threading
import unittest

from gateway_harness import Backend, Gateway, main, request_with
from ports import free_port

SENDERS = 4


def configuration(port, backend, queue="", processors="", header="a", attributes="", extra=""):
    return f"""
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{port}", response_headers: {{x-version: {header}}}}}}}}}
processors:
  batch: {{timeout: 5ms, send_batch_size: 50}}
exporters:
  otlp_http:
    endpoint: http://127.0.0.1:{backend.port}
    compression: none
    retry_on_failure: {{initial_interval: 10ms, max_interval: 50ms}}
    sending_queue: {{{queue}}}
  debug:
service:
  telemetry: {{metrics: {{address: "127.0.0.1:0"}}}}
  pipelines:
    traces: {{receivers: [otlp], processors: [{processors}], exporters: [otlp_http{extra}]}}
"""


class Sender(threading.Thread):
    """Sends until told to stop, each request again until it is acknowledged, as the protocol asks."""

    def __init__(self, gateway, port, number):
        super().__init__()
        self.gateway, self.port, self.number = gateway, port, number
        self.acknowledged, self.unsure, self.ending = [], set(), threading.Event()
        self.start()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        while not self.ending.is_set():
            name = f"n-{self.number}{len(self.acknowledged):05}"
            while True:
                try:
                    headers = {"Content-Type": "application/x-protobuf"}
                    connection.request("POST", "/v1/traces", request_with([name]), headers)
                    response = connection.getresponse()
                    response.read()
                except (OSError, http.client.HTTPException):
                    connection.close()
                    self.unsure.add(name.encode())
                    continue
                if response.status == 200:
                    break
                assert response.status == 503, response.status
            self.acknowledged.append(name.encode())
        connection.close()


class Reloads(unittest.TestCase):
    def reloaded(self, gateway, text, expected):
        """Writes the configuration, asks for it to be read, and waits until the log says `expected` once more."""
        before = gateway.text().count(expected)
        (gateway.path / "config.yaml").write_text(text)
        gateway.signal(signal.SIGHUP)
        with gateway.changed:
            gateway.changed.wait_for(lambda: "".join(gateway.lines).count(expected) > before or "" in gateway.lines)
        self.assertGreater(gateway.text().count(expected), before, gateway.text())

    def change_under_load(self, queue):
        """Through all kinds of change, twice."""
        one, two, port = Backend(), Backend(), free_port()
        self.addCleanup(one.kill)
        self.addCleanup(two.kill)
        with Gateway(configuration(port, one, queue)) as gateway:
            senders = [Sender(gateway, port, number) for number in range(SENDERS)]
            changes = (
                ("exporter otlp_http changed", configuration(port, two, queue)),
                ("pipeline traces changed", configuration(port, two, queue, "batch")),
                ("exporter debug added", configuration(port, two, queue, "batch", extra=", debug")),
                ("receiver otlp changed", configuration(port, one, queue, "batch", "b")),
                ("pipeline traces changed", configuration(port, one, queue, header="b")),
                ("exporter otlp_http changed, receiver otlp changed", configuration(port, two, queue)),
                ("refused, the configuration before goes on", configuration(port, two, queue, "batsh")),
                ("exporter otlp_http changed", configuration(port, one, queue)),
            )
            for expected, text in changes * 2:
                # Some requests in each configuration.
                goals = [len(sender.acknowledged) + 10 for sender in senders]
                gateway.wait_until(lambda: all(len(s.acknowledged) >= g for s, g in zip(senders, goals)))
                self.reloaded(gateway, text, expected)
            for sender in senders:
                sender.ending.set()
                sender.join()
            gateway.wait_until(lambda: gateway.ledger("otlp_http")[3] == 0)
            enqueued, sent, failed, _ = gateway.ledger("otlp_http")
            self.assertEqual(enqueued, sent)
            self.assertEqual(failed, 0)
            self.assertEqual(gateway.metric('nanospan_config_reloads{result="refused"}'), 2)
            self.assertEqual(gateway.metric("nanospan_config_last_reload_successful"), 1)
            gateway.signal()
            self.assertEqual(gateway.wait(), 0, gateway.text())
        received = one.received + two.received
        acknowledged = [name for sender in senders for name in sender.acknowledged]
        self.assertEqual(set(acknowledged) - set(received), set())
        self.assertEqual(len(received), sent)
        unsure = set().union(*(sender.unsure for sender in senders))
        doubled = {name for name in acknowledged if received.count(name) != 1}
        self.assertEqual(doubled - unsure, set())

    def test_nothing_acknowledged_is_lost_from_a_queue_in_memory(self):
        self.change_under_load("queue_size: 1000")

    def test_nothing_acknowledged_is_lost_where_senders_wait_for_the_result(self):
        self.change_under_load("wait_for_result: true")

    def test_what_waits_for_a_dead_backend_goes_to_the_one_that_takes_its_place(self):
        dead, live, port = Backend(), Backend(), free_port()
        self.addCleanup(live.kill)
        dead.kill()
        with Gateway(configuration(port, dead)) as gateway:
            for i in range(20):
                self.assertEqual(gateway.post(request_with([f"n-{i:06}"])), 200)
            self.reloaded(gateway, configuration(port, live), "exporter otlp_http changed")
            gateway.wait_until(lambda: gateway.ledger("otlp_http")[1] == 20)
            self.assertEqual(len(live.received), 20)

    def test_a_connection_survives_what_does_not_concern_it(self):
        backend, port = Backend(), free_port()
        self.addCleanup(backend.kill)
        with Gateway(configuration(port, backend)) as gateway:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            for processors in ("", "batch", ""):
                if gateway.text().count("reload") or processors:
                    changed = configuration(port, backend, processors=processors)
                    self.reloaded(gateway, changed, "pipeline traces changed")
                before = connection.sock
                headers = {"Content-Type": "application/x-protobuf"}
                connection.request("POST", "/v1/traces", request_with(["n-000001"]), headers)
                self.assertEqual(connection.getresponse().read(), b"")
                if before is not None:
                    self.assertIs(connection.sock, before)
            connection.close()

    def test_post_reload_says_what_it_did(self):
        backend, port = Backend(), free_port()
        self.addCleanup(backend.kill)
        text = configuration(port, backend)
        with Gateway(text) as gateway:

            def post(headers={}):
                connection = http.client.HTTPConnection("127.0.0.1", gateway.ports["metrics"])
                connection.request("POST", "/-/reload", headers=headers)
                response = connection.getresponse()
                body = response.read().decode()
                connection.close()
                return response.status, body

            self.assertEqual(post(), (200, "nothing changed\n"))
            (gateway.path / "config.yaml").write_text(text.replace("queue: {}", "queue: {queue_size: 7}"))
            self.assertEqual(post(), (200, "exporter otlp_http changed\n"))
            self.assertEqual(gateway.metric("otelcol_exporter_queue_capacity"), 7)
            (gateway.path / "config.yaml").write_text(text.replace("compression: none", "compresion: none"))
            status, body = post()
            self.assertEqual(status, 400)
            self.assertEqual(
                body, 'config.yaml:9: exporters.otlp_http.compresion: unknown key; did you mean "compression"?\n'
            )
            self.assertEqual(post({"Origin": "http://evil.example"})[0], 403)
            self.assertEqual(gateway.get("metrics", "/-/reload")[0], 405)
            (gateway.path / "config.yaml").write_text(text.replace("[otlp_http]", "[otlp_http, file]").replace(
                "  debug:\n", "  file: {path: /nonexistent/x}\n"))  # fmt: skip
            self.assertEqual(
                post(),
                (
                    500,
                    "exporter file: open /nonexistent/x: No such file or directory; there is no such folder: make it, "
                    "or set create_directory: true\n",
                ),
            )
            self.assertEqual(gateway.post(request_with(["n-000001"])), 200)


if __name__ == "__main__":
    main()
