"""Good, odd and malformed OTLP trace requests, as bytes: what differential_test.py sends to two receivers."""

import gzip
import json
import struct
import zlib

from gateway_harness import field, varint

PROTOBUF, JSON = "application/x-protobuf", "application/json"
TRACE_ID, SPAN_ID = bytes(range(1, 17)), bytes(range(1, 9))


def tag(number, wire_type):
    return varint(number << 3 | wire_type)


def number_field(number, value):
    return tag(number, 0) + varint(value)


def text(value):
    return field(1, value)  # AnyValue.string_value


def attribute(key, any_value):
    return field(9, field(1, key) + field(2, any_value))


def span(*parts, trace_id=TRACE_ID, span_id=SPAN_ID, name=b"GET /orders"):
    times = (
        b"\x39" + struct.pack("<Q", 1_700_000_000_000_000_000) + b"\x41" + struct.pack("<Q", 1_700_000_000_000_000_500)
    )
    return field(1, trace_id) + field(2, span_id) + field(5, name) + times + b"".join(parts)


def request(*spans, resource=b"", scope=b"", extra=b""):
    scope_spans = field(2, scope + b"".join(field(2, s) for s in spans))
    return field(1, resource + scope_spans) + extra


def nested(depth):
    """An AnyValue of lists in lists."""
    value = text(b"x")
    for _ in range(depth):
        value = field(5, field(1, value))
    return value


RESOURCE = field(1, field(1, field(1, b"service.name") + field(2, text(b"shop"))))
SCOPE = field(1, field(1, b"lib") + field(2, b"1.0"))
EVERYTHING = span(
    attribute(b"string", text("grüße".encode())),
    attribute(b"empty", text(b"")),
    attribute(b"bool", number_field(2, 1)),
    attribute(b"int", number_field(3, 2**64 - 5)),
    attribute(b"double", b"\x21" + struct.pack("<d", 0.1)),
    attribute(b"list", field(5, field(1, text(b"a")) + field(1, number_field(3, 7)))),
    attribute(b"map", field(6, field(1, field(1, b"k") + field(2, text(b"v"))))),
    attribute(b"bytes", field(7, b"\x00\xff\x80")),
    field(3, b"vendor=1,other=2"),
    field(4, bytes(range(9, 17))),
    number_field(6, 2),
    number_field(10, 3),
    field(11, b"\x09" + struct.pack("<Q", 5) + field(2, b"event")),
    number_field(12, 1),
    field(13, field(1, TRACE_ID) + field(2, SPAN_ID) + field(3, b"a=b") + b"\x35" + struct.pack("<I", 257)),
    field(15, field(2, b"boom") + number_field(3, 2)),
    b"\x85\x01" + struct.pack("<I", 769),  # flags
)
GOOD = request(EVERYTHING, resource=RESOURCE, scope=SCOPE)

