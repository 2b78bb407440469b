// The messages that all signals share, and google.rpc's. Each signal has a file of its own.
#include "wire/otlp_schema.h"

#include "wire/otlp_schema_tables.h"

namespace nanospan::wire::schema {
namespace {

using enum FieldKind;

extern const MessageSchema kArrayValue, kKeyValueList, kEntityRef, kAny;

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
    list(otlp::EntityRef::kIdKeys, kString, "idKeys"),
    list(otlp::EntityRef::kDescriptionKeys, kString, "descriptionKeys"),
});
constexpr auto kResourceFields = by_number<4>({
    many(otlp::Resource::kAttributes, "attributes", kKeyValue),
    scalar(otlp::Resource::kDroppedAttributesCount, kUint32, "droppedAttributesCount"),
    many(otlp::Resource::kEntityRefs, "entityRefs", kEntityRef),
});

const MessageSchema kArrayValue{"opentelemetry.proto.common.v1.ArrayValue", kArrayValueFields};
const MessageSchema kKeyValueList{"opentelemetry.proto.common.v1.KeyValueList", kKeyValueListFields};
const MessageSchema kEntityRef{"opentelemetry.proto.common.v1.EntityRef", kEntityRefFields};

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
const MessageSchema kScope{"opentelemetry.proto.common.v1.InstrumentationScope", kScopeFields};
const MessageSchema kResource{"opentelemetry.proto.resource.v1.Resource", kResourceFields};
const MessageSchema kRpcStatus{"google.rpc.Status", kRpcStatusFields};

}  // namespace nanospan::wire::schema
