// The validating walk: reads an OTLP request without unpacking it, checks everything that any receiver would refuse it
// for, and counts what is in it.
//
// Why: the gateway forwards bytes as they came and joins the requests of many senders into one batch, so a request that
// some receiver behind it cannot decode would take its neighbours down with it. "Valid" is therefore as strict as the
// strictest receiver:
//   - UTF-8 in every string field (prost, Java, libprotobuf), at most 100 nested messages (prost, libprotobuf, upb)
//   - trace ids of 16 or 0 bytes, span ids of 8 or 0 (the Collector's pdata decoder)
//   - the schema's wire type for every known field (prost, the Collector); numbers of a list packed or each by itself
//   - no groups, no field number 0, tags in 5 bytes, lengths in 5 bytes and inside their message, varints within 64
//   bits
// Unknown fields are stepped over, so that newer senders pass.
//
// Allocation-free, iterative (no native recursion on hostile nesting), thread-safe; the bytes are only read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "wire/otlp_schema.h"
#include "wire/reader.h"

namespace nanospan::wire {

/// What a walk saw. Items are spans, data points, log records or samples of profiles.
struct WalkCounts {
  std::uint64_t resources = 0;
  std::uint64_t scopes = 0;
  std::uint64_t items = 0;
};

struct WalkResult {
  WalkCounts counts;  ///< Complete if ok(); else what was seen before the fault.
  Fault fault;        ///< The first fault in wire order.

  bool ok() const { return fault.text == nullptr; }
};

/// Walks one whole message of any table.
WalkResult validate(const MessageSchema& schema, const std::uint8_t* data, std::size_t size);
inline WalkResult validate(const MessageSchema& schema, std::string_view bytes) {
  return validate(schema, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

/// Walks an ExportTraceServiceRequest.
/// HOT: budget 80 ns for a span of 800 bytes (tools/bench-gateway; bench/span_count "gateway_walk").
inline WalkResult validate_traces(const std::uint8_t* data, std::size_t size) {
  return validate(schema::kExportTraceServiceRequest, data, size);
}
inline WalkResult validate_traces(std::string_view bytes) {
  return validate(schema::kExportTraceServiceRequest, bytes);
}

}  // namespace nanospan::wire
