// Protobuf bytes to OTLP/JSON, in one line: what file exporters keep and what JSON clients are answered with.
//
// The deviations from protobuf's own JSON that OTLP demands (proto: docs/specification.md, "JSON Protobuf Encoding"):
// trace and span ids in hex, enums as integers, names in lowerCamelCase. As in protobuf JSON, 64-bit integers and NaN /
// Infinity stand in quotes and bytes are base64. Every field that is present on the wire is written, in the order of
// its number; unknown fields are left out.
//
// Needs no JSON library, so the SDK may use it. Thread-safe on distinct outputs; the only allocation is the output's
// growth.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/otlp_schema.h"

namespace nanospan::wire {

/// Appends one message as a JSON object, without a newline. Not for profiles, whose table is not whole. The bytes are
/// validated first (see validate.h): on failure `out` is untouched. A google.protobuf.Any comes out as its two fields,
/// not unpacked.
Status append_json(const MessageSchema& schema, std::string_view bytes, std::string& out);

/// Appends an ExportTraceServiceRequest (the same bytes as a TracesData).
inline Status append_traces_json(std::string_view bytes, std::string& out) {
  return append_json(schema::kExportTraceServiceRequest, bytes, out);
}

}  // namespace nanospan::wire
