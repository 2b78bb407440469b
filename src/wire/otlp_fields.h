// The field numbers of OTLP, once: one struct a message, one constant a field. Everything that writes or reads OTLP
// uses these; tests/golden checks every one against the official descriptors.
//
// Source of truth: opentelemetry-proto 1.10 (trace, metrics, logs, profiles, common, resource, collector) and
// google/rpc/status.proto. A number, once published there, never changes (but for profiles, which are in development).
#pragma once

#include <cstddef>
#include <cstdint>

namespace nanospan::wire::otlp {

using FieldNumber = std::uint16_t;

// ---- opentelemetry.proto.collector ---------------------------------------------------------------------------------

struct ExportTraceServiceRequest {  // The same bytes as opentelemetry.proto.trace.v1.TracesData; so for each signal.
  static constexpr FieldNumber kResourceSpans = 1;
};
struct ExportMetricsServiceRequest {
  static constexpr FieldNumber kResourceMetrics = 1;
};
struct ExportLogsServiceRequest {
  static constexpr FieldNumber kResourceLogs = 1;
};
struct ExportProfilesServiceRequest {
  static constexpr FieldNumber kResourceProfiles = 1, kDictionary = 2;
};
/// Export{Trace,Metrics,Logs,Profiles}ServiceResponse; they differ in names only.
struct ExportServiceResponse {
  static constexpr FieldNumber kPartialSuccess = 1;
};
struct ExportPartialSuccess {
  static constexpr FieldNumber kRejected = 1, kErrorMessage = 2;
};

// ---- opentelemetry.proto.trace.v1 ----------------------------------------------------------------------------------

struct ResourceSpans {
  static constexpr FieldNumber kResource = 1, kScopeSpans = 2, kSchemaUrl = 3;
};
struct ScopeSpans {
  static constexpr FieldNumber kScope = 1, kSpans = 2, kSchemaUrl = 3;
};
struct Span {
  static constexpr FieldNumber kTraceId = 1, kSpanId = 2, kTraceState = 3, kParentSpanId = 4, kName = 5, kKind = 6,
                               kStartTimeUnixNano = 7, kEndTimeUnixNano = 8, kAttributes = 9,
                               kDroppedAttributesCount = 10, kEvents = 11, kDroppedEventsCount = 12, kLinks = 13,
                               kDroppedLinksCount = 14, kStatus = 15, kFlags = 16;
};
struct SpanEvent {
  static constexpr FieldNumber kTimeUnixNano = 1, kName = 2, kAttributes = 3, kDroppedAttributesCount = 4;
};
struct SpanLink {
  static constexpr FieldNumber kTraceId = 1, kSpanId = 2, kTraceState = 3, kAttributes = 4, kDroppedAttributesCount = 5,
                               kFlags = 6;
};
struct SpanStatus {
  static constexpr FieldNumber kMessage = 2, kCode = 3;
};

/// Span.kind.
enum class SpanKind : std::uint32_t {
  kUnspecified = 0,
  kInternal = 1,
  kServer = 2,
  kClient = 3,
  kProducer = 4,
  kConsumer = 5
};
/// Status.code.
enum class StatusCode : std::uint32_t { kUnset = 0, kOk = 1, kError = 2 };

/// Bits of Span.flags and Link.flags above the W3C trace flags: whether is_remote is known, and its value (of the
/// parent for a span, of the linked context for a link).
inline constexpr std::uint32_t kFlagsTraceMask = 0xFF;
inline constexpr std::uint32_t kFlagsHasIsRemote = 0x100;
inline constexpr std::uint32_t kFlagsIsRemote = 0x200;

inline constexpr std::size_t kTraceIdBytes = 16;
inline constexpr std::size_t kSpanIdBytes = 8;

// ---- opentelemetry.proto.metrics.v1 --------------------------------------------------------------------------------

struct ResourceMetrics {
  static constexpr FieldNumber kResource = 1, kScopeMetrics = 2, kSchemaUrl = 3;
};
struct ScopeMetrics {
  static constexpr FieldNumber kScope = 1, kMetrics = 2, kSchemaUrl = 3;
};
struct Metric {
  static constexpr FieldNumber kName = 1, kDescription = 2, kUnit = 3, kGauge = 5, kSum = 7, kHistogram = 9,
                               kExponentialHistogram = 10, kSummary = 11, kMetadata = 12;
};
/// Gauge, Sum, Histogram, ExponentialHistogram, Summary: each has some of these.
struct MetricData {
  static constexpr FieldNumber kDataPoints = 1, kAggregationTemporality = 2, kIsMonotonic = 3;
};
struct NumberDataPoint {
  static constexpr FieldNumber kStartTimeUnixNano = 2, kTimeUnixNano = 3, kAsDouble = 4, kExemplars = 5, kAsInt = 6,
                               kAttributes = 7, kFlags = 8;
};
struct HistogramDataPoint {
  static constexpr FieldNumber kStartTimeUnixNano = 2, kTimeUnixNano = 3, kCount = 4, kSum = 5, kBucketCounts = 6,
                               kExplicitBounds = 7, kExemplars = 8, kAttributes = 9, kFlags = 10, kMin = 11, kMax = 12;
};
struct ExponentialHistogramDataPoint {
  static constexpr FieldNumber kAttributes = 1, kStartTimeUnixNano = 2, kTimeUnixNano = 3, kCount = 4, kSum = 5,
                               kScale = 6, kZeroCount = 7, kPositive = 8, kNegative = 9, kFlags = 10, kExemplars = 11,
                               kMin = 12, kMax = 13, kZeroThreshold = 14;
};
struct Buckets {  // Of an ExponentialHistogramDataPoint.
  static constexpr FieldNumber kOffset = 1, kBucketCounts = 2;
};
struct SummaryDataPoint {
  static constexpr FieldNumber kStartTimeUnixNano = 2, kTimeUnixNano = 3, kCount = 4, kSum = 5, kQuantileValues = 6,
                               kAttributes = 7, kFlags = 8;
};
struct ValueAtQuantile {
  static constexpr FieldNumber kQuantile = 1, kValue = 2;
};
struct Exemplar {
  static constexpr FieldNumber kTimeUnixNano = 2, kAsDouble = 3, kSpanId = 4, kTraceId = 5, kAsInt = 6,
                               kFilteredAttributes = 7;
};

// ---- opentelemetry.proto.logs.v1 -----------------------------------------------------------------------------------

struct ResourceLogs {
  static constexpr FieldNumber kResource = 1, kScopeLogs = 2, kSchemaUrl = 3;
};
struct ScopeLogs {
  static constexpr FieldNumber kScope = 1, kLogRecords = 2, kSchemaUrl = 3;
};
struct LogRecord {
  static constexpr FieldNumber kTimeUnixNano = 1, kSeverityNumber = 2, kSeverityText = 3, kBody = 5, kAttributes = 6,
                               kDroppedAttributesCount = 7, kFlags = 8, kTraceId = 9, kSpanId = 10,
                               kObservedTimeUnixNano = 11, kEventName = 12;
};

// ---- opentelemetry.proto.profiles.v1development --------------------------------------------------------------------

struct ResourceProfiles {
  static constexpr FieldNumber kResource = 1, kScopeProfiles = 2, kSchemaUrl = 3;
};
struct ScopeProfiles {
  static constexpr FieldNumber kScope = 1, kProfiles = 2, kSchemaUrl = 3;
};
struct Profile {
  static constexpr FieldNumber kSampleType = 1, kSamples = 2, kTimeUnixNano = 3, kDurationNano = 4, kPeriodType = 5,
                               kPeriod = 6, kProfileId = 7;
};
struct ProfilesDictionary {
  static constexpr FieldNumber kMappingTable = 1, kLocationTable = 2, kFunctionTable = 3, kLinkTable = 4,
                               kStringTable = 5, kAttributeTable = 6, kStackTable = 7;
};
struct ProfileValueType {
  static constexpr FieldNumber kTypeStrindex = 1, kUnitStrindex = 2;
};
struct ProfileSample {
  static constexpr FieldNumber kStackIndex = 1, kAttributeIndices = 2, kLinkIndex = 3, kValues = 4;
};
struct ProfileMapping {
  static constexpr FieldNumber kMemoryStart = 1, kMemoryLimit = 2, kFileOffset = 3, kFilenameStrindex = 4,
                               kAttributeIndices = 5;
};
struct ProfileStack {
  static constexpr FieldNumber kLocationIndices = 1;
};
struct ProfileLocation {
  static constexpr FieldNumber kMappingIndex = 1, kAddress = 2, kLines = 3;
};
struct ProfileLine {
  static constexpr FieldNumber kFunctionIndex = 1, kLine = 2;
};
struct ProfileFunction {
  static constexpr FieldNumber kNameStrindex = 1, kFilenameStrindex = 3;
};
struct ProfileLink {
  static constexpr FieldNumber kTraceId = 1, kSpanId = 2;
};
struct KeyValueAndUnit {
  static constexpr FieldNumber kKeyStrindex = 1, kValue = 2, kUnitStrindex = 3;
};

// ---- opentelemetry.proto.common.v1 and resource.v1 -----------------------------------------------------------------

struct Resource {
  static constexpr FieldNumber kAttributes = 1, kDroppedAttributesCount = 2, kEntityRefs = 3;
};
struct InstrumentationScope {
  static constexpr FieldNumber kName = 1, kVersion = 2, kAttributes = 3, kDroppedAttributesCount = 4;
};
struct EntityRef {
  static constexpr FieldNumber kSchemaUrl = 1, kType = 2, kIdKeys = 3, kDescriptionKeys = 4;
};
struct KeyValue {
  static constexpr FieldNumber kKey = 1, kValue = 2, kKeyStrindex = 3;
};
struct AnyValue {
  static constexpr FieldNumber kStringValue = 1, kBoolValue = 2, kIntValue = 3, kDoubleValue = 4, kArrayValue = 5,
                               kKvlistValue = 6, kBytesValue = 7, kStringValueStrindex = 8;
};
struct ArrayValue {
  static constexpr FieldNumber kValues = 1;
};
struct KeyValueList {
  static constexpr FieldNumber kValues = 1;
};

// ---- google.rpc: bodies of error answers ---------------------------------------------------------------------------

struct RpcStatus {
  static constexpr FieldNumber kCode = 1, kMessage = 2, kDetails = 3;
};
struct Any {
  static constexpr FieldNumber kTypeUrl = 1, kValue = 2;
};
struct RetryInfo {  // In an Any of type_url "type.googleapis.com/google.rpc.RetryInfo".
  static constexpr FieldNumber kRetryDelay = 1;
};
struct Duration {
  static constexpr FieldNumber kSeconds = 1, kNanos = 2;
};

}  // namespace nanospan::wire::otlp
