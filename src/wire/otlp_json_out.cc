// A walk that the schema's tables steer; repeated fields that lie apart are written together. Pure.
#include "wire/otlp_json_out.h"

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "wire/json_text.h"
#include "wire/reader.h"
#include "wire/validate.h"

namespace nanospan::wire {
namespace {

constexpr std::size_t kFieldsMax = 32;  // Above every field number of a schema.

// The bytes that hold one field of a message: from its first occurrence to the end of its last, with others in between.
struct Occurrences {
  const char* begin;
  const char* end;
  std::size_t count;

  std::string_view bytes() const { return {begin, static_cast<std::size_t>(end - begin)}; }
};
using FieldOccurrences = std::array<Occurrences, kFieldsMax>;

void write_message(const MessageSchema& schema, std::string_view bytes, std::string& out);

void quote(std::string& out, auto write) {
  out += '"';
  write();
  out += '"';
}

// `raw`: the varint, or the bits of the fixed-width word.
void write_number(FieldKind kind, std::uint64_t raw, std::string& out) {
  const auto low = static_cast<std::uint32_t>(raw);
  switch (kind) {
    case FieldKind::kBool:
      out += raw != 0 ? "true" : "false";
      break;
    case FieldKind::kInt32:
    case FieldKind::kEnum:
      append_decimal(std::int64_t{static_cast<std::int32_t>(low)}, out);
      break;
    case FieldKind::kSint32:
      append_decimal(std::int64_t{unzigzag(low)}, out);
      break;
    case FieldKind::kUint32:
    case FieldKind::kFixed32:
      append_decimal(std::uint64_t{low}, out);
      break;
    case FieldKind::kInt64:
    case FieldKind::kSfixed64:
      quote(out, [&] { append_decimal(static_cast<std::int64_t>(raw), out); });
      break;
    case FieldKind::kUint64:
    case FieldKind::kFixed64:
      quote(out, [&] { append_decimal(raw, out); });
      break;
    case FieldKind::kDouble:
      append_json_double(std::bit_cast<double>(raw), out);
      break;
    default:
      break;
  }
}

void write_value(const FieldSchema& field, const Reader& at, std::string& out) {
  switch (field.kind) {
    case FieldKind::kString:
      append_json_string(at.bytes(), out);
      break;
    case FieldKind::kBytes:
      quote(out, [&] { base::append_base64(at.bytes(), out); });
      break;
    case FieldKind::kTraceId:
    case FieldKind::kSpanId:
      quote(out, [&] { append_hex(at.bytes(), out); });
      break;
    case FieldKind::kMessage:
      write_message(*field.message, at.bytes(), out);
      break;
    default:
      write_number(field.kind, at.number(), out);
      break;
  }
}

// REQUIRES: `packed` passed validate() as values of this kind.
void write_packed(FieldKind kind, std::string_view packed, const char*& separator, std::string& out) {
  const auto* at = reinterpret_cast<const std::uint8_t*>(packed.data());
  const auto* const end = at + packed.size();
  while (at != end) {
    std::uint64_t raw = 0;
    if (wire_type_of(kind) == WireType::kFixed64) {
      raw = get_fixed<std::uint64_t>(at);
      at += sizeof raw;
    } else if (wire_type_of(kind) == WireType::kFixed32) {
      raw = get_fixed<std::uint32_t>(at);
      at += sizeof(std::uint32_t);
    } else {
      at = get_varint(at, end, kVarintBytesMax, raw);
    }
    out += separator;
    separator = ",";
    write_number(kind, raw, out);
  }
}

void write_repeated(const FieldSchema& field, const Occurrences& found, std::string& out) {
  out += '[';
  const char* separator = "";
  Reader reader(found.bytes());
  while (reader.next()) {
    if (reader.field() != field.number) continue;
    if (field.is_packed() && reader.type() == WireType::kBytes) {
      write_packed(field.kind, reader.bytes(), separator, out);
      continue;
    }
    out += separator;
    separator = ",";
    write_value(field, reader, out);
  }
  out += ']';
}

// protobuf merges a message field that is there several times, which is to read the concatenation of their bytes.
void write_merged(const FieldSchema& field, const Occurrences& found, std::string& out) {
  std::string merged;
  Reader reader(found.bytes());
  while (reader.next()) {
    if (reader.field() == field.number) merged += reader.bytes();
  }
  write_message(*field.message, merged, out);
}

// Of a scalar only the last occurrence counts, of a oneof only the member that was set last.
FieldOccurrences find_fields(const MessageSchema& schema, std::string_view bytes) {
  FieldOccurrences found;  // Only as much of it is set as the schema has fields: most messages are small.
  std::fill_n(found.begin(), schema.by_number.size(), Occurrences{});
  std::uint32_t oneof_member = 0;
  Reader reader(bytes);
  while (reader.next()) {
    const FieldSchema& field = schema.field(reader.field());
    if (field.kind == FieldKind::kUnknown) continue;
    if (field.in_oneof && field.number != oneof_member) {
      found[oneof_member].count = 0;
      oneof_member = field.number;
    }
    Occurrences& occurrences = found[field.number];
    const bool all_count = field.repeated || field.kind == FieldKind::kMessage;
    if (occurrences.count++ == 0 || !all_count) occurrences.begin = reader.raw_field().data();
    occurrences.end = reader.raw_field().data() + reader.raw_field().size();
  }
  return found;
}

// REQUIRES: `bytes` passed validate() for this schema: no fault, bounded depth, valid UTF-8, the schema's wire types.
void write_message(const MessageSchema& schema, std::string_view bytes, std::string& out) {
  const FieldOccurrences found = find_fields(schema, bytes);
  out += '{';
  const char* separator = "\"";
  for (const FieldSchema& field : schema.by_number) {
    const Occurrences& occurrences = found[field.number];
    if (field.number == 0 || occurrences.count == 0) continue;
    out += separator;
    separator = ",\"";
    out += field.json_name;
    out += "\":";
    if (field.repeated) {
      write_repeated(field, occurrences, out);
    } else if (field.kind == FieldKind::kMessage && occurrences.count > 1) {
      write_merged(field, occurrences, out);
    } else {
      Reader reader(occurrences.bytes());
      reader.next();
      write_value(field, reader, out);
    }
  }
  out += '}';
}

}  // namespace

Status append_json(const MessageSchema& schema, std::string_view bytes, std::string& out) {
  const WalkResult walked = validate(schema, bytes);
  if (!walked.ok()) return malformed(walked.fault);
  write_message(schema, bytes, out);
  return {};
}

}  // namespace nanospan::wire
