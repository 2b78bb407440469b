// One comparison of a few words for each piece of the form, and text in steps of 32 bytes. Threads: see the header.
#include "wire/json_reader/plain_attribute.h"

#include <cstring>
#include <string_view>

#include "wire/json_reader/json_look.h"
#include "wire/json_reader/json_scalars.h"
#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan::wire {
namespace {

constexpr std::string_view kBeforeKey = R"({"key":")";
constexpr std::string_view kBeforeValue = R"(","value":{")";
constexpr std::string_view kString = R"(stringValue":")";
constexpr std::string_view kInt = R"(intValue":)";
constexpr std::string_view kTrue = R"(boolValue":true}})";
constexpr std::string_view kFalse = R"(boolValue":false}})";

// So many bytes behind a key can be looked at, and so many of a number.
constexpr std::ptrdiff_t kLookAhead = 64;
static_assert(kBeforeValue.size() + kFalse.size() <= kLookAhead);
static_assert(kBeforeValue.size() + kInt.size() + 2 + kDigitsLook <= kLookAhead);
// Of key and value together; the rest of the room is for headers and copies in steps.
constexpr std::size_t kTextMax = kPlainAttributeRoom - 128;

constexpr std::size_t kOneByteLengths = 128;
constexpr std::uint32_t kOneByteTags = 16;

template <const std::string_view& kText>
bool stands_at(const char* at) {
  return std::memcmp(at, kText.data(), kText.size()) == 0;
}

std::uint8_t* put_plain_text(std::uint8_t* to, std::string_view text) {
  std::memcpy(to, text.data(), kJsonLookBytes);
  if (text.size() > kJsonLookBytes) {
    std::memcpy(to + kJsonLookBytes, text.data() + kJsonLookBytes, text.size() - kJsonLookBytes);
  }
  return to + text.size();
}

// The headers and the key of an attribute whose value takes `any_size` bytes.
inline std::uint8_t* put_key(std::uint8_t* to, std::uint32_t number, std::string_view key, std::size_t any_size) {
  using Kv = otlp::KeyValue;
  if (number < kOneByteTags && key.size() + any_size < kOneByteLengths - 4) {
    const std::size_t key_size = key.size();  // All headers are two bytes.
    to[0] = static_cast<std::uint8_t>(tag(number, WireType::kBytes));
    to[1] = static_cast<std::uint8_t>(4 + key_size + any_size);
    to[2] = static_cast<std::uint8_t>(tag(Kv::kKey, WireType::kBytes));
    to[3] = static_cast<std::uint8_t>(key_size);
    to = put_plain_text(to + 4, key);
    to[0] = static_cast<std::uint8_t>(tag(Kv::kValue, WireType::kBytes));
    to[1] = static_cast<std::uint8_t>(any_size);
    return to + 2;
  }
  const std::size_t size = bytes_field_size(Kv::kKey, key.size()) + bytes_field_size(Kv::kValue, any_size);
  to = put_message_header(to, number, size);
  to = put_message_header(to, Kv::kKey, key.size());
  to = put_plain_text(to, key);
  return put_message_header(to, Kv::kValue, any_size);
}

}  // namespace

const char* put_plain_attribute(const char* at, const char* end, std::uint32_t number, std::uint8_t*& to) {
  if (end - at < kLookAhead || !stands_at<kBeforeKey>(at)) return nullptr;
  at += kBeforeKey.size();
  const char* const key_end = plain_json_string_end(at, end);
  if (key_end == nullptr || key_end == at || end - key_end < kLookAhead) return nullptr;
  const std::string_view key(at, static_cast<std::size_t>(key_end - at));
  if (key.size() > kTextMax || !stands_at<kBeforeValue>(key_end)) return nullptr;
  at = key_end + kBeforeValue.size();
  switch (*at) {
    case 's': {
      if (!stands_at<kString>(at)) return nullptr;
      at += kString.size();
      const char* const value_end = plain_json_string_end(at, end);
      if (value_end == nullptr || end - value_end < static_cast<std::ptrdiff_t>(kJsonLookBytes)) return nullptr;
      const std::string_view value(at, static_cast<std::size_t>(value_end - at));
      if (value_end[1] != '}' || value_end[2] != '}' || key.size() + value.size() > kTextMax) return nullptr;
      to = put_key(to, number, key, bytes_field_size(otlp::AnyValue::kStringValue, value.size()));
      to = put_plain_text(put_message_header(to, otlp::AnyValue::kStringValue, value.size()), value);
      return value_end + 3;
    }
    case 'i': {
      if (!stands_at<kInt>(at)) return nullptr;
      at += kInt.size();
      const bool quoted = *at == '"';
      std::uint64_t value = 0;
      const char* const digits_end = read_digits(at + quoted, value);
      if (digits_end == nullptr || value > std::uint64_t{INT64_MAX} || (quoted && *digits_end != '"')) return nullptr;
      at = digits_end + quoted;
      if (at[0] != '}' || at[1] != '}') return nullptr;
      to = put_key(to, number, key, varint_field_size(otlp::AnyValue::kIntValue, value));
      to = put_varint_field(to, otlp::AnyValue::kIntValue, value);
      return at + 2;
    }
    case 'b': {
      const bool value = stands_at<kTrue>(at);
      if (!value && !stands_at<kFalse>(at)) return nullptr;
      to = put_key(to, number, key, varint_field_size(otlp::AnyValue::kBoolValue, value));
      to = put_varint_field(to, otlp::AnyValue::kBoolValue, value);
      return at + (value ? kTrue : kFalse).size();
    }
    default:
      return nullptr;
  }
}

}  // namespace nanospan::wire
