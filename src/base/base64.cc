// Three bytes are four digits. Pure.
#include "base/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace nanospan::base {
namespace {

constexpr std::string_view kBase64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoBase64Digit = 0xFF;

constexpr std::array<std::uint8_t, 256> make_base64_values(bool url_too) {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoBase64Digit);
  for (std::size_t i = 0; i < kBase64Digits.size(); ++i) {
    values[static_cast<std::uint8_t>(kBase64Digits[i])] = static_cast<std::uint8_t>(i);
  }
  if (url_too) {
    values['-'] = values['+'];
    values['_'] = values['/'];
  }
  return values;
}

constexpr auto kStandardValues = make_base64_values(false);
constexpr auto kStandardOrUrlValues = make_base64_values(true);

std::string_view without_padding(std::string_view text) {
  if (text.size() % 4 != 0 || !text.ends_with('=')) return text;
  return text.substr(0, text.size() - (text.ends_with("==") ? 2 : 1));
}

}  // namespace

void append_base64(std::string_view bytes, std::string& out) {
  const auto byte_at = [bytes](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i]));
  };
  std::size_t i = 0;
  for (; bytes.size() - i >= 3; i += 3) {
    const std::uint32_t group = byte_at(i) << 16 | byte_at(i + 1) << 8 | byte_at(i + 2);
    for (unsigned shift = 24; shift > 0; shift -= 6) out += kBase64Digits[group >> (shift - 6) & 0x3F];
  }
  if (bytes.size() - i == 1) {
    out += kBase64Digits[byte_at(i) >> 2];
    out += kBase64Digits[byte_at(i) << 4 & 0x3F];
    out += "==";
  } else if (bytes.size() - i == 2) {
    const std::uint32_t group = byte_at(i) << 8 | byte_at(i + 1);
    out += kBase64Digits[group >> 10];
    out += kBase64Digits[group >> 4 & 0x3F];
    out += kBase64Digits[group << 2 & 0x3F];
    out += '=';
  }
}

bool append_from_base64(std::string_view text, std::string& out, Base64Alphabet alphabet) {
  const auto& values = alphabet == Base64Alphabet::kStandard ? kStandardValues : kStandardOrUrlValues;
  text = without_padding(text);
  if (text.size() % 4 == 1) return false;
  const std::size_t old_size = out.size();
  std::uint32_t bits = 0;  // only the low `count` ones are still to be written
  unsigned count = 0;
  for (const char c : text) {
    const std::uint8_t value = values[static_cast<std::uint8_t>(c)];
    if (value == kNoBase64Digit) {
      out.resize(old_size);
      return false;
    }
    bits = bits << 6 | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return true;
}

}  // namespace nanospan::base
