"""A small HTTP server in a Python test: what it is posted goes to a function, the answer is an empty 200."""

import contextlib
import http.server
import threading


@contextlib.contextmanager
def served(handler):
    """Gives the URL of a server with this handler class, which serves in the block."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def receiver(take):
    """Gives a URL. In the block, each POST to it calls `take(path, headers, body)`, on its connection's thread."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            take(self.path, self.headers, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    return served(Handler)
