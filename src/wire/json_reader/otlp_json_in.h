// OTLP/JSON to protobuf bytes, for the gateway: once converted, a JSON request is like any other.
//
// Accepts what the specification and protobuf JSON let senders write: ids in hex of either case, integers as numbers or
// in quotes, enums as integers or names, bytes in either base64 alphabet, null for "not there"; unknown fields are
// ignored. What comes out always passes validate(). On failure the error says where: the byte for broken JSON, else the
// path of the field
// ("resourceSpans[0].scopeSpans[2].spans[7].traceId").
//
// Owns its parse buffers (a small multiple of the largest input, bounded by `bytes_max`) and reuses them, so keep one
// per thread. Not thread-safe. The only user of simdjson, behind its own target.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/otlp_schema.h"

namespace nanospan::wire {

struct JsonReaderOptions {
  std::size_t bytes_max = 64 << 20;  ///< Of one document; above it, kResourceExhausted.
};

class OtlpJsonReader {
 public:
  explicit OtlpJsonReader(const JsonReaderOptions& options = {});
  ~OtlpJsonReader();
  OtlpJsonReader(OtlpJsonReader&&) noexcept;
  OtlpJsonReader& operator=(OtlpJsonReader&&) noexcept;

  /// Appends the message as protobuf bytes; on failure `out` is as before.
  Status read(const MessageSchema& schema, std::string_view json, std::string& out);

  /// Appends an ExportTraceServiceRequest.
  Status read_traces(std::string_view json, std::string& out) {
    return read(schema::kExportTraceServiceRequest, json, out);
  }

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace nanospan::wire
