// Encoding, decoding and text of values. Any thread.
#include "gateway/processors/any_value.h"

#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

#include "base/base64.h"
#include "gateway/config/units.h"
#include "wire/json_text.h"
#include "wire/otlp_fields.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nanospan::gateway {
namespace {

namespace otlp = wire::otlp;
using wire::WireType;

std::string any_message(std::uint32_t field, std::string_view content) {
  std::string out;
  wire::Appender(out).bytes_field(field, content);
  return out;
}

/// Go's encoding/json form of a double: shortest, with an exponent outside of 1e-6 .. 1e21.
std::string text_of(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  const double size = std::fabs(number);
  const bool exponent = size != 0 && (size < 1e-6 || size >= 1e21);
  std::array<char, 64> text{};
  const auto [end, failed] = std::to_chars(text.data(), text.data() + text.size(), number,
                                           exponent ? std::chars_format::scientific : std::chars_format::fixed);
  static_cast<void>(failed);  // 64 characters hold the longest shortest form.
  std::string out(text.data(), end);
  if (const std::size_t e = out.find("e-0"); e != out.npos) out.erase(e + 2, 1);
  return out;
}

}  // namespace

AnyScalar read_any(std::string_view any) {
  AnyScalar out;
  for (wire::Reader value(any); value.next();) {  // Of a oneof the last one counts.
    switch (value.field()) {
      case otlp::AnyValue::kStringValue:
        out = {AnyKind::kString, value.bytes(), 0, 0};
        break;
      case otlp::AnyValue::kBytesValue:
        out = {AnyKind::kBytes, value.bytes(), 0, 0};
        break;
      case otlp::AnyValue::kBoolValue:
        out = {AnyKind::kBool, {}, value.varint() != 0 ? 1 : 0, 0};
        break;
      case otlp::AnyValue::kIntValue:
        out = {AnyKind::kInt, {}, static_cast<std::int64_t>(value.varint()), 0};
        break;
      case otlp::AnyValue::kDoubleValue:
        out = {AnyKind::kDouble, {}, 0, value.fixed_double()};
        break;
      case otlp::AnyValue::kArrayValue:
        out = {AnyKind::kList, value.bytes(), 0, 0};
        break;
      case otlp::AnyValue::kKvlistValue:
        out = {AnyKind::kMap, value.bytes(), 0, 0};
        break;
      default:
        break;
    }
  }
  return out;
}

namespace {

bool append_any_json(std::string_view any, std::string& out);

bool append_list_json(std::string_view list, std::string& out) {
  out += '[';
  bool first = true;
  for (wire::Reader values(list); values.next();) {
    if (values.field() != otlp::ArrayValue::kValues) continue;
    if (!std::exchange(first, false)) out += ',';
    if (!append_any_json(values.bytes(), out)) return false;
  }
  out += ']';
  return true;
}

bool append_map_json(std::string_view map, std::string& out) {
  std::map<std::string_view, std::string_view> by_key;  // Of a key that comes twice the last value counts.
  for (wire::Reader entries(map); entries.next();) {
    if (entries.field() != otlp::KeyValueList::kValues) continue;
    std::string_view key, value;
    for (wire::Reader entry = entries.message(); entry.next();) {
      if (entry.field() == otlp::KeyValue::kKey) key = entry.bytes();
      if (entry.field() == otlp::KeyValue::kValue) value = entry.bytes();
    }
    by_key[key] = value;
  }
  out += '{';
  bool first = true;
  for (const auto& [key, value] : by_key) {
    if (!std::exchange(first, false)) out += ',';
    wire::append_json_string(key, out);
    out += ':';
    if (!append_any_json(value, out)) return false;
  }
  out += '}';
  return true;
}

/// As Go's encoding/json writes what pcommon.Value.AsRaw gives. False: a number that JSON does not have.
bool append_any_json(std::string_view any, std::string& out) {
  const AnyScalar value = read_any(any);
  switch (value.kind) {
    case AnyKind::kEmpty:
      out += "null";
      return true;
    case AnyKind::kString:
      wire::append_json_string(value.text, out);
      return true;
    case AnyKind::kBytes:
      out += '"';
      base::append_base64(value.text, out);
      out += '"';
      return true;
    case AnyKind::kList:
      return append_list_json(value.text, out);
    case AnyKind::kMap:
      return append_map_json(value.text, out);
    case AnyKind::kDouble:
      if (!std::isfinite(value.real)) return false;
      [[fallthrough]];
    case AnyKind::kBool:
    case AnyKind::kInt:
      out += any_text(value).value_or("");
      return true;
  }
  return true;
}

}  // namespace

std::string any_string(std::string_view text) { return any_message(otlp::AnyValue::kStringValue, text); }

std::string any_int(std::int64_t number) {
  std::string out;
  wire::Appender(out).varint_field(otlp::AnyValue::kIntValue, static_cast<std::uint64_t>(number));
  return out;
}

std::string any_double(double number) {
  std::string out;
  wire::Appender(out).double_field(otlp::AnyValue::kDoubleValue, number);
  return out;
}

std::string any_of(const ConfigNode& node) {
  std::string content;
  switch (node.kind) {
    case ConfigNode::Kind::kNull:
      return {};
    case ConfigNode::Kind::kScalar: {
      if (node.is_quoted) return any_string(node.text);
      if (node.text == "true" || node.text == "false") {
        wire::Appender(content).varint_field(otlp::AnyValue::kBoolValue, node.text == "true" ? 1 : 0);
        return content;
      }
      if (const Result<std::int64_t> integer = parse_integer(node.text)) return any_int(*integer);
      double real = 0;
      const char* const end = node.text.data() + node.text.size();
      const auto [at, failed] = std::from_chars(node.text.data(), end, real);
      const bool is_number = failed == std::errc() && at == end && node.text.find_first_of("0123456789") == 0;
      return is_number ? any_double(real) : any_string(node.text);
    }
    case ConfigNode::Kind::kList:
      for (const ConfigNode& item : node.items)
        wire::Appender(content).bytes_field(otlp::ArrayValue::kValues, any_of(item));
      return any_message(otlp::AnyValue::kArrayValue, content);
    case ConfigNode::Kind::kMap:
      for (const ConfigNode::Entry& entry : node.entries) {
        std::string pair;
        wire::Appender(pair).bytes_field(otlp::KeyValue::kKey, entry.key);
        wire::Appender(pair).bytes_field(otlp::KeyValue::kValue, any_of(entry.value));
        wire::Appender(content).bytes_field(otlp::KeyValueList::kValues, pair);
      }
      return any_message(otlp::AnyValue::kKvlistValue, content);
  }
  return {};
}

std::optional<std::string> any_text(const AnyScalar& value) {
  switch (value.kind) {
    case AnyKind::kEmpty:
      return std::string();
    case AnyKind::kString:
      return std::string(value.text);
    case AnyKind::kBool:
      return std::string(value.number != 0 ? "true" : "false");
    case AnyKind::kInt:
      return std::to_string(value.number);
    case AnyKind::kDouble:
      return text_of(value.real);
    case AnyKind::kBytes:
    case AnyKind::kList:
    case AnyKind::kMap:
      break;
  }
  return std::nullopt;
}

std::string any_as_string(std::string_view any) {
  const AnyScalar value = read_any(any);
  if (std::optional<std::string> text = any_text(value)) return *std::move(text);
  std::string out;
  if (value.kind == AnyKind::kBytes) {
    base::append_base64(value.text, out);
  } else if (!append_any_json(any, out)) {
    out.clear();
  }
  return out;
}

}  // namespace nanospan::gateway
