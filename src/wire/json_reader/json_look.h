// The text of JSON strings, 32 bytes in one look: where a string ends, or what in it is more than plain characters.
//
// By the compilers' own vectors of sixteen bytes, which every processor has that we build for: no choice at run time.
// Pure functions on the caller's memory; thread-safe.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace nanospan::wire {

inline constexpr std::size_t kJsonLookBytes = 32;

namespace json_look {

using Block = std::int8_t __attribute__((vector_size(16)));

constexpr Block all(char c) {
  const auto b = static_cast<std::int8_t>(c);
  return Block{b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b};
}

// A bit for each byte whose own highest bit is set; the first byte's is the lowest.
inline std::uint32_t high_bits(Block block) {
#if defined(__SSE2__)
  using Characters = char __attribute__((vector_size(16)));
  return static_cast<std::uint32_t>(__builtin_ia32_pmovmskb128(reinterpret_cast<Characters>(block)));
#else
  std::uint32_t bits = 0;
  for (unsigned i = 0; i < 16; ++i) bits |= static_cast<std::uint32_t>(block[i] < 0) << i;
  return bits;
#endif
}

// A bit for each byte that is a quote, a backslash, a control character or above 0x7F: as signed numbers, the latter
// two are one comparison.
inline std::uint32_t not_plain(const char* at) {
  Block block;
  std::memcpy(&block, at, sizeof block);
  return high_bits((block == all('"')) | (block == all('\\')) | (block < all(0x20)));
}
inline std::uint32_t above_ascii(const char* at) {
  Block block;
  std::memcpy(&block, at, sizeof block);
  return high_bits(block);
}

}  // namespace json_look

/// Where the quote is that ends the string whose content begins at `at`. nullptr if it holds more than plain ASCII, or
/// is so near to `end` that no whole look is left.
inline const char* plain_json_string_end(const char* at, const char* end) {
  for (; end - at >= static_cast<std::ptrdiff_t>(kJsonLookBytes); at += kJsonLookBytes) {
    const std::uint32_t stops = json_look::not_plain(at) | json_look::not_plain(at + 16) << 16;
    if (stops == 0) continue;
    at += std::countr_zero(stops);
    return *at == '"' ? at : nullptr;
  }
  return nullptr;
}

/// A bit for each of kJsonLookBytes bytes, the first byte's the lowest.
struct JsonMarks {
  std::uint32_t stops;  ///< Quotes, backslashes, control characters: what ends or interrupts a string.
  std::uint32_t high;   ///< Bytes above 0x7F.
};

/// Of the text at `at`; past its `left` bytes stand zeros, which end every string.
inline JsonMarks json_marks(const char* at, std::size_t left) {
  char rest[kJsonLookBytes] = {};
  if (left < kJsonLookBytes) {
    if (left != 0) std::memcpy(rest, at, left);
    at = rest;
  }
  const std::uint32_t high = json_look::above_ascii(at) | json_look::above_ascii(at + 16) << 16;
  const std::uint32_t not_plain = json_look::not_plain(at) | json_look::not_plain(at + 16) << 16;
  return {not_plain & ~high, high};
}

}  // namespace nanospan::wire
