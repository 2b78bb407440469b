// Writes protobuf fields, front to back, every length known before its bytes: there is no back-patching.
//
// Two forms of the same thing:
//   - put_xxx_field(to, ...) writes to raw memory and returns the end; the matching xxx_field_size(...) says how much
//   room
//     it needs. A nested message is its size computed first, then put_message_header, then its fields.
//   - Appender puts the same fields at the end of a std::string or std::vector<std::uint8_t>.
//
//   field = tag varint | payload             payload of bytes, strings and messages = length varint | content
//
// proto3 leaves out scalars that are zero and strings that are empty; whether to skip them is the caller's choice,
// since members of a oneof must be written even when they are zero. Pure functions: thread-safe on distinct memory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/varint.h"

namespace nanospan::wire {

// ---- sizes -------------------------------------------------------------------------------------------------------

constexpr std::size_t tag_size(std::uint32_t field) { return varint_size(tag(field, WireType::kVarint)); }
constexpr std::size_t varint_field_size(std::uint32_t field, std::uint64_t value) {
  return tag_size(field) + varint_size(value);
}
constexpr std::size_t fixed32_field_size(std::uint32_t field) { return tag_size(field) + 4; }
constexpr std::size_t fixed64_field_size(std::uint32_t field) { return tag_size(field) + 8; }
/// Of a string, bytes or message field whose content takes `length` bytes.
constexpr std::size_t bytes_field_size(std::uint32_t field, std::size_t length) {
  return tag_size(field) + varint_size(length) + length;
}

// ---- raw memory --------------------------------------------------------------------------------------------------

constexpr std::uint8_t* put_tag(std::uint8_t* to, std::uint32_t field, WireType type) {
  return put_varint(to, tag(field, type));
}

/// For bool, enum, uint32, uint64, and int64 (cast: a negative number is its two's complement, ten bytes).
constexpr std::uint8_t* put_varint_field(std::uint8_t* to, std::uint32_t field, std::uint64_t value) {
  return put_varint(put_tag(to, field, WireType::kVarint), value);
}

inline std::uint8_t* put_fixed32_field(std::uint8_t* to, std::uint32_t field, std::uint32_t value) {
  return put_fixed(put_tag(to, field, WireType::kFixed32), value);
}

inline std::uint8_t* put_fixed64_field(std::uint8_t* to, std::uint32_t field, std::uint64_t value) {
  return put_fixed(put_tag(to, field, WireType::kFixed64), value);
}

inline std::uint8_t* put_double_field(std::uint8_t* to, std::uint32_t field, double value) {
  return put_fixed(put_tag(to, field, WireType::kFixed64), value);
}

/// Tag and length of a string, bytes or message field; its `length` bytes of content follow.
constexpr std::uint8_t* put_message_header(std::uint8_t* to, std::uint32_t field, std::size_t length) {
  return put_varint(put_tag(to, field, WireType::kBytes), length);
}

/// The bytes alone, without a header.
constexpr std::uint8_t* put_raw(std::uint8_t* to, std::string_view bytes) {
  if (std::is_constant_evaluated()) {
    for (const char byte : bytes) *to++ = static_cast<std::uint8_t>(byte);
    return to;
  }
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

/// A string or bytes field.
constexpr std::uint8_t* put_bytes_field(std::uint8_t* to, std::uint32_t field, std::string_view bytes) {
  return put_raw(put_message_header(to, field, bytes.size()), bytes);
}

// ---- growing buffers ---------------------------------------------------------------------------------------------

/// Appends fields to a std::string or std::vector<std::uint8_t> that outlives it. Growing is the buffer's own doubling.
template <class Buffer>
requires std::is_same_v<Buffer, std::string> || std::is_same_v<Buffer, std::vector<std::uint8_t>>
class Appender {
 public:
  explicit Appender(Buffer& out) : out_(out) {}

  void varint_field(std::uint32_t field, std::uint64_t value) {
    put_varint_field(grow(varint_field_size(field, value)), field, value);
  }
  void fixed32_field(std::uint32_t field, std::uint32_t value) {
    put_fixed32_field(grow(fixed32_field_size(field)), field, value);
  }
  void fixed64_field(std::uint32_t field, std::uint64_t value) {
    put_fixed64_field(grow(fixed64_field_size(field)), field, value);
  }
  void double_field(std::uint32_t field, double value) {
    put_double_field(grow(fixed64_field_size(field)), field, value);
  }
  void bytes_field(std::uint32_t field, std::string_view bytes) {
    put_bytes_field(grow(bytes_field_size(field, bytes.size())), field, bytes);
  }
  /// Starts a nested message; the caller appends exactly `length` bytes of fields next.
  void message_header(std::uint32_t field, std::size_t length) {
    put_message_header(grow(tag_size(field) + varint_size(length)), field, length);
  }
  /// Fields that were encoded elsewhere.
  void raw(std::string_view bytes) { put_raw(grow(bytes.size()), bytes); }

 private:
  std::uint8_t* grow(std::size_t bytes) {
    const std::size_t old_size = out_.size();
    out_.resize(old_size + bytes);
    return reinterpret_cast<std::uint8_t*>(out_.data()) + old_size;
  }

  Buffer& out_;
};

}  // namespace nanospan::wire
