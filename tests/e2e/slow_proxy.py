"""A proxy that passes nothing on until it is opened, and then no more than it is told to."""

import contextlib
import selectors
import socket
import threading
import time

PIECE_BYTES = 64 << 10


class SlowProxy:
    """Takes connections for `port`. Between open() and stall(), what clients send goes on at `bytes_per_second` in all
    (0: as fast as it comes); what comes back is never held up."""

    def __init__(self, port, bytes_per_second=0):
        self.to = port
        self.bytes_per_second = bytes_per_second
        self.opened = threading.Event()
        self.lock = threading.Lock()
        self.free_at = 0.0  # when the next byte may go on
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def open(self):
        self.opened.set()

    def stall(self):
        """Nothing more goes on, either way, and nothing more is read."""
        self.opened.clear()

    def _accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _hold_up(self, size):
        if self.bytes_per_second == 0:
            return
        with self.lock:
            now = time.monotonic()
            self.free_at = max(self.free_at, now) + size / self.bytes_per_second
            wait = self.free_at - now
        time.sleep(wait)

    def _pass_on(self, client):
        self.opened.wait()
        # A side that is gone, or not there, ends both.
        with (
            client,
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.to)) as backend,
            selectors.DefaultSelector() as both,
        ):
            both.register(client, selectors.EVENT_READ, backend)
            both.register(backend, selectors.EVENT_READ, client)
            while True:
                for key, _ in both.select():
                    self.opened.wait()
                    data = key.fileobj.recv(PIECE_BYTES)
                    if not data:
                        return
                    if key.fileobj is client:
                        self._hold_up(len(data))
                    key.data.sendall(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.close()
