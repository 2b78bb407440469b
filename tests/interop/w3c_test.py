#!/usr/bin/env python3
"""The W3C trace-context conformance suite against a service on our SDK (docs/interop.md).

The suite is not ours to keep: W3C_TRACE_CONTEXT names a clone of the repository w3c/trace-context. Without it, skipped.
"""

import os
import pathlib
import signal
import subprocess
import sys

import peers

CLONE = os.environ.get("W3C_TRACE_CONTEXT", "")
if not CLONE:
    peers.skip("W3C_TRACE_CONTEXT does not name a clone of the repository w3c/trace-context")
peers.enter_python()

SUITE = pathlib.Path(CLONE, "test").resolve()
SERVICE = pathlib.Path(sys.argv[1]).resolve()
# Level 1 and level 2 of the recommendation, each at the suite's greater strictness.
LEVELS = ("1", "2")
STRICT = "2"


def run_suite(endpoint, level):
    environment = dict(os.environ, SERVICE_ENDPOINT=endpoint, SPEC_LEVEL=level, STRICT_LEVEL=STRICT)
    # With -B and from the clone: nothing is written there.
    return subprocess.run([sys.executable, "-B", "-m", "unittest", "-v", "test"], cwd=SUITE, env=environment).returncode


def main():
    if not (SUITE / "test.py").is_file():
        sys.exit(f"W3C_TRACE_CONTEXT={CLONE} is no clone of w3c/trace-context: it has no test/test.py")
    with peers.locked("w3c"):  # The suite listens on a port of its own choice.
        service = subprocess.Popen([SERVICE, "0"], stdout=subprocess.PIPE, text=True)
        try:
            endpoint = service.stdout.readline().split()[-1]
            failed = [level for level in LEVELS if run_suite(endpoint, level) != 0]
        finally:
            service.send_signal(signal.SIGTERM)
            service.communicate()
    if failed or service.returncode != 0:
        sys.exit(f"failed: levels {failed}, the service ended with {service.returncode}")
    print(f"passed: levels {' and '.join(LEVELS)}, strictness {STRICT}")


if __name__ == "__main__":
    main()
