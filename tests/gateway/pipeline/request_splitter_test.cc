// Cutting a request: every span once, in order, with its envelopes.
#include "gateway/pipeline/request_splitter.h"

#include <gtest/gtest.h>

#include "tests/gateway/outlined_requests.h"
#include "wire/otlp_json_out.h"
#include "wire/validate.h"
#include "wire/writer.h"

namespace nanospan::gateway {
namespace {

using testing::outline;
using testing::request_of;
namespace otlp = wire::otlp;

std::vector<std::string> split(const std::string& request, std::uint64_t spans, std::uint64_t most) {
  RequestSplitter splitter(request, Signal::kTraces);
  std::vector<std::string> parts;
  for (std::uint64_t left = spans; left != 0;) {
    net::ByteBlock out;
    SpanCounts counts;
    EXPECT_TRUE(splitter.take(most, out, counts));
    const wire::WalkResult walk = wire::validate_traces(out.view());
    EXPECT_TRUE(walk.ok());
    EXPECT_EQ(walk.counts.items, counts.spans);
    EXPECT_EQ(walk.counts.scopes, counts.scopes);
    EXPECT_EQ(walk.counts.resources, counts.resources);
    EXPECT_NE(counts.spans, 0u);
    parts.push_back(outline(out.view()));
    left -= counts.spans;
  }
  return parts;
}

TEST(RequestSplitter, APartHasTheEnvelopesOfItsSpans) {
  const std::string request = request_of({{"abc", "", "d"}, {}, {"ef"}});
  EXPECT_EQ(split(request, 6, 1),
            (std::vector<std::string>{"r1{s1 a}", "r1{s1 b}", "r1{s1 c}", "r1{s3 d}", "r3{s1 e}", "r3{s1 f}"}));
  EXPECT_EQ(split(request, 6, 2), (std::vector<std::string>{"r1{s1 a b}", "r1{s1 c; s3 d}", "r3{s1 e f}"}));
  EXPECT_EQ(split(request, 6, 5), (std::vector<std::string>{"r1{s1 a b c; s3 d} r3{s1 e}", "r3{s1 f}"}));
  EXPECT_EQ(split(request, 6, 6), (std::vector<std::string>{"r1{s1 a b c; s3 d} r3{s1 e f}"}));
}

TEST(RequestSplitter, BySizeAPartHasWhatFitsAndAtLeastOneItemIfAsked) {
  const std::string request = request_of({{"abc", "", "d"}, {}, {"ef"}});
  const auto split_bytes = [&](std::uint64_t most) {
    RequestSplitter splitter(request, Signal::kTraces);
    std::string parts;
    for (std::uint64_t left = 6; left != 0;) {
      net::ByteBlock out;
      SpanCounts counts;
      EXPECT_TRUE(splitter.take_bytes(most, true, out, counts));
      const wire::WalkResult walk = wire::validate_traces(out.view());
      EXPECT_TRUE(walk.ok());
      EXPECT_EQ(walk.counts.items, counts.spans);
      EXPECT_TRUE(counts.spans == 1 || out.view().size() <= most) << out.view().size();
      if (counts.spans == 0) return std::string("nothing");
      parts += (parts.empty() ? "" : " | ") + outline(out.view());
      left -= counts.spans;
    }
    return parts;
  };
  EXPECT_EQ(split_bytes(1), "r1{s1 a} | r1{s1 b} | r1{s1 c} | r1{s3 d} | r3{s1 e} | r3{s1 f}");
  EXPECT_EQ(split_bytes(10 * request.size()), "r1{s1 a b c; s3 d} r3{s1 e f}");
  RequestSplitter splitter(request, Signal::kTraces);
  net::ByteBlock out;
  SpanCounts counts;
  EXPECT_TRUE(splitter.take_bytes(1, false, out, counts));
  EXPECT_EQ(counts.spans, 0u) << "nothing fits";
  EXPECT_TRUE(splitter.take_bytes(UINT64_MAX, false, out, counts));
  EXPECT_EQ(counts.spans, 6u) << "and nothing is lost by asking";
}

/// A metric NAME with points whose flags are 1, 2 ... `points`; a sum, if `temporality` is given.
std::string metric_of(std::string_view name, std::uint64_t points, std::uint64_t temporality = 0) {
  std::string data, metric;
  for (std::uint64_t i = 1; i <= points; ++i) {
    std::string point;
    wire::Appender(point).varint_field(otlp::NumberDataPoint::kFlags, i);
    wire::Appender(data).bytes_field(otlp::MetricData::kDataPoints, point);
  }
  if (temporality != 0) wire::Appender(data).varint_field(otlp::MetricData::kAggregationTemporality, temporality);
  wire::Appender(metric).bytes_field(otlp::Metric::kName, name);
  wire::Appender(metric).bytes_field(temporality != 0 ? otlp::Metric::kSum : otlp::Metric::kGauge, data);
  return metric;
}

std::string metrics_request(const std::vector<std::string>& metrics) {
  std::string scope, resource, request;
  for (const std::string& metric : metrics) wire::Appender(scope).bytes_field(otlp::ScopeMetrics::kMetrics, metric);
  wire::Appender(resource).bytes_field(otlp::ResourceMetrics::kScopeMetrics, scope);
  wire::Appender(resource).bytes_field(otlp::ResourceMetrics::kSchemaUrl, "r");
  wire::Appender(request).bytes_field(otlp::ExportTraceServiceRequest::kResourceSpans, resource);
  return request;
}

TEST(RequestSplitter, MetricsAreCutBetweenPoints) {
  const std::string request = metrics_request({metric_of("a", 1), metric_of("b", 5, 2), metric_of("c", 0)});
  RequestSplitter splitter(request, Signal::kMetrics);
  std::string joined;
  std::vector<std::uint64_t> points;
  for (std::uint64_t left = 6; left != 0; left -= points.back()) {
    net::ByteBlock out;
    SpanCounts counts;
    ASSERT_TRUE(splitter.take(2, out, counts));
    const wire::WalkResult walk = wire::validate(info_of(Signal::kMetrics).request, out.view());
    ASSERT_TRUE(walk.ok());
    EXPECT_EQ(walk.counts.items, counts.spans);
    points.push_back(counts.spans);
    ASSERT_TRUE(wire::append_json(info_of(Signal::kMetrics).request, out.view(), joined));
    joined += '\n';
  }
  const auto line = [](const std::string& metrics) {
    return R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[)" + metrics + R"(]}],"schemaUrl":"r"}]})" + "\n";
  };
  const auto b = [](const std::string& flags) {
    return R"({"name":"b","sum":{"dataPoints":[)" + flags + R"(],"aggregationTemporality":2}})";
  };
  EXPECT_EQ(joined, line(R"({"name":"a","gauge":{"dataPoints":[{"flags":1}]}},)" + b(R"({"flags":1})")) +
                        line(b(R"({"flags":2},{"flags":3})")) + line(b(R"({"flags":4},{"flags":5})")));
}

TEST(RequestSplitter, KnowsTheLargestEnvelopeOfMetrics) {
  const std::string request = metrics_request({metric_of("a", 3), metric_of("name", 1, 2)});
  // schema_url, 3; name, 6; aggregation_temporality, 2; and what may lie around them.
  EXPECT_EQ(RequestSplitter::largest_envelope(request, Signal::kMetrics), 3u + 6 + 2 + 12);
}

TEST(RequestSplitter, KnowsTheLargestEnvelope) {
  EXPECT_EQ(RequestSplitter::largest_envelope(request_of({{"a"}, {"b", "c"}}), Signal::kTraces),
            8u);  // 1A 02 r1, 1A 02 s1
  EXPECT_EQ(RequestSplitter::largest_envelope("", Signal::kTraces), 0u);
}

}  // namespace
}  // namespace nanospan::gateway
