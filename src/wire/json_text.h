// Pieces of JSON text: strings, numbers and hex, as OTLP/JSON and protobuf JSON write them.
//
// Everything appends to a caller-owned std::string; thread-safe on distinct strings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nanospan::wire {

/// A quoted JSON string. `text` must be valid UTF-8; control characters, quotes and backslashes are escaped, and
/// nothing else is: as little as RFC 8259, 7 asks for, and as Go's protojson and the Collector do it.
void append_json_string(std::string_view text, std::string& out);

/// Decimal digits, without quotes (64-bit integers stand in quotes in OTLP/JSON: JavaScript would round them).
void append_decimal(std::int64_t value, std::string& out);
void append_decimal(std::uint64_t value, std::string& out);

/// The shortest number that reads back as the same double; "NaN", "Infinity" and "-Infinity" as quoted strings.
void append_json_double(double value, std::string& out);

/// Lower-case hex digits, without quotes.
void append_hex(std::string_view bytes, std::string& out);

}  // namespace nanospan::wire
