// Text is copied in runs up to the next character that needs an escape. Pure.
#include "wire/json_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace nanospan::wire {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

// 0: stands for itself; 'u': \u00XX; else the letter after the backslash (RFC 8259 section 7).
constexpr std::array<char, 256> make_escapes() {
  std::array<char, 256> escapes{};
  for (std::size_t control = 0; control < 0x20; ++control) escapes[control] = 'u';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  return escapes;
}
constexpr std::array<char, 256> kEscapes = make_escapes();

template <class T>
void append_number(T value, std::string& out) {
  std::array<char, 32> digits;  // The longest is a double in scientific form, 24 characters.
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
  out += '"';
  std::size_t run_start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    const char escape = kEscapes[byte];
    if (escape == 0) continue;
    out.append(text.substr(run_start, i - run_start));
    run_start = i + 1;
    out += '\\';
    out += escape;
    if (escape == 'u') {
      out += "00";
      append_hex(text.substr(i, 1), out);
    }
  }
  out.append(text.substr(run_start));
  out += '"';
}

void append_decimal(std::int64_t value, std::string& out) { append_number(value, out); }
void append_decimal(std::uint64_t value, std::string& out) { append_number(value, out); }

void append_json_double(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    append_number(value, out);
  }
}

void append_hex(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 0xF];
  }
}

}  // namespace nanospan::wire
