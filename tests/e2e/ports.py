"""Ports for programs that cannot say which one they took."""

import contextlib
import random
import socket


def free_port():
    """One that nobody listens on, below those that the system gives to whoever connects (32768 and up): no connection
    of another program can take it before its listener is there."""
    while True:
        port = random.randrange(10000, 32768)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
