#include "sdk/trace/value_encoder.h"

#include <vector>

#include "wire/otlp_fields.h"
#include "wire/utf8.h"
#include "wire/writer.h"

namespace nanospan::sdk {
namespace {

using Type = AttributeValue::Type;
using wire::otlp::AnyValue;
using wire::otlp::KeyValue;

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A string as it goes out: the field it takes and the bytes that remain.
struct Text {
  std::uint32_t field;
  std::string_view bytes;
};

Text text_of(std::string_view value, std::uint32_t length_max) {
  if (wire::is_valid_utf8(value)) {
    return {AnyValue::kStringValue, value.size() > length_max ? wire::truncate_code_points(value, length_max) : value};
  }
  return {AnyValue::kBytesValue, value.substr(0, length_max)};
}

// Calls visit(element) for every element of an array, whatever its form.
template <class Visit>
void for_each_element(const AttributeValue& value, Visit&& visit) {
  switch (value.type()) {
    case Type::kBoolArray:
      for (const bool element : value.as_bools()) visit(AttributeValue(element));
      break;
    case Type::kIntArray:
      for (const std::int64_t element : value.as_ints()) visit(AttributeValue(element));
      break;
    case Type::kDoubleArray:
      for (const double element : value.as_doubles()) visit(AttributeValue(element));
      break;
    case Type::kStringArray:
      for (const std::string_view element : value.as_strings()) visit(AttributeValue(element));
      break;
    default:
      for (const AttributeValue& element : value.as_array()) visit(element);
      break;
  }
}

// Calls visit(entry) for the last of each group of equal keys.
template <class Visit>
void for_each_unique(std::span<const Attribute> entries, Visit&& visit) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    bool replaced = false;
    for (std::size_t j = i + 1; j < entries.size() && !replaced; ++j) replaced = entries[j].key == entries[i].key;
    if (!replaced) visit(entries[i]);
  }
}

std::size_t size_at(const AttributeValue& value, const ValueLimits& limits, std::uint32_t depth);
std::uint8_t* put_at(std::uint8_t* to, const AttributeValue& value, const ValueLimits& limits, std::uint32_t depth);

std::size_t array_size(const AttributeValue& value, const ValueLimits& limits, std::uint32_t depth) {
  std::size_t size = 0;
  for_each_element(value, [&](const AttributeValue& element) {
    size += wire::bytes_field_size(wire::otlp::ArrayValue::kValues, size_at(element, limits, depth + 1));
  });
  return size;
}

std::size_t map_size(const AttributeValue& value, const ValueLimits& limits, std::uint32_t depth) {
  std::size_t size = 0;
  std::string scratch;
  for_each_unique(value.as_map(), [&](const Attribute& entry) {
    const std::string_view key = valid_text(entry.key, scratch);
    size += wire::bytes_field_size(wire::otlp::KeyValueList::kValues,
                                   key_value_size(key, size_at(entry.value, limits, depth + 1)));
  });
  return size;
}

bool is_composite(Type type) { return type >= Type::kBoolArray; }

std::size_t size_at(const AttributeValue& value, const ValueLimits& limits, std::uint32_t depth) {
  if (is_composite(value.type()) && depth > limits.depth_max) return 0;
  switch (value.type()) {
    case Type::kEmpty:
      return 0;
    case Type::kBool:
      return 2;
    case Type::kInt:
      return wire::varint_field_size(AnyValue::kIntValue, static_cast<std::uint64_t>(value.as_int()));
    case Type::kDouble:
      return wire::fixed64_field_size(AnyValue::kDoubleValue);
    case Type::kString: {
      const Text text = text_of(value.as_string(), limits.length_max);
      return wire::bytes_field_size(text.field, text.bytes.size());
    }
    case Type::kBytes: {
      const std::string_view bytes = as_text(value.as_bytes()).substr(0, limits.length_max);
      return wire::bytes_field_size(AnyValue::kBytesValue, bytes.size());
    }
    case Type::kMap:
      return wire::bytes_field_size(AnyValue::kKvlistValue, map_size(value, limits, depth));
    default:
      return wire::bytes_field_size(AnyValue::kArrayValue, array_size(value, limits, depth));
  }
}

