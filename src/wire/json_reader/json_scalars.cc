// A table for hex; integers in any form that protobuf's JSON mapping allows, as long as they are exact. Pure.
#include "wire/json_reader/json_scalars.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "wire/varint.h"

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

// Of eight digits, first digit in the lowest byte: pairs, then fours, then all. Nothing if one is no digit.
std::optional<std::uint64_t> eight_digits(std::uint64_t text) {
  constexpr std::uint64_t kHighHalves = 0xF0F0F0F0F0F0F0F0;
  constexpr std::uint64_t kPastNine = 0x0606060606060606;
  if ((text & (text + kPastNine) & kHighHalves) != 0x3030303030303030) return std::nullopt;
  text = (text & 0x0F0F0F0F0F0F0F0F) * (10 << 8 | 1) >> 8;
  text = (text & 0x00FF00FF00FF00FF) * (100 << 16 | 1) >> 16;
  return (text & 0x0000FFFF0000FFFF) * (std::uint64_t{10000} << 32 | 1) >> 32;
}

// What nearly all are, times above all: digits alone, few enough that no sum overflows.
std::optional<std::uint64_t> parse_digits(std::string_view text) {
  constexpr std::size_t kDigitsMax = 19;
  if (text.empty() || text.size() > kDigitsMax || (text[0] == '0' && text.size() > 1)) return std::nullopt;
  std::uint64_t value = 0;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    const auto digits = eight_digits(get_fixed<std::uint64_t>(reinterpret_cast<const std::uint8_t*>(text.data())));
    if (!digits) return std::nullopt;
    value = value * 100'000'000 + *digits;
  }
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
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

// Narrower than what from_chars reads (no "1.", ".5", "inf").
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
  if (const auto value = parse_digits(text); value && *value <= std::uint64_t{INT64_MAX}) {
    return static_cast<std::int64_t>(*value);
  }
  return parse_integer<std::int64_t>(text, &exact_int64);
}
std::optional<std::uint64_t> parse_uint64(std::string_view text) {
  if (const auto value = parse_digits(text)) return value;
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

std::uint8_t* put_from_hex(std::uint8_t* to, std::string_view text) {
  if (text.size() % 2 != 0) return nullptr;
  std::uint8_t seen = 0;  // kNotADigit leaves its mark.
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::uint8_t high = kHexDigits[static_cast<std::uint8_t>(text[i])];
    const std::uint8_t low = kHexDigits[static_cast<std::uint8_t>(text[i + 1])];
    seen |= high | low;
    *to++ = static_cast<std::uint8_t>(high << 4 | low);
  }
  return seen <= 0xF ? to : nullptr;
}

}  // namespace nanospan::wire
