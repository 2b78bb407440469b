"""HTTP/2 frames (RFC 9113) by hand, for tests that break the rules or need no client."""

import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, CONTINUATION = 0, 1, 4, 9
ACK, END_STREAM, END_HEADERS = 1, 1, 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(name, value):
    """A header field as HPACK has it without index and without Huffman coding (RFC 7541, 6.2.2)."""

    def text(what):
        size = len(what)
        if size < 127:
            return bytes([size]) + what
        out, size = b"\x7f", size - 127
        while size > 127:
            out += bytes([size & 127 | 128])
            size >>= 7
        return out + bytes([size]) + what

    return b"\0" + text(name) + text(value)


def request_fields(path, content_type):
    fields = ((b":method", b"POST"), (b":scheme", b"http"), (b":path", path), (b":authority", b"x"),
              (b"content-type", content_type))
    return b"".join(literal(*field) for field in fields)
