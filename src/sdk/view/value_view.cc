// ValueView and AttributesView: AnyValue and KeyValue messages read where they lie.
//
// The bytes may come from anywhere (a view can be made over any span), so nothing is trusted: faults end the reading,
// and to_text() follows nested values only as deep as the wire allows.
#include <nanospan/span_view.h>

#include <cmath>

#include "base/base64.h"
#include "sdk/view/field_reader.h"
#include "wire/json_text.h"
#include "wire/otlp_fields.h"
#include "wire/utf8.h"

namespace nanospan {
namespace sdk {
namespace {

using Type = AttributeValue::Type;
using wire::WireType;
using Any = wire::otlp::AnyValue;

// The member of the oneof that was set last, and the field that holds it.
struct Member {
  Type type = Type::kEmpty;
  std::uint64_t number = 0;
  std::string_view content;
};

Member read_member(Bytes any_value) {
  Member member;
  wire::Reader reader(any_value.data(), any_value.size());
  while (reader.next()) {
    if (reader.is(Any::kStringValue, WireType::kBytes)) {
      member = {Type::kString, 0, reader.bytes()};
    } else if (reader.is(Any::kBoolValue, WireType::kVarint)) {
      member = {Type::kBool, reader.varint(), {}};
    } else if (reader.is(Any::kIntValue, WireType::kVarint)) {
      member = {Type::kInt, reader.varint(), {}};
    } else if (reader.is(Any::kDoubleValue, WireType::kFixed64)) {
      member = {Type::kDouble, reader.fixed64(), {}};
    } else if (reader.is(Any::kArrayValue, WireType::kBytes)) {
      member = {Type::kArray, 0, reader.bytes()};
    } else if (reader.is(Any::kKvlistValue, WireType::kBytes)) {
      member = {Type::kMap, 0, reader.bytes()};
    } else if (reader.is(Any::kBytesValue, WireType::kBytes)) {
      member = {Type::kBytes, 0, reader.bytes()};
    }
  }
  return member;
}

// The content, if the value has this type.
std::string_view content_of(Bytes any_value, Type type) {
  const Member member = read_member(any_value);
  return member.type == type ? member.content : std::string_view();
}

void append_json_text(std::string_view text, std::string& out) {
  if (wire::is_valid_utf8(text)) {
    wire::append_json_string(text, out);
  } else {
    wire::append_json_string(wire::repair_utf8(text), out);
  }
}

// common/README.md "AnyValue representation for non-OTLP protocols", inside arrays and maps: strings, base64 and the
// doubles that JSON does not know in quotes, the empty value as null.
void append_json(const ValueView& value, unsigned depth, std::string& out) {
  if (depth > wire::kDepthMax) {
    out += "null";
    return;
  }
  switch (value.type()) {
    case Type::kString:
      append_json_text(value.as_string(), out);
      break;
    case Type::kBool:
      out += value.as_bool() ? "true" : "false";
      break;
    case Type::kInt:
      wire::append_decimal(value.as_int(), out);
      break;
    case Type::kDouble:
      wire::append_json_double(value.as_double(), out);
      break;
    case Type::kBytes:
      out += '"';
      base::append_base64(as_text(value.as_bytes()), out);
      out += '"';
      break;
    case Type::kArray: {
      char before = '[';
      value.for_each_element([&](const ValueView& element) {
        out += before;
        append_json(element, depth + 1, out);
        before = ',';
      });
      out += before == '[' ? "[]" : "]";
      break;
    }
    case Type::kMap: {
      char before = '{';
      value.for_each_entry([&](std::string_view key, const ValueView& entry) {
        out += before;
        append_json_text(key, out);
        out += ':';
        append_json(entry, depth + 1, out);
        before = ',';
      });
      out += before == '{' ? "{}" : "}";
      break;
    }
    default:
      out += "null";
  }
}

}  // namespace
}  // namespace sdk

inline namespace v0 {

namespace otlp = wire::otlp;

AttributeValue::Type ValueView::type() const { return sdk::read_member(bytes_).type; }

bool ValueView::as_bool() const {
  const sdk::Member member = sdk::read_member(bytes_);
  return member.type == AttributeValue::Type::kBool && member.number != 0;
}

std::int64_t ValueView::as_int() const {
  const sdk::Member member = sdk::read_member(bytes_);
  return member.type == AttributeValue::Type::kInt ? static_cast<std::int64_t>(member.number) : 0;
}

double ValueView::as_double() const {
  const sdk::Member member = sdk::read_member(bytes_);
  return member.type == AttributeValue::Type::kDouble ? std::bit_cast<double>(member.number) : 0;
}

std::string_view ValueView::as_string() const { return sdk::content_of(bytes_, AttributeValue::Type::kString); }

std::span<const std::uint8_t> ValueView::as_bytes() const {
  return sdk::as_bytes(sdk::content_of(bytes_, AttributeValue::Type::kBytes));
}

std::span<const std::uint8_t> ValueView::composite(AttributeValue::Type type) const {
  return sdk::as_bytes(sdk::content_of(bytes_, type));
}

bool ValueView::next_element(std::span<const std::uint8_t>& rest, ValueView& element) {
  std::string_view bytes;
  if (!sdk::next_bytes(rest, otlp::ArrayValue::kValues, bytes)) return false;
  element = ValueView(sdk::as_bytes(bytes));
  return true;
}

bool ValueView::next_entry(std::span<const std::uint8_t>& rest, std::string_view& key, ValueView& value) {
  std::string_view bytes;
  if (!sdk::next_bytes(rest, otlp::KeyValueList::kValues, bytes)) return false;
  key = sdk::last_bytes(sdk::as_bytes(bytes), otlp::KeyValue::kKey);
  value = ValueView(sdk::as_bytes(sdk::last_bytes(sdk::as_bytes(bytes), otlp::KeyValue::kValue)));
  return true;
}

std::string ValueView::to_text() const {
  std::string text;
  switch (type()) {
    case AttributeValue::Type::kEmpty:
      break;
    case AttributeValue::Type::kString:
      text = as_string();
      break;
    case AttributeValue::Type::kBytes:
      base::append_base64(sdk::as_text(as_bytes()), text);
      break;
    case AttributeValue::Type::kDouble: {
      // Without the quotes that NaN and Infinity need inside JSON.
      const double value = as_double();
      if (std::isnan(value)) return "NaN";
      if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
      wire::append_json_double(value, text);
      break;
    }
    default:
      sdk::append_json(*this, 1, text);
  }
  return text;
}

AttributesView::Iterator::Iterator(std::span<const std::uint8_t> rest, std::uint32_t field)
    : rest_(rest), field_(field) {
  ++*this;
}

AttributesView::Iterator& AttributesView::Iterator::operator++() {
  std::string_view bytes;
  if (!sdk::next_bytes(rest_, field_, bytes)) {
    done_ = true;
    return *this;
  }
  current_.key = sdk::last_bytes(sdk::as_bytes(bytes), otlp::KeyValue::kKey);
  current_.value = ValueView(sdk::as_bytes(sdk::last_bytes(sdk::as_bytes(bytes), otlp::KeyValue::kValue)));
  return *this;
}

std::size_t AttributesView::size() const {
  std::size_t count = 0;
  std::span<const std::uint8_t> rest = message_;
  std::string_view bytes;
  while (sdk::next_bytes(rest, field_, bytes)) ++count;
  return count;
}

ValueView AttributesView::operator[](std::string_view key) const {
  for (const AttributeView& attribute : *this) {
    if (attribute.key == key) return attribute.value;
  }
  return ValueView();
}

bool AttributesView::contains(std::string_view key) const {
  for (const AttributeView& attribute : *this) {
    if (attribute.key == key) return true;
  }
  return false;
}

}  // namespace v0
}  // namespace nanospan
