// A table for hex; integers in any form that protobuf's JSON mapping allows, as long as they are exact. Pure.
#include "wire/json_reader/json_scalars.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
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

using Bytes = std::uint8_t __attribute__((vector_size(16)));
using Pairs = std::uint16_t __attribute__((vector_size(16)));

constexpr Bytes all_bytes(std::uint8_t b) { return Bytes{b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b}; }

// Eight bytes from sixteen digits, all at once: most hex there is are ids.
bool put_from_hex16(std::uint8_t* to, const char* at) {
  Bytes text;
  std::memcpy(&text, at, sizeof text);
  const Bytes digit = text - all_bytes('0');
  const Bytes letter = (text | all_bytes('a' - 'A')) - all_bytes('a');
  const Bytes is_digit = reinterpret_cast<Bytes>(digit < all_bytes(10));
  const Bytes is_letter = reinterpret_cast<Bytes>(letter < all_bytes(6));
  const Bytes value = (digit & is_digit) | ((letter + all_bytes(10)) & is_letter);
  using Halves = std::uint64_t __attribute__((vector_size(16)));
  const Halves valid = reinterpret_cast<Halves>(is_digit | is_letter);
  if ((valid[0] & valid[1]) != ~std::uint64_t{0}) return false;
  const Pairs pairs = reinterpret_cast<Pairs>(value);
  const Pairs bytes = (pairs << 4 | pairs >> 8) & 0xFF;
  using Narrow = std::uint8_t __attribute__((vector_size(8)));
  const Narrow narrow = __builtin_convertvector(bytes, Narrow);
  std::memcpy(to, &narrow, sizeof narrow);
  return true;
}

// The digits at the front of eight characters, the first in the lowest byte: pairs, then fours, then all.
struct Digits {
  std::uint64_t value;
  unsigned count;
};

Digits leading_digits(const char* at) {
  constexpr std::uint64_t kHighHalves = 0xF0F0F0F0F0F0F0F0;
  constexpr std::uint64_t kDigitHalves = 0x3030303030303030;
  constexpr std::uint64_t kPastNine = 0x0606060606060606;
  std::uint64_t text = get_fixed<std::uint64_t>(reinterpret_cast<const std::uint8_t*>(at));
  // Bits where a byte is no digit. A carry only leaves such bytes, upwards: the lowest is right.
  const std::uint64_t others =
      ((text & kHighHalves) ^ kDigitHalves) | (((text + kPastNine) & kHighHalves) ^ kDigitHalves);
  const auto count = static_cast<unsigned>(others == 0 ? 8 : std::countr_zero(others) / 8);
  if (count == 0) return {0, 0};
  text <<= 64 - 8 * count;  // Zeros in front.
  text = (text & 0x0F0F0F0F0F0F0F0F) * (10 << 8 | 1) >> 8;
  text = (text & 0x00FF00FF00FF00FF) * (100 << 16 | 1) >> 16;
  return {(text & 0x0000FFFF0000FFFF) * (std::uint64_t{10000} << 32 | 1) >> 32, count};
}

// What nearly all are, times above all: digits alone, few enough that no sum overflows.
std::optional<std::uint64_t> parse_digits(std::string_view text) {
  std::array<char, kDigitsLook> digits{};
  if (text.size() >= digits.size()) return std::nullopt;
  std::copy(text.begin(), text.end(), digits.begin());
  std::uint64_t value = 0;
  if (read_digits(digits.data(), value) != digits.data() + text.size()) return std::nullopt;
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

const char* read_digits(const char* at, std::uint64_t& value) {
  constexpr std::array<std::uint64_t, 9> kPowersOfTen = {1,       10,        100,        1000,       10'000,
                                                         100'000, 1'000'000, 10'000'000, 100'000'000};
  constexpr unsigned kDigitsMax = 19;  // Whatever they are, 64 bits hold them.
  const Digits first = leading_digits(at);
  if (first.count == 0 || (*at == '0' && first.count > 1)) return nullptr;
  value = first.value;
  unsigned count = first.count;
  for (Digits next = first; next.count == 8 && count < kDigitsLook; count += next.count) {
    next = leading_digits(at + count);
    value = value * kPowersOfTen[next.count] + next.value;
  }
  return count <= kDigitsMax ? at + count : nullptr;
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
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; end - at >= 16; at += 16, to += 8) {
    if (!put_from_hex16(to, at)) return nullptr;
  }
  std::uint8_t seen = 0;  // kNotADigit leaves its mark.
  for (; at != end; at += 2) {
    const std::uint8_t high = kHexDigits[static_cast<std::uint8_t>(at[0])];
    const std::uint8_t low = kHexDigits[static_cast<std::uint8_t>(at[1])];
    seen |= high | low;
    *to++ = static_cast<std::uint8_t>(high << 4 | low);
  }
  return seen <= 0xF ? to : nullptr;
}

}  // namespace nanospan::wire
