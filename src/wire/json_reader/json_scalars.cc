// A table for hex; integers in any form that protobuf's JSON mapping allows, as long as they are exact. Pure.
#include "wire/json_reader/json_scalars.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace nanospan::wire {
namespace {

constexpr std::uint8_t kNotADigit = 0xFF;

constexpr std::array<std::uint8_t, 256> make_hex_digits() {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNotADigit);
  for (std::uint8_t i = 0; i < 10; ++i) digits[static_cast<std::size_t>('0' + i)] = i;
  for (std::uint8_t i = 0; i < 6; ++i) {
    digits[static_cast<std::size_t>('a' + i)] = digits[static_cast<std::size_t>('A' + i)] =
        static_cast<std::uint8_t>(10 + i);
  }
  return digits;
}

constexpr auto kHexDigits = make_hex_digits();

// True if `text` follows JSON's grammar of numbers, which is narrower than what from_chars reads (no "1.", ".5",
// "inf").
bool is_json_number(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - start;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const bool leading_zero = at < text.size() && text[at] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (leading_zero && whole > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

template <class Int>
std::optional<Int> parse_integer(std::string_view text, std::optional<Int> (*exact)(double)) {
  if (!is_json_number(text)) return std::nullopt;
  Int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size()) return value;
  if (error == std::errc::result_out_of_range) return std::nullopt;
  const std::optional<double> number = parse_double(text);
  return number ? exact(*number) : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> exact_int64(double value) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (!(value >= -kLimit && value < kLimit) || value != std::trunc(value)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<std::uint64_t> exact_uint64(double value) {
  constexpr double kLimit = 18446744073709551616.0;  // 2^64
  if (!(value >= 0 && value < kLimit) || value != std::trunc(value)) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

std::optional<std::int64_t> parse_int64(std::string_view text) {
  return parse_integer<std::int64_t>(text, &exact_int64);
}
std::optional<std::uint64_t> parse_uint64(std::string_view text) {
  return parse_integer<std::uint64_t>(text, &exact_uint64);
}

std::optional<double> parse_double(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  if (!is_json_number(text)) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

bool append_from_hex(std::string_view text, std::string& out) {
  if (text.size() % 2 != 0) return false;
  const std::size_t old_size = out.size();
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::uint8_t high = kHexDigits[static_cast<std::uint8_t>(text[i])];
    const std::uint8_t low = kHexDigits[static_cast<std::uint8_t>(text[i + 1])];
    if (high == kNotADigit || low == kNotADigit) {
      out.resize(old_size);
      return false;
    }
    out += static_cast<char>(high << 4 | low);
  }
  return true;
}

}  // namespace nanospan::wire
