#!/usr/bin/env python3
"""A program sends its profiles as OTLP through the gateway. Usage: profiles_test.py NANOSPAN PROGRAM"""

import gzip
import os
import subprocess
import sys
import unittest

from gateway_harness import Backend, Gateway, forwarding, main


class Profiles(unittest.TestCase):
    def test_otlp_profiles_pass_through_the_gateway(self):
        backend = Backend()
        self.addCleanup(backend.kill)
        with Gateway(forwarding(backend.port).replace("traces:", "profiles:")) as gateway:
            environment = dict(
                os.environ,
                NANOSPAN_PROFILING="true",
                NANOSPAN_PROFILING_PORT="0",
                NANOSPAN_PROFILING_PUSH_PROTOCOL="otlp_development",
                NANOSPAN_PROFILING_PUSH_URL=f"http://127.0.0.1:{gateway.ports['receiver']}",
                NANOSPAN_PROFILING_SECONDS="1",
                NANOSPAN_PROFILING_EVERY_SECONDS="1",
            )
            with subprocess.Popen([sys.argv[2], "serve"], stdin=subprocess.PIPE, env=environment) as program:
                backend.arrived.acquire()
                program.stdin.close()
            self.assertEqual(program.returncode, 0)
            coding, body = backend.bodies[0]
            profile = gzip.decompress(body) if coding == "gzip" else body
            # Resource of the SDK, function, labels, types.
            for text in (b"shop", b"telemetry.sdk.name", b"handle_order", b"/orders/{id}", b"nanoseconds"):
                self.assertIn(text, profile)
            self.assertGreater(gateway.metric("otelcol_receiver_accepted_profile_samples"), 0)
            self.assertEqual(gateway.metric("otelcol_receiver_refused_profile_samples"), 0)


if __name__ == "__main__":
    main()
