#!/usr/bin/env python3
"""The OpenTelemetry Collector over TLS and mutual TLS: it receives from our SDK and from our gateway, and sends to our
gateway, over HTTP and gRPC. A wrong client certificate is refused in each direction, and both sides say so."""

import itertools
import unittest

import peers

peers.enter_python()

import requests  # noqa: E402

import sent_spans  # noqa: E402
from collector import Collector  # noqa: E402
from gateway_harness import Gateway, main, request_with  # noqa: E402
from otlp_messages import BOTH, stop_and_read  # noqa: E402
from ports import free_port  # noqa: E402
from python_decodes_test import check_sending_fails, send  # noqa: E402
from tls_files import FORGED_IN_OUR_WORDS, TlsFiles  # noqa: E402

# How our SDK calls it, the exporter of both gateways for it, and the port of a gateway of ours.
PROTOCOLS = {"http/protobuf": ("otlphttp", "receiver"), "grpc": ("otlp", "grpc")}
# grpc-go says at level debug what is wrong with a client's certificate.
TELEMETRY = "metrics: {level: none}, logs: {level: debug}"
OUR_TELEMETRY = 'metrics: {address: "127.0.0.1:0"}'
# Of the Collector, and of a gateway of ours.
RELAY = """
receivers:
  otlp:
    protocols:
      http: {{endpoint: "127.0.0.1:{http}"{server}}}
      grpc: {{endpoint: "127.0.0.1:{grpc}"{server}}}
exporters:
  {exporter}:
    endpoint: "https://127.0.0.1:{next}"
    tls: {{{client}}}
    sending_queue: {{wait_for_result: true}}
    retry_on_failure: {{enabled: false}}
service:
  telemetry: {{{telemetry}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [{exporter}]}}}}
"""


class Chain:
    """The files of a test, and the configurations made of them; `mutual`: servers ask for a client certificate."""

    def __init__(self, test, mutual=True):
        self.files, self.mutual = TlsFiles(test), mutual
        self.own = "client" if mutual else None

    def gateway(self):
        """Keeps what it gets by TLS."""
        return Gateway(self.files.over_tls(BOTH, self.mutual))

    def collector(self, protocol, port, name):
        """Takes TLS, sends by TLS to `port` with the certificate NAME, if given."""
        ports = {"http": free_port(), "grpc": free_port()}
        server = f", tls: {{{self.files.server(self.mutual)}}}"
        client = self.files.client(name)
        running = Collector(self.relay(protocol, port, client, server, TELEMETRY, **ports))
        running.ports = {"http/protobuf": ports["http"], "grpc": ports["grpc"]}
        return running

    def sender(self, protocol, port, name=None):
        """A gateway of ours that takes what is plain, and sends it to `port` with the certificate NAME, if given."""
        return Gateway(self.relay(protocol, port, self.files.client(name), "", OUR_TELEMETRY, http=0, grpc=0))

    def relay(self, protocol, port, client, server, telemetry, **ports):
        keys = {"client": client, "server": server, "telemetry": telemetry}
        return RELAY.format(exporter=PROTOCOLS[protocol][0], next=port, **keys, **ports)


class CollectorTls(unittest.TestCase):
    def test_spans_pass_it_from_our_sdk_and_from_our_gateway_to_our_gateway(self):
        for protocol, mutual in itertools.product(PROTOCOLS, (False, True)):
            chain = Chain(self, mutual)
            with self.subTest(protocol=protocol, mutual=mutual), chain.gateway() as last:
                with chain.collector(protocol, last.ports[PROTOCOLS[protocol][1]], chain.own) as collector:
                    port = collector.ports[protocol]
                    variables = chain.files.variables(chain.own)
                    by_sdk = send(self, f"https://127.0.0.1:{port}", "gzip", protocol, **variables)
                    with chain.sender(protocol, port, chain.own) as gateway:
                        by_gateway = send(self, f"http://127.0.0.1:{gateway.ports['receiver']}", "gzip")
                        self.assertNotIn("failed", gateway.text())
                    said = collector.stop()
                self.assertNotIn("TLS handshake error", said)
                arrived = stop_and_read(self, last, 2 * sent_spans.COUNT)
                for printed in (by_sdk, by_gateway):
                    wanted = {bytes.fromhex(line.split()[2]) for line in printed.splitlines()}
                    sent_spans.check(self, printed, {k: v for k, v in arrived.items() if k in wanted})

    def test_it_refuses_a_wrong_certificate_of_our_sdk_and_our_gateway(self):
        chain = Chain(self)
        for protocol, (name, ours, theirs) in itertools.product(
            PROTOCOLS,
            (
                (None, "the server asks for a client certificate; give one", "client didn't provide a certificate"),
                ("forged", "the peer does not trust the authority of our certificate", "signed by unknown authority"),
            ),
        ):
            with self.subTest(protocol=protocol, name=name), chain.gateway() as last:
                with chain.collector(protocol, last.ports[PROTOCOLS[protocol][1]], "client") as collector:
                    port = collector.ports[protocol]
                    with chain.sender(protocol, port, name) as gateway:
                        self.assertEqual(gateway.post(request_with(["one"])), 503)
                        self.assertTrue(gateway.wait_for_line(ours))
                    by_gateway = len(collector.lines)
                    variables = chain.files.variables(name)
                    check_sending_fails(self, f"https://127.0.0.1:{port}", protocol, ours, **variables)
                    collector.stop()
                    self.assertIn(theirs, "".join(collector.lines[:by_gateway]))
                    self.assertIn(theirs, "".join(collector.lines[by_gateway:]))
                self.assertEqual(last.metric("otelcol_receiver_accepted_spans"), 0)

    def test_our_gateway_refuses_its_wrong_certificate(self):
        chain = Chain(self)
        for protocol in PROTOCOLS:
            with self.subTest(protocol), chain.gateway() as last:
                with chain.collector(protocol, last.ports[PROTOCOLS[protocol][1]], "forged") as collector:
                    self.assertGreaterEqual(self.post(chain, collector), 500)
                    collector.stop()
                    self.assertIn("tls: unknown certificate authority", "".join(collector.lines))
                transport = "grpc" if protocol == "grpc" else "http"
                self.assertTrue(last.wait_for_line(f"{transport}: TLS: {FORGED_IN_OUR_WORDS}"))
                failures = f'nanospan_receiver_tls_handshake_failures{{receiver="otlp",transport="{transport}"}}'
                last.wait_until(lambda: last.metric(failures) >= 1)
                self.assertEqual(last.metric("otelcol_receiver_accepted_spans"), 0)

    def post(self, chain, collector):
        """The status of a request to the Collector over mutual TLS."""
        return requests.post(
            f"https://127.0.0.1:{collector.ports['http/protobuf']}/v1/traces",
            request_with(["one"]),
            headers={"Content-Type": "application/x-protobuf"},
            verify=chain.files.path("ca.pem"),
            cert=tuple(chain.files.pair("client")),
            timeout=60,
        ).status_code


if __name__ == "__main__":
    main()
