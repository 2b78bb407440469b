// Encodes attributes that are not short and simple: any AnyValue, with the specification's limits, at exact length.
//
// Rules in one place: strings are cut at a code point (common/README.md "Attribute Limits"); invalid UTF-8 becomes
// bytes_value in values and U+FFFD in keys (common/attribute-type-mapping.md); arrays and maps nested too deeply become
// the empty value; of equal keys in a map the last wins. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nanospan/attributes.h>
#include <nanospan/limits.h>

namespace nanospan::sdk {

struct ValueLimits {
  std::uint32_t length_max = SpanLimits::kUnlimited;  ///< Characters of strings, bytes of byte arrays.
  std::uint32_t depth_max = 64;                       ///< The value itself has depth 1.
};

/// Bytes of `value` as an AnyValue message.
std::size_t any_value_size(const AttributeValue& value, const ValueLimits& limits);
/// Writes it; returns the end. REQUIRES: any_value_size() bytes of room.
std::uint8_t* put_any_value(std::uint8_t* to, const AttributeValue& value, const ValueLimits& limits);

/// Bytes of the KeyValue message {key, value}. REQUIRES: `key` is valid UTF-8.
std::size_t key_value_size(std::string_view key, std::size_t any_size);
std::uint8_t* put_key_value(std::uint8_t* to, std::string_view key, const AttributeValue& value, std::size_t any_size,
                            const ValueLimits& limits);

/// `text` itself if it is valid UTF-8, else its repaired form, kept in `scratch`.
std::string_view valid_text(std::string_view text, std::string& scratch);

/// Appends `attributes` as KeyValue fields number `field`: unique, the last value of a key wins, at most `count_max`
/// keys, the first ones; returns how many attributes were discarded. Those with an empty key are among them.
std::uint32_t append_attributes(std::string& out, std::uint32_t field, const Attributes& attributes,
                                std::uint32_t count_max, const ValueLimits& limits);

}  // namespace nanospan::sdk
