// Protobuf's scalars on the wire: base-128 varints and little-endian fixed-width words.
//
// A varint carries 7 bits a byte, lowest first; the top bit says that another byte follows:
//
//   300 = 0b10'0101100  ->  1|0101100  0|0000010  =  AC 02
//
// Everything here is a pure function on caller-owned memory, constexpr where literals are encoded at compile time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace nanospan::wire {

static_assert(std::endian::native == std::endian::little, "fixed-width fields are copied as they lie in memory");

/// The low three bits of a tag. Groups (3, 4) are obsolete: OTLP never uses them and our readers refuse them.
enum class WireType : std::uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,
  kStartGroup = 3,
  kEndGroup = 4,
  kFixed32 = 5
};

inline constexpr std::size_t kVarintBytesMax = 10;    ///< Of any 64-bit value.
inline constexpr std::size_t kTagBytesMax = 5;        ///< A tag is a 32-bit value.
inline constexpr std::size_t kLengthBytesMax = 5;     ///< A length is below 2^31 in every implementation.
inline constexpr std::uint64_t kTagMax = 0xFFFFFFFF;  ///< So the largest field number is 2^29 - 1.

/// Bytes that put_varint writes for `value`: ceil(bits / 7), at least 1.
constexpr std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) * 9 + 64) / 64;
}

/// Writes `value` and returns the end. REQUIRES: varint_size(value) bytes of room.
constexpr std::uint8_t* put_varint(std::uint8_t* to, std::uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<std::uint8_t>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<std::uint8_t>(value);
  return to;
}

/// Writes the bytes of an integer or double, lowest first, and returns the end. REQUIRES: sizeof(T) bytes of room.
template <class T>
requires std::is_arithmetic_v<T>
inline std::uint8_t* put_fixed(std::uint8_t* to, T value) {
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

/// Reads what put_fixed wrote. REQUIRES: sizeof(T) readable bytes.
template <class T>
requires std::is_arithmetic_v<T>
inline T get_fixed(const std::uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// Reads a varint of more than one byte; see get_varint.
inline const std::uint8_t* get_long_varint(const std::uint8_t* from, const std::uint8_t* end, std::size_t bytes_max,
                                           std::uint64_t& value) {
  std::uint64_t sum = 0;
  unsigned shift = 0;
  const std::uint8_t* const stop = static_cast<std::size_t>(end - from) > bytes_max ? from + bytes_max : end;
  for (; from < stop; shift += 7) {
    const std::uint64_t byte = *from++;
    // The tenth byte has room for one bit; more would not fit 64 (prost refuses it, others drop bits silently).
    if (shift == 63 && byte > 1) return nullptr;
    sum |= (byte & 0x7F) << shift;
    if (byte < 0x80) {
      value = sum;
      return from;
    }
  }
  return nullptr;
}

/// Reads a varint of at most `bytes_max` bytes from [from, end) and returns its end, or nullptr if it is cut off, too
/// long or above 64 bits (`value` is then untouched).
inline const std::uint8_t* get_varint(const std::uint8_t* from, const std::uint8_t* end, std::size_t bytes_max,
                                      std::uint64_t& value) {
  if (from < end && *from < 0x80) {
    value = *from;
    return from + 1;
  }
  return get_long_varint(from, end, bytes_max, value);
}

/// sint32: small numbers of either sign are small varints, 0 -1 1 -2 as 0 1 2 3.
constexpr std::uint32_t zigzag(std::int32_t value) {
  return static_cast<std::uint32_t>(value) << 1 ^ static_cast<std::uint32_t>(value >> 31);
}
constexpr std::int32_t unzigzag(std::uint32_t value) {
  return static_cast<std::int32_t>(value >> 1 ^ (~(value & 1) + 1));
}

/// A field's tag as a number: what precedes every field on the wire.
constexpr std::uint32_t tag(std::uint32_t field, WireType type) {
  return field << 3 | static_cast<std::uint32_t>(type);
}

}  // namespace nanospan::wire
