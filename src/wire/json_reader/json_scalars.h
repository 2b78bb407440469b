// The scalars of protobuf JSON, from their text: integers, doubles and hex.
//
// Split from the reader so that they can be tested and fuzzed without JSON around them. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nanospan::wire {

/// A whole number of at most 64 bits, in decimal: "-7", and the forms that protobuf JSON also allows, "1.0" and "1e3".
std::optional<std::int64_t> parse_int64(std::string_view text);
std::optional<std::uint64_t> parse_uint64(std::string_view text);

/// A JSON number, or "NaN", "Infinity", "-Infinity".
std::optional<double> parse_double(std::string_view text);

/// The double as an integer, if it is one exactly and fits.
std::optional<std::int64_t> exact_int64(double value);
std::optional<std::uint64_t> exact_uint64(double value);

/// Appends the bytes of hex digits of either case. False, with `out` as before, if it is not hex.
bool append_from_hex(std::string_view text, std::string& out);

}  // namespace nanospan::wire
