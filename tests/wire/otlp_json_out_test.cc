#include "wire/otlp_json_out.h"

#include <gtest/gtest.h>

#include <string>

#include "wire/writer.h"

namespace nanospan::wire {
namespace {

using namespace std::string_literals;

std::string field(std::uint32_t number, std::string_view content) {
  std::string out;
  Appender(out).bytes_field(number, content);
  return out;
}

std::string json_of(const MessageSchema& schema, std::string_view bytes) {
  std::string out;
  const Status written = append_json(schema, bytes, out);
  return written.ok() ? out : written.error().message;
}

TEST(JsonOut, SpanAsTheSpecificationShowsIt) {
  std::string span;
  Appender fields(span);
  fields.bytes_field(otlp::Span::kTraceId, "\x5B\x8E\xFF\xF7\x98\x03\x81\x03\xD2\x69\xB6\x33\x81\x3F\xC6\x0C");
  fields.bytes_field(otlp::Span::kSpanId, "\xEE\xE1\x9B\x7E\xC3\xC1\xB1\x74");
  fields.bytes_field(otlp::Span::kName, "I'm a server span");
  fields.varint_field(otlp::Span::kKind, 2);
  fields.fixed64_field(otlp::Span::kStartTimeUnixNano, 1'544'712'660'000'000'000);
  const std::string request = field(1, field(2, field(2, span)));
  EXPECT_EQ(json_of(schema::kExportTraceServiceRequest, request),
            R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c",)"
            R"("spanId":"eee19b7ec3c1b174","name":"I'm a server span","kind":2,)"
            R"("startTimeUnixNano":"1544712660000000000"}]}]}]})");
}

TEST(JsonOut, NothingIsAnEmptyObject) { EXPECT_EQ(json_of(schema::kExportTraceServiceRequest, ""), "{}"); }

TEST(JsonOut, ValuesOfEveryKind) {
  std::string integer;
  Appender(integer).varint_field(otlp::AnyValue::kIntValue, UINT64_MAX);
  EXPECT_EQ(json_of(schema::kAnyValue, integer), R"({"intValue":"-1"})");
  std::string truth;
  Appender(truth).varint_field(otlp::AnyValue::kBoolValue, 0);
  EXPECT_EQ(json_of(schema::kAnyValue, truth), R"({"boolValue":false})");
  EXPECT_EQ(json_of(schema::kAnyValue, field(otlp::AnyValue::kBytesValue, "\xFF")), R"({"bytesValue":"/w=="})");
  EXPECT_EQ(json_of(schema::kAnyValue, field(otlp::AnyValue::kArrayValue, field(1, "") + field(1, integer))),
            R"({"arrayValue":{"values":[{},{"intValue":"-1"}]}})");
}

TEST(JsonOut, ListsWhoseElementsLieApartAreJoined) {
  const std::string span = field(otlp::Span::kAttributes, field(1, "a")) + field(otlp::Span::kName, "n") +
                           field(otlp::Span::kAttributes, field(1, "b"));
  EXPECT_EQ(json_of(schema::kExportTraceServiceRequest, field(1, field(2, field(2, span)))),
            R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"n","attributes":[{"key":"a"},{"key":"b"}]}]}]}]})");
}

TEST(JsonOut, LastScalarWinsAndRepeatedMessagesMerge) {
  const std::string key_value =
      field(1, "old") + field(2, field(5, field(1, ""))) + field(1, "new") + field(2, field(5, field(1, "")));
  EXPECT_EQ(json_of(schema::kKeyValue, key_value), R"({"key":"new","value":{"arrayValue":{"values":[{},{}]}}})");
}

TEST(JsonOut, OfAOneofOnlyTheLastMemberIsWritten) {
  EXPECT_EQ(json_of(schema::kAnyValue, field(1, "text") + field(7, "b")), R"({"bytesValue":"Yg=="})");
  EXPECT_EQ(json_of(schema::kAnyValue, field(5, field(1, "")) + field(1, "t") + field(5, field(1, ""))),
            R"({"arrayValue":{"values":[{}]}})");
}

