#!/usr/bin/env python3
"""The OpenTelemetry Collector receives the OTLP profiles of a program, says what it got, and sends them to our
gateway."""

import http.client
import os
import subprocess
import sys
import unittest

from collector import Collector
from gateway_harness import Gateway, main
from ports import free_port

CONFIG = """
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{port}"}}}}}}
exporters:
  debug: {{verbosity: detailed}}
  otlphttp: {{endpoint: "http://127.0.0.1:{next}"}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    profiles: {{receivers: [otlp], exporters: [debug, otlphttp]}}
"""
GATEWAY = """
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {debug: }
service:
  telemetry: {metrics: {address: "127.0.0.1:0"}}
  pipelines: {profiles: {receivers: [otlp], exporters: [debug]}}
"""


def has_samples(port):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        connection.request("GET", "/debug/pprof/profile?from=-5m&debug=1")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


class CollectorProfiles(unittest.TestCase):
    def test_it_receives_a_programs_profiles_and_sends_them_to_our_gateway(self):
        ports = {"port": free_port(), "pprof": free_port()}
        with Gateway(GATEWAY) as gateway:
            config = CONFIG.format(port=ports["port"], next=gateway.ports["receiver"])
            with Collector(config, "--feature-gates=service.profilesSupport") as collector:
                environment = dict(
                    os.environ,
                    NANOSPAN_PROFILING="true",
                    NANOSPAN_PROFILING_PORT=str(ports["pprof"]),
                    NANOSPAN_PROFILING_PUSH_PROTOCOL="otlp_development",
                    NANOSPAN_PROFILING_PUSH_URL=f"http://127.0.0.1:{ports['port']}",
                )
                program = [sys.argv[2], "serve"]
                with subprocess.Popen(program, stdin=subprocess.PIPE, env=environment) as running:
                    while not has_samples(ports["pprof"]):
                        pass
                    running.stdin.close()  # the last profile is sent at the end, and its answer waited for
                self.assertEqual(running.returncode, 0)
                said = collector.stop()
            for text in ("handle_order", "/orders/{id}", "service.name: Str(shop)", "sdk.name: Str(nanospan)"):
                self.assertIn(text, said)
            self.assertGreater(gateway.metric("otelcol_receiver_accepted_profile_samples"), 0)
            self.assertEqual(gateway.metric("otelcol_receiver_refused_profile_samples"), 0)


if __name__ == "__main__":
    main()
