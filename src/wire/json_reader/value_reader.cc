// Each value first in the form that nearly all have, then in any that protobuf's JSON mapping allows. Threads: see the
// header.
#include "wire/json_reader/value_reader.h"

#include <bit>
#include <cstring>
#include <optional>

#include "base/base64.h"
#include "wire/json_reader/json_scalars.h"
#include "wire/writer.h"

namespace nanospan::wire {
namespace {

struct IntegerType {
  bool is_signed;
  bool is_64_bits;
  std::uint64_t max() const {
    return is_signed ? (is_64_bits ? INT64_MAX : INT32_MAX) : (is_64_bits ? UINT64_MAX : UINT32_MAX);
  }
};

IntegerType integer_type_of(FieldKind kind) {
  const bool is_64_bits =
      wire_type_of(kind) == WireType::kFixed64 || kind == FieldKind::kInt64 || kind == FieldKind::kUint64;
  const bool is_unsigned = kind == FieldKind::kFixed64 || kind == FieldKind::kUint64 || kind == FieldKind::kUint32 ||
                           kind == FieldKind::kFixed32;
  return {!is_unsigned, is_64_bits};
}

}  // namespace

bool ValueReader::read_bool(const FieldSchema& field, char first) {
  if (first != 't' && first != 'f') return cursor_.fail("must be true or false");
  if (!cursor_.word(first == 't' ? "true" : "false")) return false;
  out_.put_number(field, first == 't' ? 1 : 0);
  return true;
}

bool ValueReader::read_enum(const FieldSchema& field, char first) {
  if (first != '"') return read_integer(field, first);
  const char* const start = cursor_.at();
  std::string_view name;
  if (!read_text('"', name)) return false;
  for (const EnumName& known : field.enum_names) {
    if (known.name != name) continue;
    out_.put_number(field, static_cast<std::uint64_t>(std::int64_t{known.value}));
    return true;
  }
  return cursor_.fail_at(start, "is not a name of this enum");
}

bool ValueReader::read_integer(const FieldSchema& field, char first) {
  if (read_plain_integer(field, first == '"')) return true;
  const char* const start = cursor_.at();
  std::string_view text;
  if (!read_number_text(first, text)) return false;
  const IntegerType type = integer_type_of(field.kind);
  if (!type.is_signed) {
    const std::optional<std::uint64_t> number = parse_uint64(text);
    if (!number || *number > type.max()) {
      return cursor_.fail_at(start, "must be a whole number in the range of its unsigned type");
    }
    out_.put_number(field, *number);
    return true;
  }
  const std::optional<std::int64_t> number = parse_int64(text);
  if (!number || (!type.is_64_bits && (*number < INT32_MIN || *number > INT32_MAX))) {
    return cursor_.fail_at(start, "must be a whole number in the range of its signed type");
  }
  out_.put_number(field, field.kind == FieldKind::kSint32 ? zigzag(static_cast<std::int32_t>(*number))
                                                          : static_cast<std::uint64_t>(*number));
  return true;
}

// Digits alone, in quotes or before what ends a value. False: nothing was read.
bool ValueReader::read_plain_integer(const FieldSchema& field, bool quoted) {
  if (cursor_.left() < kDigitsLook + 2) return false;
  std::uint64_t value = 0;
  const char* const end = read_digits(cursor_.at() + quoted, value);
  if (end == nullptr || value > integer_type_of(field.kind).max()) return false;
  if (quoted ? *end != '"' : *end != ',' && *end != '}' && *end != ']') return false;
  cursor_.go_to(end + quoted);
  out_.put_number(field, field.kind == FieldKind::kSint32 ? zigzag(static_cast<std::int32_t>(value)) : value);
  return true;
}

bool ValueReader::read_double(const FieldSchema& field, char first) {
  const char* const start = cursor_.at();
  std::string_view text;
  if (!read_number_text(first, text)) return false;
  const std::optional<double> number = parse_double(text);
  if (!number) return cursor_.fail_at(start, "must be a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
  out_.put_number(field, std::bit_cast<std::uint64_t>(*number));
  return true;
}

// The text of a number, or of a string that should hold one.
bool ValueReader::read_number_text(char first, std::string_view& text) {
  if (first == '"') return read_text(first, text);
  text = cursor_.number();
  return !text.empty() || cursor_.fail("must be a number");
}

bool ValueReader::read_string(const FieldSchema& field, char first) {
  const char* const start = cursor_.at();
  JsonString text;
  if (first != '"') return cursor_.fail("must be a string");
  if (!cursor_.string(text)) return false;
  if (text.escaped) return read_escaped_string(field, text.raw, start);
  out_.put_text(field, text.raw, cursor_.left() >= MessageWriter::kCopyStep);
  return true;
}

// Written where it would stand with the longest header, and moved to behind its own.
bool ValueReader::read_escaped_string(const FieldSchema& field, std::string_view raw, const char* start) {
  std::uint8_t* const to = out_.room(kTagBytesMax + kLengthBytesMax + raw.size());
  std::uint8_t* const unescaped = to + kTagBytesMax + kLengthBytesMax;
  const std::uint8_t* const end = put_unescaped(unescaped, raw);
  if (end == nullptr) return cursor_.fail_at(start, JsonCursor::kNotACharacter);
  const auto length = static_cast<std::size_t>(end - unescaped);
  std::uint8_t* const content = put_message_header(to, field.number, length);
  std::memmove(content, unescaped, length);
  out_.wrote_to(content + length);
  return true;
}

bool ValueReader::read_bytes(const FieldSchema& field, char first) {
  const char* const start = cursor_.at();
  std::string_view text;
  if (!read_text(first, text)) return false;
  decoded_.clear();
  if (!base::append_from_base64(text, decoded_, base::Base64Alphabet::kStandardOrUrl)) {
    return cursor_.fail_at(start, "must be base64");
  }
  out_.put_text(field, decoded_, false);
  return true;
}

bool ValueReader::read_id(const FieldSchema& field, char first, std::size_t size) {
  const char* const start = cursor_.at();
  const std::size_t digits = 2 * size;
  std::uint8_t* const to = out_.room(bytes_field_size(field.number, size));
  if (cursor_.left() >= digits + 2 && first == '"' && start[digits + 1] == '"') {
    std::uint8_t* const end = put_from_hex(put_message_header(to, field.number, size), {start + 1, digits});
    if (end != nullptr) {
      cursor_.go_to(start + digits + 2);
      out_.wrote_to(end);
      return true;
    }
  }
  std::string_view text;
  if (!read_text(first, text)) return false;
  if (text.empty()) return true;
  const bool right_size = text.size() == digits;
  std::uint8_t* const end = right_size ? put_from_hex(put_message_header(to, field.number, size), text) : nullptr;
  if (end == nullptr) {
    return cursor_.fail_at(start, size == otlp::kTraceIdBytes ? "must be 32 hex digits" : "must be 16 hex digits");
  }
  out_.wrote_to(end);
  return true;
}

// A string's text: where it stands if nothing in it is escaped, else in memory that is kept for it.
bool ValueReader::read_text(char first, std::string_view& text) {
  if (first != '"') return cursor_.fail("must be a string");
  const char* const start = cursor_.at();
  JsonString string;
  if (!cursor_.string(string)) return false;
  text = string.raw;
  if (!string.escaped) return true;
  unescaped_.resize(string.raw.size());
  auto* const to = reinterpret_cast<std::uint8_t*>(unescaped_.data());
  const std::uint8_t* const end = put_unescaped(to, string.raw);
  if (end == nullptr) return cursor_.fail_at(start, JsonCursor::kNotACharacter);
  text = std::string_view(unescaped_).substr(0, static_cast<std::size_t>(end - to));
  return true;
}

}  // namespace nanospan::wire
