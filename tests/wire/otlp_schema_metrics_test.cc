// Metrics: data points are counted, whatever their kind.
#include <gtest/gtest.h>

#include <string>

#include "wire/validate.h"
#include "wire/writer.h"

namespace nanospan::wire {
namespace {

std::string field(std::uint32_t number, std::string_view content) {
  std::string out;
  Appender(out).bytes_field(number, content);
  return out;
}

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