PROTOBUF_BODIES = {
    "everything": GOOD,
    "no byte at all": b"",
    "resource spans without anything": field(1, b""),
    "scope spans without spans": field(1, field(2, b"")),
    "a span without anything": request(b""),
    "two resources, three scopes": GOOD + field(1, field(2, field(2, span())) + field(2, field(2, span(name=b"b")))),
    "schema URLs": field(
        1, RESOURCE + field(2, field(2, span()) + field(3, b"https://a/1")) + field(3, b"https://b/2")
    ),
    "unknown fields everywhere": request(
        span(field(99, b"x"), number_field(98, 1)),
        scope=field(97, b"y"),
        extra=number_field(77, 5) + field(78, b"z") + b"\xa5\x06abcd",
    ),
    "fields in reverse order": field(1, field(2, field(2, field(5, b"late") + field(2, SPAN_ID) + field(1, TRACE_ID)))),
    "name given twice": request(span(field(5, b"second"))),
    "a varint longer than needed": request(span(tag(6, 0) + b"\x82\x80\x80\x00")),
    "trace id of 0 bytes": request(span(trace_id=b"")),
    "trace id of 8 bytes": request(span(trace_id=TRACE_ID[:8])),
    "trace id of 17 bytes": request(span(trace_id=TRACE_ID + b"x")),
    "trace id all zero": request(span(trace_id=bytes(16))),
    "span id of 0 bytes": request(span(span_id=b"")),
    "span id of 7 bytes": request(span(span_id=SPAN_ID[:7])),
    "parent id of 9 bytes": request(span(field(4, b"123456789"))),
    "link with a trace id of 3 bytes": request(span(field(13, field(1, b"abc")))),
    "kind 77": request(span(number_field(6, 77))),
    "kind -1": request(span(number_field(6, 2**64 - 1))),
    "status code 99": request(span(field(15, number_field(3, 99)))),
    "attribute without a value": request(span(field(9, field(1, b"key")))),
    "attribute without a key": request(span(field(9, field(2, text(b"value"))))),
    "attribute key twice": request(span(attribute(b"k", text(b"1")), attribute(b"k", text(b"2")))),
    "value with two of its members": request(span(attribute(b"k", text(b"1") + number_field(3, 5)))),
    "end before start": request(span(b"\x41" + struct.pack("<Q", 1))),
    "times of 0": request(span(b"\x39" + bytes(8), b"\x41" + bytes(8))),
    "name not UTF-8": request(span(name=b"a\xff\xfeb")),
    "attribute key not UTF-8": request(span(attribute(b"\xc3\x28", text(b"v")))),
    "attribute value not UTF-8": request(span(attribute(b"k", text(b"\xed\xa0\x80")))),
    "tracestate not UTF-8": request(span(field(3, b"\xff"))),
    "50 lists deep": request(span(attribute(b"k", nested(20)))),
    "above 100 messages deep": request(span(attribute(b"k", nested(60)))),
    "a group": request(span(b"\xa3\x06\xa4\x06")),
    "field number 0": request(span(b"\x02\x01x")),
    "wire type 6": request(span(b"\x2e\x01x")),
    "name as a number": request(span(number_field(5, 1))),
    "kind as text": request(span(field(6, b"server"))),
    "start time as a varint": request(span(number_field(7, 5))),
    "spans as a number": field(1, field(2, number_field(2, 1))),
    "a varint of 11 bytes": request(span(tag(6, 0) + b"\xff" * 10 + b"\x01")),
    "a length beyond the end": GOOD[:-4],
    "half of it": GOOD[: len(GOOD) // 2],
    "a tag without its payload": GOOD + b"\x0a",
    "text in place of protobuf": b"hello world, this is no protobuf",
    "JSON in place of protobuf": b'{"resourceSpans": []}',
}


def json_span(**fields):
    wanted = {
        "traceId": TRACE_ID.hex(),
        "spanId": SPAN_ID.hex(),
        "name": "GET /orders",
        "startTimeUnixNano": "1700000000000000000",
        "endTimeUnixNano": "1700000000000000500",
    }
    wanted |= fields
    return {k: v for k, v in wanted.items() if v is not None}


def json_request(*spans, **fields):
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}], **fields}).encode()


def json_value(value):
    return json_request(json_span(attributes=[{"key": "k", "value": value}]))


