#!/usr/bin/env python3
"""The OpenTelemetry Collector and our gateway get the same requests, good, odd and malformed: they give the same
status, and the same spans come out. Where they differ, DIFFERENCES says why; a difference that is gone fails the test,
too.
"""

import http.client
import unittest

import peers

peers.enter_python()

import grpc  # noqa: E402
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: E402

import otlp_corpus  # noqa: E402
from collector import Collector  # noqa: E402
from gateway_harness import Gateway, main  # noqa: E402
from http_receiver import receiver  # noqa: E402
from ports import free_port  # noqa: E402

CONFIG = """
receivers:
  otlp: {protocols: {grpc: {endpoint: "127.0.0.1:%(grpc)d"}, http: {endpoint: "127.0.0.1:%(http)d"}}}
exporters:
  otlphttp:
    endpoint: "http://127.0.0.1:%(sink)d"
    compression: none
    sending_queue: {wait_for_result: true}
    retry_on_failure: {enabled: false}
service:
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [otlphttp]}}
"""
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

NOT_UTF8 = (
    "text that is not UTF-8 would poison a batch for strict receivers (docs/decisions/0013-gateway-validation.md)"
)
ZERO_ID = "the Collector sends no id in place of one that is all zero, which means the same; we change no bytes"
NO_VALUE = "the Collector adds an empty value to an attribute without one; we change no bytes"
TRAILING = "what follows the document is a mistake of the sender's that would go unseen"
PROTOBUF_JSON = "protobuf's JSON mapping, which OTLP refers to, allows it"
DIFFERENCES = {
    "HTTP: an unknown encoding": "415 is what RFC 9110, 15.5.16 has for it; both tell the sender to drop it",
    "HTTP: two encodings": "the same",
    "HTTP: 21 MiB": "413 is what RFC 9110, 15.5.14 has for it; both tell the sender to drop it",
    "HTTP: 21 MiB in 21 KiB of gzip": "the same",
    "JSON: names in snake case": "OTLP says that they are not valid as keys, and that unknown keys are ignored",
    "JSON: int value with an exponent": PROTOBUF_JSON,
    "JSON: bytes value without padding": PROTOBUF_JSON,
    "JSON: double value NaN": "another NaN: Go's has the lowest bit set",
    "JSON: something after it": TRAILING,
    "JSON: a second document after it": TRAILING,
    "JSON: not UTF-8": NOT_UTF8,
    "JSON: half of a surrogate pair": NOT_UTF8,
}
for kind in ("protobuf", "gRPC"):
    DIFFERENCES[f"{kind}: trace id all zero"] = ZERO_ID
    DIFFERENCES[f"{kind}: attribute without a value"] = NO_VALUE
    for text in ("name", "attribute key", "attribute value", "tracestate"):
        DIFFERENCES[f"{kind}: {text} not UTF-8"] = NOT_UTF8
# What cannot be decoded is INVALID_ARGUMENT, as OTLP has it ("Failures"); grpc-go, which decodes for the Collector,
# says INTERNAL. Neither is sent again.
EQUIVALENT = {"INTERNAL": "INVALID_ARGUMENT"}


class Sink:
    """Takes OTLP/HTTP; `received` is what it got."""

    def __init__(self):
        self.received = []
        self.serving = receiver(lambda _path, _headers, body: self.received.append(body))
        self.port = int(self.serving.__enter__().rsplit(":", 1)[1])

    def close(self):
        self.serving.__exit__(None, None, None)

    def take(self):
        """What arrived since the last time, as the official library decodes it: resources in order, without what has no
        span."""
        taken, self.received = self.received, []
        message = ExportTraceServiceRequest()
        for body in taken:
            try:
                message.MergeFromString(body)
            except Exception as error:
                return f"not decodable: {error}"
        message.DiscardUnknownFields()  # we forward them, the Collector drops them
        kept = ExportTraceServiceRequest()
        for resource in message.resource_spans:
            if any(scope.spans for scope in resource.scope_spans):
                kept.resource_spans.append(resource)
        # What the Collector fills in where a sender left it out means the same (docs/interop.md).
        for resource in kept.resource_spans:
            resource.resource.SetInParent()
            for scope in resource.scope_spans:
                scope.scope.SetInParent()
                for span in scope.spans:
                    span.status.SetInParent()
        return kept.SerializeToString(deterministic=True)


class Side:
    """One of the two, with a sink behind it."""

    def __init__(self, run):
        self.sink = Sink()
        ports = {"grpc": free_port(), "http": free_port(), "sink": self.sink.port}
        self.program = run(CONFIG % ports)
        self.http_port = ports["http"]
        self.channel = grpc.insecure_channel(f"127.0.0.1:{ports['grpc']}")

    def http(self, method, path, headers, body):
        """(status, spans that came out). A connection that breaks is a status, too."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port)
        try:
            connection.request(method, path, body, headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            status = "no answer"
        finally:
            connection.close()
        return status, self.sink.take()

    def call(self, method, message, compression=None):
        try:
            self.channel.unary_unary(method)(message, timeout=30, compression=compression)
            code = "OK"
        except grpc.RpcError as error:
            code = EQUIVALENT.get(error.code().name, error.code().name)
        return code, self.sink.take()

    def close(self):
        self.channel.close()
        self.program.__exit__()
        self.sink.close()


class Differential(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ours, cls.theirs = Side(Gateway), Side(Collector)
        cls.addClassCleanup(cls.theirs.close)
        cls.addClassCleanup(cls.ours.close)

    def check(self, kind, name, ask):
        case = f"{kind}: {name}"
        ours, theirs = ask(self.ours), ask(self.theirs)
        with self.subTest(case):
            if case not in DIFFERENCES:
                self.assertEqual(ours, theirs)
            else:
                self.assertNotEqual(ours, theirs, "they no longer differ: take it off DIFFERENCES")

    def test_protobuf_over_http(self):
        headers = {"Content-Type": otlp_corpus.PROTOBUF}
        for name, body in otlp_corpus.PROTOBUF_BODIES.items():
            self.check("protobuf", name, lambda side, body=body: side.http("POST", "/v1/traces", headers, body))

    def test_json_over_http(self):
        headers = {"Content-Type": otlp_corpus.JSON}
        for name, body in otlp_corpus.JSON_BODIES.items():
            self.check("JSON", name, lambda side, body=body: side.http("POST", "/v1/traces", headers, body))

    def test_http(self):
        for name, request in otlp_corpus.HTTP_REQUESTS.items():
            self.check("HTTP", name, lambda side, request=request: side.http(*request))

    def test_grpc(self):
        for name, body in otlp_corpus.PROTOBUF_BODIES.items():
            self.check("gRPC", name, lambda side, body=body: side.call(EXPORT, body))
        good = otlp_corpus.GOOD
        large = otlp_corpus.request(otlp_corpus.span(otlp_corpus.attribute(b"k", otlp_corpus.text(b"x" * (5 << 20)))))
        gzip = grpc.Compression.Gzip
        for name, arguments in {
            "gzip": (EXPORT, good, gzip),
            "deflate": (EXPORT, good, grpc.Compression.Deflate),
            "5 MiB": (EXPORT, large),
            "5 MiB in 5 KiB of gzip": (EXPORT, large, gzip),
            "an unknown method": (EXPORT + "All", good),
            "an unknown service": ("/other.Service/Export", good),
            "a signal without a pipeline": (EXPORT.replace("trace", "logs").replace("TraceS", "LogsS"), b""),
        }.items():
            self.check("gRPC", name, lambda side, arguments=arguments: side.call(*arguments))


if __name__ == "__main__":
    main()
