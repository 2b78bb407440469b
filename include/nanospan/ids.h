// TraceId and SpanId: opaque bytes, as the W3C Trace Context and OTLP carry them.
//
// Values: copyable, comparable, safe to read from any thread. An id of all zero bytes is invalid
// (trace/api.md "SpanContext": "A valid trace identifier is a 16-byte array with at least one non-zero byte").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace nanospan {
inline namespace v0 {
namespace detail {

/// The value of one lower- or upper-case hexadecimal digit, or -1.
constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// N bytes that name something; zero means none.
template <std::size_t N>
class Id {
 public:
  static constexpr std::size_t kSize = N;

  /// The invalid id.
  constexpr Id() = default;

  /// The id with these bytes, in wire order.
  static Id from_bytes(const void* bytes) {
    Id id;
    std::memcpy(id.bytes_.data(), bytes, N);
    return id;
  }

  /// The id with these words as its bytes, as they lie in memory.
  template <class... Word>
  requires(sizeof...(Word) * 8 == N) static Id from_words(Word... words) {
    Id id;
    std::uint8_t* to = id.bytes_.data();
    ((__builtin_memcpy(to, &words, 8), to += 8), ...);
    return id;
  }

  /// The id written as exactly 2 N hexadecimal digits of either case; anything else gives the invalid id.
  static constexpr Id from_hex(std::string_view hex) {
    Id id;
    if (hex.size() != 2 * N) return id;
    for (std::size_t i = 0; i < N; ++i) {
      const int high = hex_digit(hex[2 * i]);
      const int low = hex_digit(hex[2 * i + 1]);
      if (high < 0 || low < 0) return Id();
      id.bytes_[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return id;
  }

  /// True unless all bytes are zero.
  constexpr bool is_valid() const {
    std::uint64_t any = 0;
    if (std::is_constant_evaluated()) {
      for (const std::uint8_t byte : bytes_) any |= byte;
    } else {
      static_assert(N % 8 == 0);
      for (std::size_t i = 0; i < N; i += 8) {
        std::uint64_t word;
        __builtin_memcpy(&word, bytes_.data() + i, 8);
        any |= word;
      }
    }
    return any != 0;
  }

  /// The bytes in wire order; data() has kSize of them.
  constexpr const std::array<std::uint8_t, N>& bytes() const { return bytes_; }
  constexpr const std::uint8_t* data() const { return bytes_.data(); }

  /// Writes 2 N lower-case hexadecimal digits to `out` (no terminating zero).
  constexpr void to_hex(char* out) const {
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t i = 0; i < N; ++i) {
      out[2 * i] = digits[bytes_[i] >> 4];
      out[2 * i + 1] = digits[bytes_[i] & 15];
    }
  }
  std::string to_hex() const {
    std::string text(2 * N, '0');
    to_hex(text.data());
    return text;
  }

  friend constexpr bool operator==(const Id&, const Id&) = default;
  friend constexpr auto operator<=>(const Id&, const Id&) = default;

 private:
  alignas(8) std::array<std::uint8_t, N> bytes_{};
};

}  // namespace detail

/// Names one trace: 16 bytes.
class TraceId : public detail::Id<16> {
 public:
  constexpr TraceId() = default;
  constexpr TraceId(const detail::Id<16>& id) : detail::Id<16>(id) {}
};

/// Names one span within its trace: 8 bytes.
class SpanId : public detail::Id<8> {
 public:
  constexpr SpanId() = default;
  constexpr SpanId(const detail::Id<8>& id) : detail::Id<8>(id) {}
};

}  // namespace v0
}  // namespace nanospan
