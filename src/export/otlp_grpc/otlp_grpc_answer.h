// What a reply to an OTLP/gRPC export means. Source: opentelemetry-proto docs/specification.md "OTLP/gRPC Response",
// "OTLP/gRPC Throttling". A pure function on bytes from outside; thread-safe.
#pragma once

#include <cstddef>

#include "export/otlp/otlp_answer.h"
#include "net/grpc_client.h"
#include "net/url.h"

namespace nanospan::exporters {

/// `span_count` bounds what a receiver may claim to have rejected.
Answer judge(const net::GrpcReply& reply, const net::Url& url, std::size_t span_count);

}  // namespace nanospan::exporters