TEST(JsonOut, UnknownFieldsAreLeftOut) {
  EXPECT_EQ(json_of(schema::kKeyValue, field(99, "x") + field(1, "k") + field(100, "y")), R"({"key":"k"})");
}

TEST(JsonOut, RepliesForJsonClients) {
  std::string partial;
  Appender(partial).varint_field(1, 3);
  Appender(partial).bytes_field(2, "why");
  EXPECT_EQ(json_of(schema::kExportTraceServiceResponse, field(1, partial)),
            R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"why"}})");
  std::string status;
  Appender(status).varint_field(1, 3);
  Appender(status).bytes_field(2, "byte 17: bad");
  EXPECT_EQ(json_of(schema::kRpcStatus, status), R"({"code":3,"message":"byte 17: bad"})");
}

TEST(JsonOut, RefusesWhatDoesNotValidateAndLeavesTheOutputAlone) {
  std::string out = "before";
  const Status written = append_traces_json("\x0A\x7F"s, out);
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().message, "byte 1: length runs past the end");
  EXPECT_EQ(out, "before");
}

TEST(JsonOut, HistogramWithPackedAndSingleNumbers) {
  std::string point;
  Appender fields(point);
  fields.fixed64_field(otlp::HistogramDataPoint::kCount, 3);
  fields.double_field(otlp::HistogramDataPoint::kSum, 0);
  std::string two(16, '\0');
  two[0] = 1;
  two[15] = '\x80';
  fields.bytes_field(otlp::HistogramDataPoint::kBucketCounts, two);
  fields.fixed64_field(otlp::HistogramDataPoint::kBucketCounts, 7);
  fields.double_field(otlp::HistogramDataPoint::kExplicitBounds, 0.5);
  fields.bytes_field(otlp::HistogramDataPoint::kExplicitBounds, two);
  const std::string metric = field(otlp::Metric::kHistogram, field(otlp::MetricData::kDataPoints, point));
  EXPECT_EQ(json_of(schema::kExportMetricsServiceRequest, field(1, field(2, field(2, metric)))),
            R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"count":"3","sum":0,)"
            R"("bucketCounts":["1","9223372036854775808","7"],"explicitBounds":[0.5,5e-324,-0]}]}}]}]}]})");
}

TEST(JsonOut, ExponentialHistogramHasSignedSmallNumbers) {
  std::string buckets;
  Appender(buckets).varint_field(otlp::Buckets::kOffset, zigzag(-2));
  Appender(buckets).bytes_field(otlp::Buckets::kBucketCounts, "\x01\xAC\x02"s);
  std::string point = field(otlp::ExponentialHistogramDataPoint::kNegative, buckets);
  Appender(point).varint_field(otlp::ExponentialHistogramDataPoint::kScale, zigzag(20));
  const std::string metric = field(otlp::Metric::kExponentialHistogram, field(otlp::MetricData::kDataPoints, point));
  EXPECT_EQ(json_of(schema::kExportMetricsServiceRequest, field(1, field(2, field(2, metric)))),
            R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"exponentialHistogram":{"dataPoints":[{"scale":20,)"
            R"("negative":{"offset":-2,"bucketCounts":["1","300"]}}]}}]}]}]})");
}

TEST(JsonOut, OfSeveralKindsOfDataTheLastOneCounts) {
  std::string number;
  Appender(number).fixed64_field(otlp::NumberDataPoint::kAsInt, static_cast<std::uint64_t>(std::int64_t{-7}));
  const std::string metric = field(otlp::Metric::kGauge, "") +
                             field(otlp::Metric::kSum, field(otlp::MetricData::kDataPoints, number)) +
                             field(otlp::Metric::kSum, field(otlp::MetricData::kDataPoints, ""));
  EXPECT_EQ(json_of(schema::kExportMetricsServiceRequest, field(1, field(2, field(2, metric)))),
            R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[{"asInt":"-7"},{}]}}]}]}]})");
}

}  // namespace
}  // namespace nanospan::wire
