// The small messages that answer an export: ExportTraceServiceResponse and google.rpc.Status, both ways.
//
// A receiver writes them (as protobuf; append_json turns the bytes into JSON for JSON clients), an exporter reads them.
// Reading is forgiving where it can be: an answer is advice about data that is already sent. Pure functions,
// thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nanospan::wire {

/// ExportTraceServiceResponse.partial_success. {0, ""} is full success; {0, text} is a warning (proto: "Partial
/// Success").
struct PartialSuccess {
  std::int64_t rejected_spans = 0;
  std::string message;

  bool full() const { return rejected_spans == 0 && message.empty(); }
};

/// google.rpc.Status, the body of every OTLP error answer, over HTTP as well as gRPC.
struct RpcStatus {
  std::int32_t code = 0;  ///< Of google.rpc.Code.
  std::string message;
  std::optional<std::uint64_t> retry_delay_nanos;  ///< Of a google.rpc.RetryInfo in the details.
};

/// ExportTraceServiceResponse; empty bytes for full success, as the specification wants.
std::string encode_export_response(const PartialSuccess& partial);
Result<PartialSuccess> decode_export_response(std::string_view bytes);

/// Empty if a 2xx with this Content-Type and body may be what an OTLP receiver answers to a protobuf request over HTTP
/// (proto "OTLP/HTTP Response": the request's Content-Type). Else what it is, to be put behind "answered 200": what any
/// web server answers is no delivery. Nothing without a type and JSON of the right form are let through, as proxies and
/// real receivers send them. Whether protobuf is whole, decode_export_response() says.
std::string_view why_no_export_answer(std::string_view content_type, std::string_view body);

std::string encode_rpc_status(const RpcStatus& status);
Result<RpcStatus> decode_rpc_status(std::string_view bytes);

}  // namespace nanospan::wire
