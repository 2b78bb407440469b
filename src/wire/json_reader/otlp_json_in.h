// OTLP/JSON to protobuf bytes, for the gateway: once converted, a JSON request is like any other.
//
// Accepts what the specification and protobuf JSON let senders write: ids in hex of either case, integers as numbers or
// in quotes, enums as integers or names, bytes in either base64 alphabet, null for "not there"; unknown fields are
// ignored. What comes out always passes validate(). On failure the error says where: the byte for broken JSON, else the
// path of the field
// ("resourceSpans[0].scopeSpans[2].spans[7].traceId").
//
// The document is checked as JSON to its end, unknown fields included. One pass, and no memory but for the output
// (docs/decisions/0029). output_bytes_max() says beforehand what that may be, so that it can be charged to a budget.
//
// Owns its output and reuses it, so keep one per thread; trim() gives a large one back, so that one large request does
// not hold memory for ever. Not thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "wire/json_reader/raw_output.h"
#include "wire/otlp_schema.h"
#include "wire/validate.h"

namespace nanospan::wire {

struct JsonReaderOptions {
  /// What trim() leaves. A request of 1,000 spans of 800 bytes is some 1.5 MB of JSON: fresh pages for each cost more
  /// than a tenth of its conversion.
  std::size_t kept_bytes_max = 2 << 20;
};

class OtlpJsonReader {
 public:
  explicit OtlpJsonReader(const JsonReaderOptions& options = {}) : options_(options) {}

  struct Message {
    std::string_view bytes;  ///< Protobuf; they stand until the next call.
    WalkCounts counts;       ///< What validate() would count in them.
  };
  /// The error is kMalformed.
  Result<Message> read(const MessageSchema& schema, std::string_view json);
  /// What was read is void; memory above `kept_bytes_max` is given back.
  void trim();

  /// The longest that the output can be, whatever the message. Looks only for commas and brackets.
  static std::size_t output_bytes_max(std::string_view json);
  /// What is held.
  std::size_t kept_bytes() const { return output_.capacity(); }

 private:
  JsonReaderOptions options_;
  RawOutput output_;
};

}  // namespace nanospan::wire
