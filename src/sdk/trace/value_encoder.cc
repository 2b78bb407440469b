// Twice over each value: once for its size, once for its bytes, by the same rules. Pure.
#include "sdk/trace/value_encoder.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sdk/view/field_reader.h"
#include "wire/otlp_fields.h"
#include "wire/utf8.h"
#include "wire/writer.h"

namespace nanospan::sdk {
namespace {

using Type = AttributeValue::Type;
using wire::otlp::AnyValue;
using wire::otlp::KeyValue;

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

// The keys of a list as they go out. Uniqueness is theirs: two ill-formed keys may be repaired to the same text.
class Keys {
 public:
  explicit Keys(std::span<const Attribute> entries) : entries_(entries) {
    const auto valid = [](const Attribute& entry) { return wire::is_valid_utf8(entry.key); };
    if (!std::all_of(entries.begin(), entries.end(), valid)) {
      for (const Attribute& entry : entries) repaired_.push_back(wire::repair_utf8(entry.key));
    }
    if (entries.size() <= kScanned) return;
    for (std::size_t i = 0; i < entries.size(); ++i)
      places_.try_emplace((*this)[i], Places{i, i}).first->second.last = i;
  }

  std::string_view operator[](std::size_t i) const {
    return repaired_.empty() ? entries_[i].key : std::string_view(repaired_[i]);
  }
  /// Is the key of entry `i` also that of one of the first `count`?
  bool among_first(std::size_t count, std::size_t i) const {
    if (!places_.empty()) return places_.at((*this)[i]).first < count;
    for (std::size_t j = 0; j < count; ++j) {
      if ((*this)[j] == (*this)[i]) return true;
    }
    return false;
  }
  /// The value that the key of entry `i` is given last.
  const AttributeValue& last_value(std::size_t i) const {
    if (!places_.empty()) return entries_[places_.at((*this)[i]).last].value;
    std::size_t last = i;
    for (std::size_t j = i + 1; j < entries_.size(); ++j) {
      if ((*this)[j] == (*this)[i]) last = j;
    }
    return entries_[last].value;
  }

 private:
  static constexpr std::size_t kScanned = 32;  // longer lists are worth a table

  struct Places {
    std::size_t first, last;
  };

  std::span<const Attribute> entries_;
  std::vector<std::string> repaired_;
  std::unordered_map<std::string_view, Places> places_;  // of each key; empty for a short list
};

// Calls visit(key, value) once for each key, with its last value.
template <class Visit>
void for_each_unique(std::span<const Attribute> entries, Visit&& visit) {
  const Keys keys(entries);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!keys.among_first(i, i)) visit(keys[i], keys.last_value(i));
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
  for_each_unique(value.as_map(), [&](std::string_view key, const AttributeValue& entry) {
    size += wire::bytes_field_size(wire::otlp::KeyValueList::kValues,
                                   key_value_size(key, size_at(entry, limits, depth + 1)));
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
  for_each_unique(value.as_map(), [&](std::string_view key, const AttributeValue& entry) {
    const std::size_t size = size_at(entry, limits, depth + 1);
    to = wire::put_message_header(to, wire::otlp::KeyValueList::kValues, key_value_size(key, size));
    to = wire::put_bytes_field(to, KeyValue::kKey, key);
    to = wire::put_message_header(to, KeyValue::kValue, size);
    to = put_at(to, entry, limits, depth + 1);
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
  const std::span<const Attribute> entries(attributes.begin(), attributes.size());
  const Keys keys(entries);
  std::uint32_t kept = 0;
  std::size_t kept_end = 0;  // all keys before it are kept
  std::uint32_t discarded = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string_view key = keys[i];
    if (!key.empty() && keys.among_first(kept_end, i)) continue;
    if (key.empty() || kept == count_max) {
      ++discarded;
      continue;
    }
    ++kept;
    kept_end = i + 1;
    const AttributeValue& value = keys.last_value(i);
    const std::size_t any_size = any_value_size(value, limits);
    const std::size_t message_size = key_value_size(key, any_size);
    const std::size_t old_size = out.size();
    out.resize(old_size + wire::bytes_field_size(field, message_size));
    auto* to = reinterpret_cast<std::uint8_t*>(out.data()) + old_size;
    to = wire::put_message_header(to, field, message_size);
    put_key_value(to, key, value, any_size, limits);
  }
  return discarded;
}

}  // namespace nanospan::sdk
