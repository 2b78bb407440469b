// The scalars of protobuf JSON, from their text: integers, doubles and hex.
//
// Split from the reader so that they can be tested and fuzzed without JSON around them. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace nanospan::wire {

/// What read_digits() looks at.
inline constexpr std::size_t kDigitsLook = 24;

/// Reads a whole number without a sign and returns what follows it; nullptr if there is none, or one with a leading
/// zero or more than 19 digits. What follows may make it another number ("1.5"). REQUIRES: kDigitsLook readable bytes.
const char* read_digits(const char* at, std::uint64_t& value);

/// A whole number of at most 64 bits, in decimal: "-7", and the forms that protobuf JSON also allows, "1.0" and "1e3".
std::optional<std::int64_t> parse_int64(std::string_view text);
std::optional<std::uint64_t> parse_uint64(std::string_view text);

/// A JSON number, or "NaN", "Infinity", "-Infinity".
std::optional<double> parse_double(std::string_view text);

/// The double as an integer, if it is one exactly and fits.
std::optional<std::int64_t> exact_int64(double value);
std::optional<std::uint64_t> exact_uint64(double value);

/// True if `text` follows JSON's grammar of numbers.
bool is_json_number(std::string_view text);

/// Writes the bytes of hex digits of either case, and returns the end; nullptr if it is not hex.
/// REQUIRES: text.size() / 2 bytes of room.
std::uint8_t* put_from_hex(std::uint8_t* to, std::string_view text);

}  // namespace nanospan::wire
