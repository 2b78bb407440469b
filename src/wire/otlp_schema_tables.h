// How the tables of otlp_schema_*.cc are written, and the messages that all signals share. For those files only.
//
// Constant data and constexpr functions; thread-safe.
#pragma once

#include <array>

#include "wire/otlp_schema.h"

namespace nanospan::wire::schema {

extern const MessageSchema kResource;
extern const MessageSchema kScope;

/// Lays the fields out by number, with gaps of kind kUnknown; slot 0 is always a gap (the number 0 is not legal).
template <std::size_t kCount>
constexpr std::array<FieldSchema, kCount> by_number(std::initializer_list<FieldSchema> fields) {
  std::array<FieldSchema, kCount> table{};
  // GCC 12 forgets the default of gaps that it keeps as one range until a field splits it.
  for (FieldSchema& gap : table) gap.wire_type = WireType::kEndGroup;
  for (const FieldSchema& field : fields) {
    table[field.number] = field;
    table[field.number].wire_type = field.is_packed() ? WireType::kBytes : wire_type_of(field.kind);
  }
  return table;
}

constexpr FieldSchema scalar(otlp::FieldNumber number, FieldKind kind, std::string_view name) {
  return {.number = number, .kind = kind, .json_name = name};
}
/// Written even where it is zero (proto3 "optional").
constexpr FieldSchema optional(otlp::FieldNumber number, FieldKind kind, std::string_view name) {
  return {.number = number, .kind = kind, .optional = true, .json_name = name};
}
/// A list of strings, or of numbers, which are packed.
constexpr FieldSchema list(otlp::FieldNumber number, FieldKind kind, std::string_view name) {
  return {.number = number, .kind = kind, .repeated = true, .json_name = name};
}
constexpr FieldSchema enumeration(otlp::FieldNumber number, std::string_view name, std::span<const EnumName> names) {
  return {.number = number, .kind = FieldKind::kEnum, .json_name = name, .enum_names = names};
}
constexpr FieldSchema one(otlp::FieldNumber number, std::string_view name, const MessageSchema& message) {
  return {.number = number, .kind = FieldKind::kMessage, .json_name = name, .message = &message};
}
constexpr FieldSchema many(otlp::FieldNumber number, std::string_view name, const MessageSchema& message,
                           Counted counted = Counted::kNothing) {
  return {.number = number,
          .kind = FieldKind::kMessage,
          .repeated = true,
          .counted = counted,
          .json_name = name,
          .message = &message};
}
constexpr FieldSchema choice(FieldSchema field) {
  field.in_oneof = true;
  return field;
}

}  // namespace nanospan::wire::schema
