// Metrics: data points are counted, whatever their kind.
#include <gtest/gtest.h>

#include <string>

#include "tests/wire/field.h"
#include "wire/validate.h"

namespace nanospan::wire {
namespace {

TEST(OtlpSchemaMetrics, PointsOfEveryKindAreCounted) {
  std::string metrics = field(otlp::ScopeMetrics::kMetrics, field(otlp::Metric::kName, "no data"));
  for (const std::uint32_t kind : {otlp::Metric::kGauge, otlp::Metric::kSum, otlp::Metric::kHistogram,
                                   otlp::Metric::kExponentialHistogram, otlp::Metric::kSummary}) {
    const std::string point = field(otlp::MetricData::kDataPoints, "");
    metrics += field(otlp::ScopeMetrics::kMetrics, field(kind, point + point));
  }
  const WalkResult walked = validate(
      schema::kExportMetricsServiceRequest,
      field(otlp::ExportMetricsServiceRequest::kResourceMetrics, field(otlp::ResourceMetrics::kScopeMetrics, metrics)));
  EXPECT_TRUE(walked.ok());
  EXPECT_EQ(walked.counts.resources, 1U);
  EXPECT_EQ(walked.counts.scopes, 1U);
  EXPECT_EQ(walked.counts.items, 10U);
}

}  // namespace
}  // namespace nanospan::wire
