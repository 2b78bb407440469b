// opentelemetry.proto.logs.v1 and its collector service.
#include "wire/otlp_schema_tables.h"

namespace nanospan::wire::schema {
namespace {

using enum FieldKind;

extern const MessageSchema kResourceLogs, kScopeLogs, kLogRecord, kPartialSuccess;

constexpr std::array<EnumName, 25> kSeverityNames{{
    {"SEVERITY_NUMBER_UNSPECIFIED", 0}, {"SEVERITY_NUMBER_TRACE", 1},   {"SEVERITY_NUMBER_TRACE2", 2},
    {"SEVERITY_NUMBER_TRACE3", 3},      {"SEVERITY_NUMBER_TRACE4", 4},  {"SEVERITY_NUMBER_DEBUG", 5},
    {"SEVERITY_NUMBER_DEBUG2", 6},      {"SEVERITY_NUMBER_DEBUG3", 7},  {"SEVERITY_NUMBER_DEBUG4", 8},
    {"SEVERITY_NUMBER_INFO", 9},        {"SEVERITY_NUMBER_INFO2", 10},  {"SEVERITY_NUMBER_INFO3", 11},
    {"SEVERITY_NUMBER_INFO4", 12},      {"SEVERITY_NUMBER_WARN", 13},   {"SEVERITY_NUMBER_WARN2", 14},
    {"SEVERITY_NUMBER_WARN3", 15},      {"SEVERITY_NUMBER_WARN4", 16},  {"SEVERITY_NUMBER_ERROR", 17},
    {"SEVERITY_NUMBER_ERROR2", 18},     {"SEVERITY_NUMBER_ERROR3", 19}, {"SEVERITY_NUMBER_ERROR4", 20},
    {"SEVERITY_NUMBER_FATAL", 21},      {"SEVERITY_NUMBER_FATAL2", 22}, {"SEVERITY_NUMBER_FATAL3", 23},
    {"SEVERITY_NUMBER_FATAL4", 24},
}};

constexpr auto kLogRecordFields = by_number<13>({
    scalar(otlp::LogRecord::kTimeUnixNano, kFixed64, "timeUnixNano"),
    enumeration(otlp::LogRecord::kSeverityNumber, "severityNumber", kSeverityNames),
    scalar(otlp::LogRecord::kSeverityText, kString, "severityText"),
    one(otlp::LogRecord::kBody, "body", kAnyValue),
    many(otlp::LogRecord::kAttributes, "attributes", kKeyValue),
    scalar(otlp::LogRecord::kDroppedAttributesCount, kUint32, "droppedAttributesCount"),
    scalar(otlp::LogRecord::kFlags, kFixed32, "flags"),
    scalar(otlp::LogRecord::kTraceId, kTraceId, "traceId"),
    scalar(otlp::LogRecord::kSpanId, kSpanId, "spanId"),
    scalar(otlp::LogRecord::kObservedTimeUnixNano, kFixed64, "observedTimeUnixNano"),
    scalar(otlp::LogRecord::kEventName, kString, "eventName"),
});
constexpr auto kScopeLogsFields = by_number<4>({
    one(otlp::ScopeLogs::kScope, "scope", kScope),
    many(otlp::ScopeLogs::kLogRecords, "logRecords", kLogRecord, Counted::kItems),
    scalar(otlp::ScopeLogs::kSchemaUrl, kString, "schemaUrl"),
});
constexpr auto kResourceLogsFields = by_number<4>({
    one(otlp::ResourceLogs::kResource, "resource", kResource),
    many(otlp::ResourceLogs::kScopeLogs, "scopeLogs", kScopeLogs, Counted::kScopes),
    scalar(otlp::ResourceLogs::kSchemaUrl, kString, "schemaUrl"),
});
constexpr auto kRequestFields = by_number<2>(
    {many(otlp::ExportLogsServiceRequest::kResourceLogs, "resourceLogs", kResourceLogs, Counted::kResources)});
constexpr auto kPartialSuccessFields = by_number<3>({
    scalar(otlp::ExportPartialSuccess::kRejected, kInt64, "rejectedLogRecords"),
    scalar(otlp::ExportPartialSuccess::kErrorMessage, kString, "errorMessage"),
});
constexpr auto kResponseFields =
    by_number<2>({one(otlp::ExportServiceResponse::kPartialSuccess, "partialSuccess", kPartialSuccess)});

const MessageSchema kLogRecord{"opentelemetry.proto.logs.v1.LogRecord", kLogRecordFields};
const MessageSchema kScopeLogs{"opentelemetry.proto.logs.v1.ScopeLogs", kScopeLogsFields};
const MessageSchema kResourceLogs{"opentelemetry.proto.logs.v1.ResourceLogs", kResourceLogsFields};
const MessageSchema kPartialSuccess{"opentelemetry.proto.collector.logs.v1.ExportLogsPartialSuccess",
                                    kPartialSuccessFields};

}  // namespace

const MessageSchema kExportLogsServiceRequest{"opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest",
                                              kRequestFields};
const MessageSchema kExportLogsServiceResponse{"opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse",
                                               kResponseFields};

}  // namespace nanospan::wire::schema
