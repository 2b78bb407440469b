// Where the data points of a metric are (metrics.proto): Gauge, Sum, Histogram, ExponentialHistogram or Summary holds
// them as its field 1; only their attributes have different numbers. Pure functions over validated bytes.
#pragma once

#include <cstdint>

#include "wire/otlp_fields.h"
#include "wire/reader.h"

namespace nanospan::gateway {

/// The field number of attributes in the points of a Metric's data field; 0 for fields that hold no points.
constexpr std::uint32_t point_attributes_field(std::uint32_t metric_field) {
  using M = wire::otlp::Metric;
  switch (metric_field) {
    case M::kGauge:
    case M::kSum:
      return wire::otlp::NumberDataPoint::kAttributes;
    case M::kHistogram:
      return wire::otlp::HistogramDataPoint::kAttributes;
    case M::kExponentialHistogram:
      return wire::otlp::ExponentialHistogramDataPoint::kAttributes;
    case M::kSummary:
      return wire::otlp::SummaryDataPoint::kAttributes;
    default:
      return 0;
  }
}

/// The reader of a metric stands at the message that holds its points.
inline bool is_metric_data(const wire::Reader& metric) {
  return metric.type() == wire::WireType::kBytes && point_attributes_field(metric.field()) != 0;
}

inline std::uint64_t count_metric_points(wire::Reader metric) {
  std::uint64_t points = 0;
  while (metric.next()) {
    if (!is_metric_data(metric)) continue;
    for (wire::Reader data = metric.message(); data.next();) {
      if (data.is(wire::otlp::MetricData::kDataPoints, wire::WireType::kBytes)) ++points;
    }
  }
  return points;
}

}  // namespace nanospan::gateway
