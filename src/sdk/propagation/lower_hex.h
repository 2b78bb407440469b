// Hex as the propagation formats define it: lower case only, so that two spellings of one id never travel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nanospan::sdk {

/// Reads hex.size() / 2 bytes; false if a character is not one of 0-9 a-f. REQUIRES: an even size.
constexpr bool parse_lower_hex(std::string_view hex, std::uint8_t* bytes) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
  };
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    const int high = digit(hex[i]);
    const int low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return false;
    *bytes++ = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

}  // namespace nanospan::sdk
