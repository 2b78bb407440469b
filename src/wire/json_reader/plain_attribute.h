// The short way for attributes in the form that nearly all senders write, without white space and with a value that is
// a string, a whole number or a bool:
//
//   {"key":"k","value":{"stringValue":"v"}}     {"key":"k","value":{"intValue":"7"}}
//   {"key":"k","value":{"boolValue":true}}
//
// All lengths are known before the first byte is written. Pure functions on the caller's memory; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nanospan::wire {

/// What put_plain_attribute() may write, and what it looks at beyond an attribute's end.
inline constexpr std::size_t kPlainAttributeRoom = 1024;

/// Reads the attribute at `at` and writes it to `to` as field `number`, a KeyValue. Returns what follows it, and in
/// `to` the end of what was written; nullptr if it is anything else (what was written is then void), which says nothing
/// about whether it is right. REQUIRES: kPlainAttributeRoom bytes of room.
const char* put_plain_attribute(const char* at, const char* end, std::uint32_t number, std::uint8_t*& to);

}  // namespace nanospan::wire
