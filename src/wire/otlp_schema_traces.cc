// opentelemetry.proto.trace.v1 and its collector service.
#include "wire/otlp_schema_tables.h"

namespace nanospan::wire::schema {
namespace {

using enum FieldKind;

extern const MessageSchema kResourceSpans, kScopeSpans, kSpan, kEvent, kLink, kStatus, kPartialSuccess;

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
    scalar(otlp::ExportPartialSuccess::kRejected, kInt64, "rejectedSpans"),
    scalar(otlp::ExportPartialSuccess::kErrorMessage, kString, "errorMessage"),
});
constexpr auto kResponseFields =
    by_number<2>({one(otlp::ExportServiceResponse::kPartialSuccess, "partialSuccess", kPartialSuccess)});

const MessageSchema kStatus{"opentelemetry.proto.trace.v1.Status", kStatusFields};
const MessageSchema kEvent{"opentelemetry.proto.trace.v1.Span.Event", kEventFields};
const MessageSchema kLink{"opentelemetry.proto.trace.v1.Span.Link", kLinkFields};
const MessageSchema kSpan{"opentelemetry.proto.trace.v1.Span", kSpanFields};
const MessageSchema kScopeSpans{"opentelemetry.proto.trace.v1.ScopeSpans", kScopeSpansFields};
const MessageSchema kResourceSpans{"opentelemetry.proto.trace.v1.ResourceSpans", kResourceSpansFields};
const MessageSchema kPartialSuccess{"opentelemetry.proto.collector.trace.v1.ExportTracePartialSuccess",
                                    kPartialSuccessFields};

}  // namespace

const MessageSchema kExportTraceServiceRequest{"opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest",
                                               kRequestFields};
const MessageSchema kExportTraceServiceResponse{"opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse",
                                                kResponseFields};

}  // namespace nanospan::wire::schema