JSON_BODIES = {
    "one span": json_request(json_span()),
    "an empty object": b"{}",
    "an empty list of resources": b'{"resourceSpans": []}',
    "null for a list": b'{"resourceSpans": null}',
    "null for a name": json_request(json_span(name=None)).replace(b'"spanId"', b'"name": null, "spanId"'),
    "white space around": b" \n\t" + json_request(json_span()) + b"\n ",
    "upper case ids": json_request(json_span(traceId=TRACE_ID.hex().upper())),
    "empty ids": json_request(json_span(traceId="", spanId="")),
    "a trace id in base64": json_request(json_span(traceId="AQIDBAUGBwgJCgsMDQ4PEA==")),
    "a trace id of 8 bytes": json_request(json_span(traceId=TRACE_ID[:8].hex())),
    "a trace id that is a number": json_request(json_span(traceId=5)),
    "times as numbers": json_request(json_span(startTimeUnixNano=1700000000000000000, endTimeUnixNano=5)),
    "a time that is no number": json_request(json_span(startTimeUnixNano="soon")),
    "a negative time": json_request(json_span(startTimeUnixNano="-5")),
    "kind as a number": json_request(json_span(kind=2)),
    "kind by its name": json_request(json_span(kind="SPAN_KIND_SERVER")),
    "kind by an unknown name": json_request(json_span(kind="SPAN_KIND_WAITER")),
    "kind 77": json_request(json_span(kind=77)),
    "status": json_request(json_span(status={"code": 2, "message": "boom"})),
    "status by its name": json_request(json_span(status={"code": "STATUS_CODE_ERROR"})),
    "names in snake case": b'{"resource_spans": [{"scope_spans": [{"spans": [{"name": "snake"}]}]}]}',
    "unknown fields": json_request(json_span(color="red", more={"deep": [1, {"x": None}]}), future=True),
    "a name given twice": json_request(json_span()).replace(b'"spanId"', b'"name": "first", "spanId"'),
    "string value": json_value({"stringValue": "grüße \U0001f44b"}),
    "escapes": json_value({"stringValue": '\x01"\\/\b\f\n\r\t\u2028'}),
    "int value as text": json_value({"intValue": "-9223372036854775808"}),
    "int value as a number": json_value({"intValue": 42}),
    "int value with an exponent": json_value({"intValue": 0}).replace(b'"intValue": 0', b'"intValue": 1e3'),
    "int value out of range": json_value({"intValue": "9223372036854775808"}),
    "int value with a fraction": json_value({"intValue": 1.5}),
    "double value": json_value({"doubleValue": 0.1}),
    "double value as text": json_value({"doubleValue": "0.1"}),
    "double value NaN": json_value({"doubleValue": "NaN"}),
    "double value Infinity": json_value({"doubleValue": "-Infinity"}),
    "bool value": json_value({"boolValue": True}),
    "bool value as text": json_value({"boolValue": "true"}),
    "bytes value": json_value({"bytesValue": "AP+A"}),
    "bytes value without padding": json_value({"bytesValue": "AP8"}),
    "list value": json_value({"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "1"}, {}]}}),
    "map value": json_value({"kvlistValue": {"values": [{"key": "a", "value": {"boolValue": False}}]}}),
    "value without a member": json_value({}),
    "value with an unknown member": json_value({"colorValue": "red"}),
    "name that is a number": json_request(json_span(name=5)),
    "spans that are an object": b'{"resourceSpans": [{"scopeSpans": [{"spans": {}}]}]}',
    "a list in place of the object": b"[]",
    "a string in place of the object": b'"x"',
    "no byte at all": b"",
    "cut off": json_request(json_span())[:-3],
    "something after it": json_request(json_span()) + b"x",
    "a second document after it": json_request(json_span()) * 2,
    "a comma too many": b'{"resourceSpans": [],}',
    "single quotes": b"{'resourceSpans': []}",
    "a comment": b'{"resourceSpans": [] /* none */}',
    "not UTF-8": json_request(json_span(name="XX")).replace(b"XX", b"\xff\xfe"),
    "half of a surrogate pair": json_request(json_span(name="XX")).replace(b"XX", b"\\ud83d"),
    "a raw control character": json_request(json_span(name="XX")).replace(b"XX", b"\x01\n"),
    "events and links": json_request(
        json_span(
            events=[{"timeUnixNano": "5", "name": "e", "attributes": []}],
            links=[{"traceId": TRACE_ID.hex(), "spanId": SPAN_ID.hex(), "flags": 257}],
            flags=769,
            droppedEventsCount=1,
            traceState="a=b",
        )
    ),
}


def raw_deflate(body):
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(body) + compressor.flush()


# name: (method, path, headers, body); the Content-Length is that of the body
HTTP_REQUESTS = {
    "GET": ("GET", "/v1/traces", {}, b""),
    "PUT": ("PUT", "/v1/traces", {"Content-Type": PROTOBUF}, GOOD),
    "OPTIONS": ("OPTIONS", "/v1/traces", {}, b""),
    "another path": ("POST", "/v1/trace", {"Content-Type": PROTOBUF}, GOOD),
    "a slash after the path": ("POST", "/v1/traces/", {"Content-Type": PROTOBUF}, GOOD),
    "a query after the path": ("POST", "/v1/traces?x=1", {"Content-Type": PROTOBUF}, GOOD),
    "no content type": ("POST", "/v1/traces", {}, GOOD),
    "an unknown content type": ("POST", "/v1/traces", {"Content-Type": "text/plain"}, GOOD),
    "a broken content type": ("POST", "/v1/traces", {"Content-Type": ";;"}, GOOD),
    "application/protobuf": ("POST", "/v1/traces", {"Content-Type": "application/protobuf"}, GOOD),
    "protobuf with a parameter": ("POST", "/v1/traces", {"Content-Type": PROTOBUF + "; proto=otlp"}, GOOD),
    "JSON with a charset": ("POST", "/v1/traces", {"Content-Type": JSON + "; charset=utf-8"}, JSON_BODIES["one span"]),
    "type in capitals": ("POST", "/v1/traces", {"Content-Type": "Application/X-Protobuf"}, GOOD),
    "gzip": ("POST", "/v1/traces", {"Content-Type": PROTOBUF, "Content-Encoding": "gzip"}, gzip.compress(GOOD)),
    "gzip of JSON": (
        "POST",
        "/v1/traces",
        {"Content-Type": JSON, "Content-Encoding": "gzip"},
        gzip.compress(JSON_BODIES["one span"]),
    ),
    "gzip of two members": (
        "POST",
        "/v1/traces",
        {"Content-Type": PROTOBUF, "Content-Encoding": "gzip"},
        gzip.compress(GOOD[:50]) + gzip.compress(GOOD[50:]),
    ),
    "gzip of nothing": (
        "POST",
        "/v1/traces",
        {"Content-Type": PROTOBUF, "Content-Encoding": "gzip"},
        gzip.compress(b""),
    ),
    "gzip without a byte": ("POST", "/v1/traces", {"Content-Type": PROTOBUF, "Content-Encoding": "gzip"}, b""),
    "gzip cut off": (
        "POST",
        "/v1/traces",
        {"Content-Type": PROTOBUF, "Content-Encoding": "gzip"},
        gzip.compress(GOOD)[:-9],
    ),
    "gzip with a wrong checksum": (
        "POST",
        "/v1/traces",
        {"Content-Type": PROTOBUF, "Content-Encoding": "gzip"},
        gzip.compress(GOOD)[:-8] + b"\0" * 8,
    ),
    "gzip with junk after it": (
        "POST",
        "/v1/traces",
        {"Content-Type": PROTOBUF, "Content-Encoding": "gzip"},
        gzip.compress(GOOD) + b"junk",
    ),
    "gzip that is none": ("POST", "/v1/traces", {"Content-Type": PROTOBUF, "Content-Encoding": "gzip"}, GOOD),
    "deflate as zlib": (
        "POST",
        "/v1/traces",
        {"Content-Type": PROTOBUF, "Content-Encoding": "deflate"},
        zlib.compress(GOOD),
    ),
    "deflate without a head": (
        "POST",
        "/v1/traces",
        {"Content-Type": PROTOBUF, "Content-Encoding": "deflate"},
        raw_deflate(GOOD),
    ),
    "zlib": ("POST", "/v1/traces", {"Content-Type": PROTOBUF, "Content-Encoding": "zlib"}, zlib.compress(GOOD)),
    "zstd that is none": ("POST", "/v1/traces", {"Content-Type": PROTOBUF, "Content-Encoding": "zstd"}, GOOD),
    "snappy that is none": ("POST", "/v1/traces", {"Content-Type": PROTOBUF, "Content-Encoding": "snappy"}, GOOD),
    "encoding identity": ("POST", "/v1/traces", {"Content-Type": PROTOBUF, "Content-Encoding": "identity"}, GOOD),
    "an unknown encoding": ("POST", "/v1/traces", {"Content-Type": PROTOBUF, "Content-Encoding": "br"}, GOOD),
    "two encodings": (
        "POST",
        "/v1/traces",
        {"Content-Type": PROTOBUF, "Content-Encoding": "gzip, gzip"},
        gzip.compress(gzip.compress(GOOD)),
    ),
    "21 MiB": (
        "POST",
        "/v1/traces",
        {"Content-Type": PROTOBUF},
        request(span(attribute(b"k", text(b"x" * (21 << 20))))),
    ),
    "21 MiB in 21 KiB of gzip": (
        "POST",
        "/v1/traces",
        {"Content-Type": PROTOBUF, "Content-Encoding": "gzip"},
        gzip.compress(request(span(attribute(b"k", text(b"x" * (21 << 20)))))),
    ),
}
