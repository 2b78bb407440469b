// Single fields out of a protobuf message, as SpanView and ValueView read them: on demand, nothing kept.
//
// Malformed bytes read as if they ended there. Of a field that occurs several times the last one counts, as everywhere
// in protobuf. Pure functions over the caller's bytes; thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "wire/reader.h"

namespace nanospan::sdk {

using Bytes = std::span<const std::uint8_t>;

inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// The number of field `field`, of whatever width; 0 if it is absent.
inline std::uint64_t last_number(Bytes message, std::uint32_t field) {
  std::uint64_t value = 0;
  wire::Reader reader(message.data(), message.size());
  while (reader.next()) {
    if (reader.field() != field) continue;
    if (reader.type() == wire::WireType::kVarint) value = reader.varint();
    if (reader.type() == wire::WireType::kFixed32) value = reader.fixed32();
    if (reader.type() == wire::WireType::kFixed64) value = reader.fixed64();
  }
  return value;
}

/// The content of string, bytes or message field `field`; empty if it is absent.
inline std::string_view last_bytes(Bytes message, std::uint32_t field) {
  std::string_view value;
  wire::Reader reader(message.data(), message.size());
  while (reader.next()) {
    if (reader.is(field, wire::WireType::kBytes)) value = reader.bytes();
  }
  return value;
}

/// Steps to the next occurrence of string, bytes or message field `field` in `rest`, which becomes what comes after it.
inline bool next_bytes(Bytes& rest, std::uint32_t field, std::string_view& value) {
  wire::Reader reader(rest.data(), rest.size());
  while (reader.next()) {
    if (!reader.is(field, wire::WireType::kBytes)) continue;
    value = reader.bytes();
    rest = rest.subspan(
        static_cast<std::size_t>(reader.raw_field().data() + reader.raw_field().size() - as_text(rest).data()));
    return true;
  }
  rest = {};
  return false;
}

}  // namespace nanospan::sdk
