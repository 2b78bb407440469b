#include "wire/otlp_schema.h"

#include <array>

namespace nanospan::wire::schema {
namespace {

using enum FieldKind;

// Lays the fields out by number, with gaps of kind kUnknown; slot 0 is always a gap (the number 0 is not legal).
template <std::size_t kCount>
constexpr std::array<FieldSchema, kCount> by_number(std::initializer_list<FieldSchema> fields) {
  std::array<FieldSchema, kCount> table{};
  for (const FieldSchema& field : fields) {
    table[field.number] = field;
    table[field.number].wire_type = wire_type_of(field.kind);
  }
  return table;
}

constexpr FieldSchema scalar(otlp::FieldNumber number, FieldKind kind, std::string_view name) {
  return {.number = number, .kind = kind, .json_name = name};
}
constexpr FieldSchema strings(otlp::FieldNumber number, std::string_view name) {
  return {.number = number, .kind = kString, .repeated = true, .json_name = name};
}
constexpr FieldSchema enumeration(otlp::FieldNumber number, std::string_view name, std::span<const EnumName> names) {
  return {.number = number, .kind = kEnum, .json_name = name, .enum_names = names};
}
constexpr FieldSchema one(otlp::FieldNumber number, std::string_view name, const MessageSchema& message) {
  return {.number = number, .kind = kMessage, .json_name = name, .message = &message};
}
constexpr FieldSchema many(otlp::FieldNumber number, std::string_view name, const MessageSchema& message,
                           Counted counted = Counted::kNothing) {
  return {
      .number = number, .kind = kMessage, .repeated = true, .counted = counted, .json_name = name, .message = &message};
}
constexpr FieldSchema choice(FieldSchema field) {
  field.in_oneof = true;
  return field;
}

extern const MessageSchema kArrayValue, kKeyValueList, kResource, kScope, kEntityRef, kResourceSpans, kScopeSpans,
    kSpan, kEvent, kLink, kStatus, kPartialSuccess, kAny;

// ---- common and resource -------------------------------------------------------------------------------------------

constexpr auto kAnyValueFields = by_number<9>({
    choice(scalar(otlp::AnyValue::kStringValue, kString, "stringValue")),
    choice(scalar(otlp::AnyValue::kBoolValue, kBool, "boolValue")),
    choice(scalar(otlp::AnyValue::kIntValue, kInt64, "intValue")),
    choice(scalar(otlp::AnyValue::kDoubleValue, kDouble, "doubleValue")),
    choice(one(otlp::AnyValue::kArrayValue, "arrayValue", kArrayValue)),
    choice(one(otlp::AnyValue::kKvlistValue, "kvlistValue", kKeyValueList)),
    choice(scalar(otlp::AnyValue::kBytesValue, kBytes, "bytesValue")),
    choice(scalar(otlp::AnyValue::kStringValueStrindex, kInt32, "stringValueStrindex")),
});
constexpr auto kArrayValueFields = by_number<2>({many(otlp::ArrayValue::kValues, "values", kAnyValue)});
constexpr auto kKeyValueListFields = by_number<2>({many(otlp::KeyValueList::kValues, "values", kKeyValue)});
constexpr auto kKeyValueFields = by_number<4>({
    scalar(otlp::KeyValue::kKey, kString, "key"),
    one(otlp::KeyValue::kValue, "value", kAnyValue),
    scalar(otlp::KeyValue::kKeyStrindex, kInt32, "keyStrindex"),
});
constexpr auto kScopeFields = by_number<5>({
    scalar(otlp::InstrumentationScope::kName, kString, "name"),
    scalar(otlp::InstrumentationScope::kVersion, kString, "version"),
    many(otlp::InstrumentationScope::kAttributes, "attributes", kKeyValue),
    scalar(otlp::InstrumentationScope::kDroppedAttributesCount, kUint32, "droppedAttributesCount"),
});
constexpr auto kEntityRefFields = by_number<5>({
    scalar(otlp::EntityRef::kSchemaUrl, kString, "schemaUrl"),
    scalar(otlp::EntityRef::kType, kString, "type"),
    strings(otlp::EntityRef::kIdKeys, "idKeys"),
    strings(otlp::EntityRef::kDescriptionKeys, "descriptionKeys"),
});
constexpr auto kResourceFields = by_number<4>({
    many(otlp::Resource::kAttributes, "attributes", kKeyValue),
    scalar(otlp::Resource::kDroppedAttributesCount, kUint32, "droppedAttributesCount"),
    many(otlp::Resource::kEntityRefs, "entityRefs", kEntityRef),
});

const MessageSchema kArrayValue{"opentelemetry.proto.common.v1.ArrayValue", kArrayValueFields};
const MessageSchema kKeyValueList{"opentelemetry.proto.common.v1.KeyValueList", kKeyValueListFields};
const MessageSchema kScope{"opentelemetry.proto.common.v1.InstrumentationScope", kScopeFields};
const MessageSchema kEntityRef{"opentelemetry.proto.common.v1.EntityRef", kEntityRefFields};
const MessageSchema kResource{"opentelemetry.proto.resource.v1.Resource", kResourceFields};

// ---- trace ---------------------------------------------------------------------------------------------------------

constexpr std::array<EnumName, 6> kSpanKindNames{{{"SPAN_KIND_UNSPECIFIED", 0},
                                                  {"SPAN_KIND_INTERNAL", 1},
                                                  {"SPAN_KIND_SERVER", 2},
                                                  {"SPAN_KIND_CLIENT", 3},
                                                  {"SPAN_KIND_PRODUCER", 4},
                                                  {"SPAN_KIND_CONSUMER", 5}}};
constexpr std::array<EnumName, 3> kStatusCodeNames{
    {{"STATUS_CODE_UNSET", 0}, {"STATUS_CODE_OK", 1}, {"STATUS_CODE_ERROR", 2}}};

constexpr auto kStatusFields = by_number<4>({
    scalar(otlp::SpanStatus::kMessage, kString, "message"),
    enumeration(otlp::SpanStatus::kCode, "code", kStatusCodeNames),
});
constexpr auto kEventFields = by_number<5>({
    scalar(otlp::SpanEvent::kTimeUnixNano, kFixed64, "timeUnixNano"),
    scalar(otlp::SpanEvent::kName, kString, "name"),
    many(otlp::SpanEvent::kAttributes, "attributes", kKeyValue),
    scalar(otlp::SpanEvent::kDroppedAttributesCount, kUint32, "droppedAttributesCount"),
});
constexpr auto kLinkFields = by_number<7>({
    scalar(otlp::SpanLink::kTraceId, kTraceId, "traceId"),
    scalar(otlp::SpanLink::kSpanId, kSpanId, "spanId"),
    scalar(otlp::SpanLink::kTraceState, kString, "traceState"),
    many(otlp::SpanLink::kAttributes, "attributes", kKeyValue),
    scalar(otlp::SpanLink::kDroppedAttributesCount, kUint32, "droppedAttributesCount"),
    scalar(otlp::SpanLink::kFlags, kFixed32, "flags"),
});
constexpr auto kSpanFields = by_number<17>({
    scalar(otlp::Span::kTraceId, kTraceId, "traceId"),
    scalar(otlp::Span::kSpanId, kSpanId, "spanId"),
    scalar(otlp::Span::kTraceState, kString, "traceState"),
    scalar(otlp::Span::kParentSpanId, kSpanId, "parentSpanId"),
    scalar(otlp::Span::kName, kString, "name"),
    enumeration(otlp::Span::kKind, "kind", kSpanKindNames),
    scalar(otlp::Span::kStartTimeUnixNano, kFixed64, "startTimeUnixNano"),
    scalar(otlp::Span::kEndTimeUnixNano, kFixed64, "endTimeUnixNano"),
    many(otlp::Span::kAttributes, "attributes", kKeyValue),
    scalar(otlp::Span::kDroppedAttributesCount, kUint32, "droppedAttributesCount"),
    many(otlp::Span::kEvents, "events", kEvent),
    scalar(otlp::Span::kDroppedEventsCount, kUint32, "droppedEventsCount"),
    many(otlp::Span::kLinks, "links", kLink),
    scalar(otlp::Span::kDroppedLinksCount, kUint32, "droppedLinksCount"),
    one(otlp::Span::kStatus, "status", kStatus),
    scalar(otlp::Span::kFlags, kFixed32, "flags"),
});
constexpr auto kScopeSpansFields = by_number<4>({
    one(otlp::ScopeSpans::kScope, "scope", kScope),
    many(otlp::ScopeSpans::kSpans, "spans", kSpan, Counted::kItems),
    scalar(otlp::ScopeSpans::kSchemaUrl, kString, "schemaUrl"),
});
constexpr auto kResourceSpansFields = by_number<4>({
    one(otlp::ResourceSpans::kResource, "resource", kResource),
    many(otlp::ResourceSpans::kScopeSpans, "scopeSpans", kScopeSpans, Counted::kScopes),
    scalar(otlp::ResourceSpans::kSchemaUrl, kString, "schemaUrl"),
});
constexpr auto kRequestFields = by_number<2>(
    {many(otlp::ExportTraceServiceRequest::kResourceSpans, "resourceSpans", kResourceSpans, Counted::kResources)});
constexpr auto kPartialSuccessFields = by_number<3>({
    scalar(otlp::ExportTracePartialSuccess::kRejectedSpans, kInt64, "rejectedSpans"),
    scalar(otlp::ExportTracePartialSuccess::kErrorMessage, kString, "errorMessage"),
});
constexpr auto kResponseFields =
    by_number<2>({one(otlp::ExportTraceServiceResponse::kPartialSuccess, "partialSuccess", kPartialSuccess)});

const MessageSchema kStatus{"opentelemetry.proto.trace.v1.Status", kStatusFields};
const MessageSchema kEvent{"opentelemetry.proto.trace.v1.Span.Event", kEventFields};
const MessageSchema kLink{"opentelemetry.proto.trace.v1.Span.Link", kLinkFields};
const MessageSchema kSpan{"opentelemetry.proto.trace.v1.Span", kSpanFields};
const MessageSchema kScopeSpans{"opentelemetry.proto.trace.v1.ScopeSpans", kScopeSpansFields};
const MessageSchema kResourceSpans{"opentelemetry.proto.trace.v1.ResourceSpans", kResourceSpansFields};
const MessageSchema kPartialSuccess{"opentelemetry.proto.collector.trace.v1.ExportTracePartialSuccess",
                                    kPartialSuccessFields};

// ---- google.rpc ----------------------------------------------------------------------------------------------------

constexpr auto kAnyFields = by_number<3>({
    scalar(otlp::Any::kTypeUrl, kString, "typeUrl"),
    scalar(otlp::Any::kValue, kBytes, "value"),
});
constexpr auto kRpcStatusFields = by_number<4>({
    scalar(otlp::RpcStatus::kCode, kInt32, "code"),
    scalar(otlp::RpcStatus::kMessage, kString, "message"),
    many(otlp::RpcStatus::kDetails, "details", kAny),
});

const MessageSchema kAny{"google.protobuf.Any", kAnyFields};

}  // namespace

const MessageSchema kAnyValue{"opentelemetry.proto.common.v1.AnyValue", kAnyValueFields};
const MessageSchema kKeyValue{"opentelemetry.proto.common.v1.KeyValue", kKeyValueFields};
const MessageSchema kExportTraceServiceRequest{"opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest",
                                               kRequestFields};
const MessageSchema kExportTraceServiceResponse{"opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse",
                                                kResponseFields};
const MessageSchema kRpcStatus{"google.rpc.Status", kRpcStatusFields};

}  // namespace nanospan::wire::schema
