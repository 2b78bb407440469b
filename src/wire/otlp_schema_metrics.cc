// opentelemetry.proto.metrics.v1 and its collector service. What is counted are data points, not metrics.
#include "wire/otlp_schema_tables.h"

namespace nanospan::wire::schema {
namespace {

using enum FieldKind;

extern const MessageSchema kResourceMetrics, kScopeMetrics, kMetric, kGauge, kSum, kHistogram, kExponentialHistogram,
    kSummary, kNumberDataPoint, kHistogramDataPoint, kExponentialHistogramDataPoint, kBuckets, kSummaryDataPoint,
    kValueAtQuantile, kExemplar, kPartialSuccess;

constexpr std::array<EnumName, 3> kTemporalityNames{{{"AGGREGATION_TEMPORALITY_UNSPECIFIED", 0},
                                                     {"AGGREGATION_TEMPORALITY_DELTA", 1},
                                                     {"AGGREGATION_TEMPORALITY_CUMULATIVE", 2}}};

constexpr auto kExemplarFields = by_number<8>({
    scalar(otlp::Exemplar::kTimeUnixNano, kFixed64, "timeUnixNano"),
    choice(scalar(otlp::Exemplar::kAsDouble, kDouble, "asDouble")),
    scalar(otlp::Exemplar::kSpanId, kSpanId, "spanId"),
    scalar(otlp::Exemplar::kTraceId, kTraceId, "traceId"),
    choice(scalar(otlp::Exemplar::kAsInt, kSfixed64, "asInt")),
    many(otlp::Exemplar::kFilteredAttributes, "filteredAttributes", kKeyValue),
});
constexpr auto kNumberDataPointFields = by_number<9>({
    scalar(otlp::NumberDataPoint::kStartTimeUnixNano, kFixed64, "startTimeUnixNano"),
    scalar(otlp::NumberDataPoint::kTimeUnixNano, kFixed64, "timeUnixNano"),
    choice(scalar(otlp::NumberDataPoint::kAsDouble, kDouble, "asDouble")),
    many(otlp::NumberDataPoint::kExemplars, "exemplars", kExemplar),
    choice(scalar(otlp::NumberDataPoint::kAsInt, kSfixed64, "asInt")),
    many(otlp::NumberDataPoint::kAttributes, "attributes", kKeyValue),
    scalar(otlp::NumberDataPoint::kFlags, kUint32, "flags"),
});
constexpr auto kHistogramDataPointFields = by_number<13>({
    scalar(otlp::HistogramDataPoint::kStartTimeUnixNano, kFixed64, "startTimeUnixNano"),
    scalar(otlp::HistogramDataPoint::kTimeUnixNano, kFixed64, "timeUnixNano"),
    scalar(otlp::HistogramDataPoint::kCount, kFixed64, "count"),
    optional(otlp::HistogramDataPoint::kSum, kDouble, "sum"),
    list(otlp::HistogramDataPoint::kBucketCounts, kFixed64, "bucketCounts"),
    list(otlp::HistogramDataPoint::kExplicitBounds, kDouble, "explicitBounds"),
    many(otlp::HistogramDataPoint::kExemplars, "exemplars", kExemplar),
    many(otlp::HistogramDataPoint::kAttributes, "attributes", kKeyValue),
    scalar(otlp::HistogramDataPoint::kFlags, kUint32, "flags"),
    optional(otlp::HistogramDataPoint::kMin, kDouble, "min"),
    optional(otlp::HistogramDataPoint::kMax, kDouble, "max"),
});
constexpr auto kBucketsFields = by_number<3>({
    scalar(otlp::Buckets::kOffset, kSint32, "offset"),
    list(otlp::Buckets::kBucketCounts, kUint64, "bucketCounts"),
});
constexpr auto kExponentialHistogramDataPointFields = by_number<15>({
    many(otlp::ExponentialHistogramDataPoint::kAttributes, "attributes", kKeyValue),
    scalar(otlp::ExponentialHistogramDataPoint::kStartTimeUnixNano, kFixed64, "startTimeUnixNano"),
    scalar(otlp::ExponentialHistogramDataPoint::kTimeUnixNano, kFixed64, "timeUnixNano"),
    scalar(otlp::ExponentialHistogramDataPoint::kCount, kFixed64, "count"),
    optional(otlp::ExponentialHistogramDataPoint::kSum, kDouble, "sum"),
    scalar(otlp::ExponentialHistogramDataPoint::kScale, kSint32, "scale"),
    scalar(otlp::ExponentialHistogramDataPoint::kZeroCount, kFixed64, "zeroCount"),
    one(otlp::ExponentialHistogramDataPoint::kPositive, "positive", kBuckets),
    one(otlp::ExponentialHistogramDataPoint::kNegative, "negative", kBuckets),
    scalar(otlp::ExponentialHistogramDataPoint::kFlags, kUint32, "flags"),
    many(otlp::ExponentialHistogramDataPoint::kExemplars, "exemplars", kExemplar),
    optional(otlp::ExponentialHistogramDataPoint::kMin, kDouble, "min"),
    optional(otlp::ExponentialHistogramDataPoint::kMax, kDouble, "max"),
    scalar(otlp::ExponentialHistogramDataPoint::kZeroThreshold, kDouble, "zeroThreshold"),
});
constexpr auto kValueAtQuantileFields = by_number<3>({
    scalar(otlp::ValueAtQuantile::kQuantile, kDouble, "quantile"),
    scalar(otlp::ValueAtQuantile::kValue, kDouble, "value"),
});
constexpr auto kSummaryDataPointFields = by_number<9>({
    scalar(otlp::SummaryDataPoint::kStartTimeUnixNano, kFixed64, "startTimeUnixNano"),
    scalar(otlp::SummaryDataPoint::kTimeUnixNano, kFixed64, "timeUnixNano"),
    scalar(otlp::SummaryDataPoint::kCount, kFixed64, "count"),
    scalar(otlp::SummaryDataPoint::kSum, kDouble, "sum"),
    many(otlp::SummaryDataPoint::kQuantileValues, "quantileValues", kValueAtQuantile),
    many(otlp::SummaryDataPoint::kAttributes, "attributes", kKeyValue),
    scalar(otlp::SummaryDataPoint::kFlags, kUint32, "flags"),
});

constexpr FieldSchema data_points(const MessageSchema& point) {
  return many(otlp::MetricData::kDataPoints, "dataPoints", point, Counted::kItems);
}
constexpr FieldSchema kTemporality =
    enumeration(otlp::MetricData::kAggregationTemporality, "aggregationTemporality", kTemporalityNames);
constexpr auto kGaugeFields = by_number<2>({data_points(kNumberDataPoint)});
constexpr auto kSumFields = by_number<4>({
    data_points(kNumberDataPoint),
    kTemporality,
    scalar(otlp::MetricData::kIsMonotonic, kBool, "isMonotonic"),
});
constexpr auto kHistogramFields = by_number<3>({data_points(kHistogramDataPoint), kTemporality});
constexpr auto kExponentialHistogramFields = by_number<3>({data_points(kExponentialHistogramDataPoint), kTemporality});
constexpr auto kSummaryFields = by_number<2>({data_points(kSummaryDataPoint)});
constexpr auto kMetricFields = by_number<13>({
    scalar(otlp::Metric::kName, kString, "name"),
    scalar(otlp::Metric::kDescription, kString, "description"),
    scalar(otlp::Metric::kUnit, kString, "unit"),
    choice(one(otlp::Metric::kGauge, "gauge", kGauge)),
    choice(one(otlp::Metric::kSum, "sum", kSum)),
    choice(one(otlp::Metric::kHistogram, "histogram", kHistogram)),
    choice(one(otlp::Metric::kExponentialHistogram, "exponentialHistogram", kExponentialHistogram)),
    choice(one(otlp::Metric::kSummary, "summary", kSummary)),
    many(otlp::Metric::kMetadata, "metadata", kKeyValue),
});
constexpr auto kScopeMetricsFields = by_number<4>({
    one(otlp::ScopeMetrics::kScope, "scope", kScope),
    many(otlp::ScopeMetrics::kMetrics, "metrics", kMetric),
    scalar(otlp::ScopeMetrics::kSchemaUrl, kString, "schemaUrl"),
});
constexpr auto kResourceMetricsFields = by_number<4>({
    one(otlp::ResourceMetrics::kResource, "resource", kResource),
    many(otlp::ResourceMetrics::kScopeMetrics, "scopeMetrics", kScopeMetrics, Counted::kScopes),
    scalar(otlp::ResourceMetrics::kSchemaUrl, kString, "schemaUrl"),
});
constexpr auto kRequestFields = by_number<2>({many(otlp::ExportMetricsServiceRequest::kResourceMetrics,
                                                   "resourceMetrics", kResourceMetrics, Counted::kResources)});
constexpr auto kPartialSuccessFields = by_number<3>({
    scalar(otlp::ExportPartialSuccess::kRejected, kInt64, "rejectedDataPoints"),
    scalar(otlp::ExportPartialSuccess::kErrorMessage, kString, "errorMessage"),
});
constexpr auto kResponseFields =
    by_number<2>({one(otlp::ExportServiceResponse::kPartialSuccess, "partialSuccess", kPartialSuccess)});

const MessageSchema kExemplar{"opentelemetry.proto.metrics.v1.Exemplar", kExemplarFields};
const MessageSchema kNumberDataPoint{"opentelemetry.proto.metrics.v1.NumberDataPoint", kNumberDataPointFields};
const MessageSchema kHistogramDataPoint{"opentelemetry.proto.metrics.v1.HistogramDataPoint", kHistogramDataPointFields};
const MessageSchema kBuckets{"opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint.Buckets", kBucketsFields};
const MessageSchema kExponentialHistogramDataPoint{"opentelemetry.proto.metrics.v1.ExponentialHistogramDataPoint",
                                                   kExponentialHistogramDataPointFields};
const MessageSchema kValueAtQuantile{"opentelemetry.proto.metrics.v1.SummaryDataPoint.ValueAtQuantile",
                                     kValueAtQuantileFields};
const MessageSchema kSummaryDataPoint{"opentelemetry.proto.metrics.v1.SummaryDataPoint", kSummaryDataPointFields};
const MessageSchema kGauge{"opentelemetry.proto.metrics.v1.Gauge", kGaugeFields};
const MessageSchema kSum{"opentelemetry.proto.metrics.v1.Sum", kSumFields};
const MessageSchema kHistogram{"opentelemetry.proto.metrics.v1.Histogram", kHistogramFields};
const MessageSchema kExponentialHistogram{"opentelemetry.proto.metrics.v1.ExponentialHistogram",
                                          kExponentialHistogramFields};
const MessageSchema kSummary{"opentelemetry.proto.metrics.v1.Summary", kSummaryFields};
const MessageSchema kMetric{"opentelemetry.proto.metrics.v1.Metric", kMetricFields};
const MessageSchema kScopeMetrics{"opentelemetry.proto.metrics.v1.ScopeMetrics", kScopeMetricsFields};
const MessageSchema kResourceMetrics{"opentelemetry.proto.metrics.v1.ResourceMetrics", kResourceMetricsFields};
const MessageSchema kPartialSuccess{"opentelemetry.proto.collector.metrics.v1.ExportMetricsPartialSuccess",
                                    kPartialSuccessFields};

}  // namespace

const MessageSchema kExportMetricsServiceRequest{"opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest",
                                                 kRequestFields};
const MessageSchema kExportMetricsServiceResponse{
    "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceResponse", kResponseFields};

}  // namespace nanospan::wire::schema
