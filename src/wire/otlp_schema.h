// OTLP's messages as tables: for each field its number, kind, JSON name and message. One table drives the validating
// walk and both JSON directions, so another signal is another table (otlp_schema_*.cc). tests/golden compares them with
// the official descriptors.
//
// Constant data, initialised at compile time; thread-safe.
#pragma once

#include <span>
#include <string_view>

#include "wire/otlp_fields.h"
#include "wire/varint.h"

namespace nanospan::wire {

struct MessageSchema;

/// What a field's payload means. kTraceId and kSpanId are bytes of exactly 16 / 8 (or none), hex in JSON.
enum class FieldKind : std::uint8_t {
  kUnknown,
  kBool,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
  kSint32,
  kEnum,
  kFixed32,
  kFixed64,
  kSfixed64,
  kDouble,
  kString,
  kBytes,
  kTraceId,
  kSpanId,
  kMessage
};

/// The wire type in which one value of a kind travels. REQUIRES: kind != kUnknown.
constexpr WireType wire_type_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::kFixed32:
      return WireType::kFixed32;
    case FieldKind::kFixed64:
    case FieldKind::kSfixed64:
    case FieldKind::kDouble:
      return WireType::kFixed64;
    case FieldKind::kString:
    case FieldKind::kBytes:
    case FieldKind::kTraceId:
    case FieldKind::kSpanId:
    case FieldKind::kMessage:
      return WireType::kBytes;
    default:
      return WireType::kVarint;
  }
}

/// Which counter of a walk an element adds to.
enum class Counted : std::uint8_t { kNothing, kResources, kScopes, kItems };

/// A name of an enum's value, as protobuf JSON writes it.
struct EnumName {
  std::string_view name;
  std::int32_t value;
};

struct FieldSchema {
  std::uint16_t number = 0;  ///< 0 in the gaps of a table.
  FieldKind kind = FieldKind::kUnknown;
  WireType wire_type = WireType::kEndGroup;  ///< As senders write it; in gaps one that no legal field has.
  bool repeated = false;
  bool optional = false;  ///< proto3 "optional": zero is not the same as absent.
  bool in_oneof = false;  ///< Of the one oneof that a message of OTLP has at most.
  Counted counted = Counted::kNothing;
  std::string_view json_name = {};
  const MessageSchema* message = nullptr;     ///< Of kMessage.
  std::span<const EnumName> enum_names = {};  ///< Of kEnum.

  /// A list of numbers: values one after the other in one bytes field. A reader must also take each in a field of its
  /// own (protobuf: "Repeated Fields", packed).
  constexpr bool is_packed() const { return repeated && wire_type_of(kind) != WireType::kBytes; }
};

struct MessageSchema {
  std::string_view full_name;
  std::span<const FieldSchema> by_number;  ///< Index = field number.

  /// The field, or one of kind kUnknown.
  const FieldSchema& field(std::uint32_t number) const { return by_number[number < by_number.size() ? number : 0]; }
};

namespace schema {
extern const MessageSchema kExportTraceServiceRequest;
extern const MessageSchema kExportTraceServiceResponse;
extern const MessageSchema kExportMetricsServiceRequest;
extern const MessageSchema kExportMetricsServiceResponse;
extern const MessageSchema kExportLogsServiceRequest;
extern const MessageSchema kExportLogsServiceResponse;
extern const MessageSchema kExportProfilesServiceRequest;  ///< Only what is counted: not for JSON.
extern const MessageSchema kExportProfilesServiceResponse;
extern const MessageSchema kRpcStatus;
extern const MessageSchema kKeyValue;
extern const MessageSchema kAnyValue;
}  // namespace schema

}  // namespace nanospan::wire
