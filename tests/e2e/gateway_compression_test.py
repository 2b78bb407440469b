#!/usr/bin/env python3
"""Compressed bodies, with Python's own zlib and the C libraries as the judges of what the gateway takes and sends."""

import ctypes
import ctypes.util
import gzip
import unittest
import zlib

from gateway_harness import Backend, Gateway, forwarding, main, request_with


def library(name):
    path = ctypes.util.find_library(name)
    return ctypes.CDLL(path) if path else None


def size(value):
    return ctypes.c_size_t(value)


class Zstd:
    def __init__(self):
        self.codec = library("zstd")
        if self.codec:
            self.codec.ZSTD_compress.restype = self.codec.ZSTD_decompress.restype = ctypes.c_size_t

    def compress(self, body):
        out = ctypes.create_string_buffer(len(body) + 1000)
        length = self.codec.ZSTD_compress(out, size(len(out)), body, size(len(body)), 3)
        return out.raw[:length]

    def decompress(self, body):
        out = ctypes.create_string_buffer(1 << 20)
        length = self.codec.ZSTD_decompress(out, size(len(out)), body, size(len(body)))
        return out.raw[:length]


class Snappy:
    def __init__(self):
        self.codec = library("snappy")

    def call(self, function, body):
        out, length = ctypes.create_string_buffer(1 << 20), size(1 << 20)
        if function(body, size(len(body)), out, ctypes.byref(length)) != 0:
            raise ValueError("snappy refuses it")
        return out.raw[: length.value]

    def compress(self, body):
        return self.call(self.codec.snappy_compress, body)

    def decompress(self, body):
        return self.call(self.codec.snappy_uncompress, body)


class Zlib:
    codec = True
    compress = staticmethod(zlib.compress)
    decompress = staticmethod(zlib.decompress)


class Gzip:
    codec = True
    compress = staticmethod(gzip.compress)
    decompress = staticmethod(gzip.decompress)


CODINGS = {"gzip": Gzip(), "deflate": Zlib(), "zlib": Zlib(), "zstd": Zstd(), "snappy": Snappy()}
REQUEST = request_with([f"n-{i:06}" for i in range(200)])


def sending(backend, coding):
    config = forwarding(backend.port, "    sending_queue: {wait_for_result: true}")
    return config.replace("compression: none", f"compression: {coding}")


class Compression(unittest.TestCase):
    def test_each_coding_both_ways(self):
        for name, peer in CODINGS.items():
            if not peer.codec:
                print(f"{name} is left out: its C library is not here")
                continue
            with self.subTest(name):
                backend = Backend()
                self.addCleanup(backend.kill)
                with Gateway(sending(backend, name)) as gateway:
                    body = peer.compress(REQUEST)
                    self.assertEqual(gateway.post(body, headers={"Content-Encoding": name}), 200)
                    self.assertEqual(backend.bodies.pop(), (name, body))  # As it came, byte for byte.
                    self.assertEqual(gateway.post(REQUEST), 200)
                    encoding, sent = backend.bodies.pop()
                    self.assertEqual(encoding, name)
                    self.assertLess(len(sent), len(REQUEST))
                    self.assertEqual(peer.decompress(sent), REQUEST)
                    self.assertEqual(gateway.post(body[:-1], headers={"Content-Encoding": name}), 400)
                    gateway.wait_until(lambda: gateway.metric("nanospan_memory_used_bytes") == 0)

    def test_joined_members_become_one(self):
        backend = Backend()
        self.addCleanup(backend.kill)
        with Gateway(sending(backend, "gzip")) as gateway:
            body = gzip.compress(REQUEST) + gzip.compress(request_with(["n-999999"]))
            self.assertEqual(gateway.post(body, headers={"Content-Encoding": "gzip"}), 200)
            sent = backend.bodies.pop()[1]
            first = zlib.decompressobj(31)
            self.assertIn(b"n-999999", first.decompress(sent))
            self.assertEqual(first.unused_data, b"")

    def test_a_bomb_is_refused_for_good(self):
        backend = Backend()
        self.addCleanup(backend.kill)
        with Gateway(sending(backend, "gzip")) as gateway:
            bomb = gzip.compress(bytes(200 << 20))
            self.assertEqual(gateway.post(bomb, headers={"Content-Encoding": "gzip"}), 413)
            self.assertEqual(gateway.post(REQUEST), 200)


if __name__ == "__main__":
    main()
