"""An OTLP/gRPC receiver on grpcio, gRPC's C core. Runs in the peers' environment."""

import concurrent.futures
import contextlib

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as service
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as stubs


class Server(stubs.TraceServiceServicer):
    """Keeps what it is sent; refuses the first `refusals` calls as a busy receiver does."""

    def __init__(self, refusals=0):
        self.requests, self.metadata, self.refusals = [], [], refusals

    def Export(self, request, context):
        if self.refusals > 0:
            self.refusals -= 1
            context.abort(grpc.StatusCode.UNAVAILABLE, "busy")
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        return service.ExportTraceServiceResponse()


@contextlib.contextmanager
def serving(server, credentials=None, address="127.0.0.1:0"):
    running = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    stubs.add_TraceServiceServicer_to_server(server, running)
    port = running.add_secure_port(address, credentials) if credentials else running.add_insecure_port(address)
    running.start()
    try:
        yield port
    finally:
        running.stop(None).wait()