std::uint8_t* put_array(std::uint8_t* to, const AttributeValue& value, const ValueLimits& limits, std::uint32_t depth) {
  to = wire::put_message_header(to, AnyValue::kArrayValue, array_size(value, limits, depth));
  for_each_element(value, [&](const AttributeValue& element) {
    to = wire::put_message_header(to, wire::otlp::ArrayValue::kValues, size_at(element, limits, depth + 1));
    to = put_at(to, element, limits, depth + 1);
  });
  return to;
}

std::uint8_t* put_map(std::uint8_t* to, const AttributeValue& value, const ValueLimits& limits, std::uint32_t depth) {
  to = wire::put_message_header(to, AnyValue::kKvlistValue, map_size(value, limits, depth));
  std::string scratch;
  for_each_unique(value.as_map(), [&](const Attribute& entry) {
    const std::string_view key = valid_text(entry.key, scratch);
    const std::size_t size = size_at(entry.value, limits, depth + 1);
    to = wire::put_message_header(to, wire::otlp::KeyValueList::kValues, key_value_size(key, size));
    to = wire::put_bytes_field(to, KeyValue::kKey, key);
    to = wire::put_message_header(to, KeyValue::kValue, size);
    to = put_at(to, entry.value, limits, depth + 1);
  });
  return to;
}

std::uint8_t* put_at(std::uint8_t* to, const AttributeValue& value, const ValueLimits& limits, std::uint32_t depth) {
  if (is_composite(value.type()) && depth > limits.depth_max) return to;
  switch (value.type()) {
    case Type::kEmpty:
      return to;
    case Type::kBool:
      return wire::put_varint_field(to, AnyValue::kBoolValue, value.as_bool() ? 1 : 0);
    case Type::kInt:
      return wire::put_varint_field(to, AnyValue::kIntValue, static_cast<std::uint64_t>(value.as_int()));
    case Type::kDouble:
      return wire::put_double_field(to, AnyValue::kDoubleValue, value.as_double());
    case Type::kString: {
      const Text text = text_of(value.as_string(), limits.length_max);
      return wire::put_bytes_field(to, text.field, text.bytes);
    }
    case Type::kBytes:
      return wire::put_bytes_field(to, AnyValue::kBytesValue, as_text(value.as_bytes()).substr(0, limits.length_max));
    case Type::kMap:
      return put_map(to, value, limits, depth);
    default:
      return put_array(to, value, limits, depth);
  }
}

}  // namespace

std::size_t any_value_size(const AttributeValue& value, const ValueLimits& limits) { return size_at(value, limits, 1); }

std::uint8_t* put_any_value(std::uint8_t* to, const AttributeValue& value, const ValueLimits& limits) {
  return put_at(to, value, limits, 1);
}

std::size_t key_value_size(std::string_view key, std::size_t any_size) {
  return wire::bytes_field_size(KeyValue::kKey, key.size()) + wire::bytes_field_size(KeyValue::kValue, any_size);
}

std::uint8_t* put_key_value(std::uint8_t* to, std::string_view key, const AttributeValue& value, std::size_t any_size,
                            const ValueLimits& limits) {
  to = wire::put_bytes_field(to, KeyValue::kKey, key);
  to = wire::put_message_header(to, KeyValue::kValue, any_size);
  return put_any_value(to, value, limits);
}

std::string_view valid_text(std::string_view text, std::string& scratch) {
  if (wire::is_valid_utf8(text)) return text;
  scratch = wire::repair_utf8(text);
  return scratch;
}

std::uint32_t append_attributes(std::string& out, std::uint32_t field, const Attributes& attributes,
                                std::uint32_t count_max, const ValueLimits& limits) {
  std::uint32_t kept = 0;
  std::uint32_t discarded = 0;
  std::string scratch;
  for_each_unique({attributes.begin(), attributes.size()}, [&](const Attribute& attribute) {
    if (attribute.key.empty() || kept == count_max) {
      ++discarded;
      return;
    }
    ++kept;
    const std::string_view key = valid_text(attribute.key, scratch);
    const std::size_t any_size = any_value_size(attribute.value, limits);
    const std::size_t message_size = key_value_size(key, any_size);
    const std::size_t old_size = out.size();
    out.resize(old_size + wire::bytes_field_size(field, message_size));
    auto* to = reinterpret_cast<std::uint8_t*>(out.data()) + old_size;
    to = wire::put_message_header(to, field, message_size);
    put_key_value(to, key, attribute.value, any_size, limits);
  });
  return discarded;
}

}  // namespace nanospan::sdk
