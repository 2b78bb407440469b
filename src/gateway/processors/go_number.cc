// The syntax of strconv/atof.go (readFloat, special, underscoreOK) is checked here; from_chars() then has the value.
// Threads: see the header.
#include "gateway/processors/go_number.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

namespace nanospan::gateway {
namespace {

std::string_view without_sign(std::string_view text) {
  return !text.empty() && (text[0] == '+' || text[0] == '-') ? text.substr(1) : text;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_digit(char c, bool hex) { return (c >= '0' && c <= '9') || (hex && lower(c) >= 'a' && lower(c) <= 'f'); }

/// Takes digits with "_" between them from `text`; `after_digit`: one may come first. Nothing if one stands elsewhere.
std::optional<std::string> take_digits(std::string_view& text, bool hex, bool after_digit) {
  std::string digits;
  while (!text.empty() && (is_digit(text[0], hex) || text[0] == '_')) {
    if (text[0] == '_') {
      if (!after_digit || text.size() == 1 || !is_digit(text[1], hex)) return std::nullopt;
      after_digit = false;
    } else {
      digits += text[0];
      after_digit = true;
    }
    text.remove_prefix(1);
  }
  return digits;
}

/// The number without sign and "_"; nothing if it is none.
std::optional<std::string> plain_number(std::string_view text) {
  const bool hex = text.size() > 1 && text[0] == '0' && lower(text[1]) == 'x';
  std::string out = hex ? "0x" : "";
  if (hex) text.remove_prefix(2);
  const std::optional<std::string> whole = take_digits(text, hex, hex);
  if (!whole) return std::nullopt;
  out += *whole;
  std::size_t digits = whole->size();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const std::optional<std::string> fraction = take_digits(text, hex, false);
    if (!fraction) return std::nullopt;
    out.append(".").append(*fraction);
    digits += fraction->size();
  }
  if (digits == 0) return std::nullopt;
  if (text.empty()) return hex ? std::nullopt : std::optional(out);
  if (lower(text[0]) != (hex ? 'p' : 'e')) return std::nullopt;
  out += text[0];
  text.remove_prefix(1);
  if (text.starts_with('-')) out += '-';
  text = without_sign(text);
  const std::optional<std::string> exponent = take_digits(text, false, false);
  if (!exponent || exponent->empty() || !text.empty()) return std::nullopt;
  return out + *exponent;
}

/// Of a number that no double is near to: too large, not too small.
bool is_huge(std::string_view digits, bool hex) {
  const std::size_t mark = digits.find_first_of(hex ? "pP" : "eE");
  const std::string_view mantissa = digits.substr(0, mark);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::size_t first = std::min(mantissa.find_first_not_of("0."), mantissa.size());
  const std::int64_t places = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  if (mark == std::string_view::npos) return places > 0;
  const std::string_view text = digits.substr(mark + 1);
  std::int64_t exponent = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  static_cast<void>(end);
  if (failed != std::errc()) return !text.starts_with('-');
  return exponent > -places * (hex ? 4 : 1);
}

}  // namespace

std::optional<std::int64_t> parse_go_int(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> parse_go_double(std::string_view text) {
  const std::string_view unsigned_text = without_sign(text);
  const double sign = text.starts_with('-') ? -1 : 1;
  std::string name(unsigned_text.substr(0, 9));
  for (char& c : name) c = lower(c);
  if (name == "nan" && unsigned_text.size() == text.size()) return std::numeric_limits<double>::quiet_NaN();
  if (name == "inf" || name == "infinity") return sign * std::numeric_limits<double>::infinity();
  const std::optional<std::string> plain = plain_number(unsigned_text);
  if (!plain) return std::nullopt;
  const bool hex = plain->starts_with("0x");
  const std::string_view digits = std::string_view(*plain).substr(hex ? 2 : 0);
  double number = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number,
                                             hex ? std::chars_format::hex : std::chars_format::general);
  static_cast<void>(end);
  if (failed != std::errc()) return is_huge(digits, hex) ? std::nullopt : std::optional(sign * 0.0);
  return sign * number;
}

}  // namespace nanospan::gateway
