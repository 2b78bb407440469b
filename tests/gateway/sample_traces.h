// Small export requests for gateway tests, as protobuf bytes.
#pragma once

#include <memory>
#include <string>

#include "gateway/pipeline/batch.h"
#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan::gateway::testing {

/// One resource, one scope, `spans` spans called `name`.
inline std::string sample_request(std::uint64_t spans = 1, const std::string& name = "checkout") {
  namespace otlp = wire::otlp;
  std::string scope, resource, request;
  for (std::uint64_t i = 0; i < spans; ++i) {
    std::string span;
    wire::Appender to(span);
    to.bytes_field(otlp::Span::kTraceId, "0123456789abcdef");
    to.bytes_field(otlp::Span::kSpanId, "01234567");
    to.bytes_field(otlp::Span::kName, name);
    to.fixed64_field(otlp::Span::kStartTimeUnixNano, 1'700'000'000'000'000'000);
    to.fixed64_field(otlp::Span::kEndTimeUnixNano, 1'700'000'000'001'500'000);
    wire::Appender(scope).bytes_field(otlp::ScopeSpans::kSpans, span);
  }
  wire::Appender(resource).bytes_field(otlp::ResourceSpans::kScopeSpans, scope);
  wire::Appender(request).bytes_field(otlp::ExportTraceServiceRequest::kResourceSpans, resource);
  return request;
}

inline BatchRef sample_batch(std::uint64_t spans = 1, const std::string& name = "checkout") {
  return std::make_shared<const Batch>(net::ByteBlock::copy_of(sample_request(spans, name)), std::nullopt,
                                       SpanCounts{1, 1, spans}, BudgetCharge());
}

/// Any request, of `items` items.
inline BatchRef batch_of(Signal signal, const std::string& request, std::uint64_t items) {
  return std::make_shared<const Batch>(net::ByteBlock::copy_of(request), std::nullopt, SpanCounts{1, 1, items},
                                       BudgetCharge(), signal);
}

/// A request of one metric with `points` data points, or of one log record.
inline BatchRef sample_metrics(std::uint64_t points = 1) {
  namespace otlp = wire::otlp;
  std::string data, metric, scope, resource, request;
  for (std::uint64_t i = 0; i < points; ++i) wire::Appender(data).bytes_field(otlp::MetricData::kDataPoints, "");
  wire::Appender(metric).bytes_field(otlp::Metric::kName, "orders");
  wire::Appender(metric).bytes_field(otlp::Metric::kUnit, "1");
  wire::Appender(metric).bytes_field(otlp::Metric::kGauge, data);
  wire::Appender(scope).bytes_field(otlp::ScopeMetrics::kMetrics, metric);
  wire::Appender(resource).bytes_field(otlp::ResourceMetrics::kScopeMetrics, scope);
  wire::Appender(request).bytes_field(otlp::ExportMetricsServiceRequest::kResourceMetrics, resource);
  return batch_of(Signal::kMetrics, request, points);
}
inline BatchRef sample_logs() {
  namespace otlp = wire::otlp;
  std::string body, record, scope, resource, request;
  wire::Appender(body).bytes_field(otlp::AnyValue::kStringValue, "it broke");
  wire::Appender(record).bytes_field(otlp::LogRecord::kSeverityText, "ERROR");
  wire::Appender(record).bytes_field(otlp::LogRecord::kBody, body);
  wire::Appender(scope).bytes_field(otlp::ScopeLogs::kLogRecords, record);
  wire::Appender(resource).bytes_field(otlp::ResourceLogs::kScopeLogs, scope);
  wire::Appender(request).bytes_field(otlp::ExportLogsServiceRequest::kResourceLogs, resource);
  return batch_of(Signal::kLogs, request, 1);
}

}  // namespace nanospan::gateway::testing
