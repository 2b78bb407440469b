// Sixteen bytes of ASCII at a time, single code points otherwise. Pure.
#include "wire/utf8.h"

namespace nanospan::wire {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// One step of a strict decoder.
struct Sequence {
  std::size_t length;  // Bytes of the code point; if ill-formed, of its maximal well-formed start (at least 1).
  bool valid;
};

// The second byte's range is what excludes overlong forms, surrogates and values above U+10FFFF (Unicode 15, table
// 3-7):
//
//   C2..DF 80..BF            E0 A0..BF 80..BF         E1..EC,EE,EF 80..BF 80..BF   ED 80..9F 80..BF
//   F0 90..BF 80..BF 80..BF  F1..F3 80..BF 80..BF..   F4 80..8F 80..BF 80..BF
Sequence decode_one(const std::uint8_t* at, std::size_t left) {
  const std::uint8_t first = at[0];
  if (first < 0x80) return {1, true};
  if (first < 0xC2 || first > 0xF4) return {1, false};
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  const std::uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (left < 2 || at[1] < low || at[1] > high) return {1, false};
  for (std::size_t i = 2; i < length; ++i) {
    if (i >= left || (at[i] & 0xC0) != 0x80) return {i, false};
  }
  return {length, true};
}

}  // namespace

std::size_t valid_utf8_prefix(std::string_view text) {
  const auto* const begin = reinterpret_cast<const std::uint8_t*>(text.data());
  std::size_t at = 0;
  while (at < text.size()) {
    // Mixed text is mostly runs: step over ASCII in words before looking at single code points.
    while (text.size() - at >= 16 && is_ascii(begin + at, 16)) at += 16;
    if (at == text.size()) break;
    const Sequence sequence = decode_one(begin + at, text.size() - at);
    if (!sequence.valid) return at;
    at += sequence.length;
  }
  return at;
}

void append_repaired_utf8(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::size_t good = valid_utf8_prefix(text);
    out.append(text.substr(0, good));
    text.remove_prefix(good);
    if (text.empty()) return;
    out.append(kReplacement);
    text.remove_prefix(decode_one(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()).length);
  }
}

std::string repair_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_repaired_utf8(text, out);
  return out;
}

std::string_view truncate_code_points(std::string_view text, std::size_t code_points_max) {
  if (text.size() <= code_points_max) return text;  // A code point is at least one byte.
  if (is_ascii(text.substr(0, code_points_max))) {
    // The cut may still fall before a continuation byte of broken text; there it is a boundary all the same.
    return text.substr(0, code_points_max);
  }
  std::size_t code_points = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts = (static_cast<std::uint8_t>(text[i]) & 0xC0) != 0x80;
    if (starts && code_points++ == code_points_max) return text.substr(0, i);
  }
  return text;
}

}  // namespace nanospan::wire
