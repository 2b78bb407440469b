// OTLP/JSON to protobuf bytes, for the gateway: once converted, a JSON request is like any other.
//
// Accepts what the specification and protobuf JSON let senders write: ids in hex of either case, integers as numbers or
// in quotes, enums as integers or names, bytes in either base64 alphabet, null for "not there"; unknown fields are
// ignored. What comes out always passes validate(). On failure the error says where: the byte for broken JSON, else the
// path of the field
// ("resourceSpans[0].scopeSpans[2].spans[7].traceId").
//
// Owns its parse buffers and reuses them, so keep one per thread. working_bytes() says beforehand what a document will
// need, so that it can be charged to a budget; after a document above `kept_bytes_max` they are given back, so that one
// large request does not hold memory for ever. Not thread-safe. The only user of simdjson, behind its own target.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/otlp_schema.h"

namespace nanospan::wire {

struct JsonReaderOptions {
  std::size_t bytes_max = 64 << 20;        ///< Of one document; above it, kResourceExhausted.
  std::size_t kept_bytes_max = 256 << 10;  ///< Buffers for documents up to this are kept; seven times as much.
};

class OtlpJsonReader {
 public:
  explicit OtlpJsonReader(const JsonReaderOptions& options = {});
  ~OtlpJsonReader();
  OtlpJsonReader(OtlpJsonReader&&) noexcept;
  OtlpJsonReader& operator=(OtlpJsonReader&&) noexcept;

  /// Appends the message as protobuf bytes; on failure `out` is as before.
  Status read(const MessageSchema& schema, std::string_view json, std::string& out);

  /// The most that reading this document takes, its output included. Not included: the document itself, and a fixed few
  /// kilobytes that depend on nothing.
  static std::size_t working_bytes(std::string_view json);
  /// The longest that its output can be, whatever the message. Looks only for commas and brackets.
  static std::size_t output_bytes_max(std::string_view json);
  /// What is held between documents.
  std::size_t kept_bytes() const;

  /// Appends an ExportTraceServiceRequest.
  Status read_traces(std::string_view json, std::string& out) {
    return read(schema::kExportTraceServiceRequest, json, out);
  }

 private:
  Status convert(const MessageSchema& schema, std::string_view json, std::string& out);

  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace nanospan::wire
