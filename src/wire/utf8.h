// UTF-8 as receivers judge it: a fast ASCII scan, strict validation, repair, and truncation on a code-point boundary.
//
// Valid means RFC 3629: shortest form only, no surrogates (U+D800-U+DFFF), nothing above U+10FFFF. One bad byte in a
// proto3 string makes Go, Java and Rust receivers refuse the whole request, so nothing invalid may leave in one.
// Pure functions on caller-owned text; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/varint.h"

namespace nanospan::wire {

/// True if every byte is below 0x80. HOT: by size class instead of in a loop, because lengths of attributes vary and
/// each mispredicted loop end costs more than the loads. Words at the front and words at the back meet or overlap in
/// the middle.
inline bool is_ascii(const std::uint8_t* at, std::size_t size) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  const auto word = [](const std::uint8_t* from) { return get_fixed<std::uint64_t>(from); };
  const auto words4 = [&word](const std::uint8_t* from) {
    return (word(from) | word(from + 8)) | (word(from + 16) | word(from + 24));
  };
  const std::uint8_t* const end = at + size;
  std::uint64_t seen = 0;
  if (size >= 32) {
    seen = words4(at) | words4(end - 32);
    for (at += 32; end - at > 32; at += 32) seen |= words4(at);
  } else if (size >= 16) {
    seen = word(at) | word(at + 8) | word(end - 16) | word(end - 8);
  } else if (size >= 8) {
    seen = word(at) | word(end - 8);
  } else if (size >= 4) {
    seen = get_fixed<std::uint32_t>(at) | get_fixed<std::uint32_t>(end - 4);
  } else {
    for (; at < end; ++at) seen |= *at;
  }
  return (seen & kHighBits) == 0;
}
inline bool is_ascii(std::string_view text) {
  return is_ascii(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

/// Length of the longest valid prefix; text.size() if all of it is valid.
std::size_t valid_utf8_prefix(std::string_view text);

inline bool is_valid_utf8(std::string_view text) { return is_ascii(text) || valid_utf8_prefix(text) == text.size(); }

/// Appends `text` to `out`, each maximal ill-formed piece replaced by U+FFFD (Unicode 15, 3.9, "substitution of maximal
/// subparts", as browsers, Go and Rust do it).
void append_repaired_utf8(std::string_view text, std::string& out);

/// `text` with each maximal ill-formed piece replaced by U+FFFD.
std::string repair_utf8(std::string_view text);

/// The longest prefix of at most `code_points_max` code points. Never cuts a code point; in invalid text each byte that
/// is not a continuation byte counts as one.
std::string_view truncate_code_points(std::string_view text, std::size_t code_points_max);

}  // namespace nanospan::wire
