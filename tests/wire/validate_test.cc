#include "wire/validate.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/writer.h"

namespace nanospan::wire {
namespace {

using namespace std::string_literals;

std::string field(std::uint32_t number, std::string_view content) {
  std::string out;
  Appender(out).bytes_field(number, content);
  return out;
}

std::string request_of_span(std::string_view span) {
  return field(otlp::ExportTraceServiceRequest::kResourceSpans,
               field(otlp::ResourceSpans::kScopeSpans, field(otlp::ScopeSpans::kSpans, span)));
}

std::string attribute(std::string_view key, std::string_view any_value) {
  return field(otlp::Span::kAttributes, field(otlp::KeyValue::kKey, key) + field(otlp::KeyValue::kValue, any_value));
}

void expect_ok(std::string_view bytes) {
  const WalkResult walked = validate_traces(bytes);
  EXPECT_TRUE(walked.ok()) << walked.fault.text << " at " << walked.fault.offset;
}

// The fault is `text`, at `back` bytes before the end of the request.
void expect_refused(std::string_view bytes, std::size_t back, std::string_view text) {
  const WalkResult walked = validate_traces(bytes);
  ASSERT_FALSE(walked.ok());
  EXPECT_EQ(walked.fault.text, text);
  EXPECT_EQ(walked.fault.offset, bytes.size() - back);
}

TEST(Validate, EmptyRequestIsValid) {
  expect_ok("");
  EXPECT_EQ(validate_traces("").counts.resources, 0U);
}

TEST(Validate, CountsResourcesScopesAndSpans) {
  const std::string span = field(otlp::ScopeSpans::kSpans, "");
  const std::string scope = field(otlp::ResourceSpans::kScopeSpans, span + span);
  const std::string resource = field(otlp::ExportTraceServiceRequest::kResourceSpans, scope + scope + scope);
  const WalkResult walked = validate_traces(resource + resource);
  ASSERT_TRUE(walked.ok());
  EXPECT_EQ(walked.counts.resources, 2U);
  EXPECT_EQ(walked.counts.scopes, 6U);
  EXPECT_EQ(walked.counts.items, 12U);
}

TEST(Validate, IdsAreWholeOrEmpty) {
  expect_ok(request_of_span(field(otlp::Span::kTraceId, std::string(16, '\xFF')) +
                            field(otlp::Span::kSpanId, std::string(8, 'x'))));
  expect_ok(request_of_span(field(otlp::Span::kTraceId, "") + field(otlp::Span::kParentSpanId, "")));
  for (const std::size_t size : {1U, 8U, 15U, 17U}) {
    expect_refused(request_of_span(field(otlp::Span::kTraceId, std::string(size, 'x'))), size,
                   "trace id is not 16 bytes long");
  }
  for (const std::size_t size : {1U, 7U, 9U, 16U}) {
    expect_refused(request_of_span(field(otlp::Span::kSpanId, std::string(size, 'x'))), size,
                   "span id is not 8 bytes long");
    expect_refused(request_of_span(field(otlp::Span::kLinks, field(otlp::SpanLink::kSpanId, std::string(size, 'x')))),
                   size, "span id is not 8 bytes long");
  }
}

TEST(Validate, StringsMustBeUtf8ButBytesNeedNot) {
  const std::string text = "a long enough prefix \xFF and more";
  const std::size_t back = text.size() - text.find('\xFF');
  expect_refused(request_of_span(field(otlp::Span::kName, text)), back, "string is not valid UTF-8");
  expect_refused(request_of_span(attribute("key", field(otlp::AnyValue::kStringValue, text))), back,
                 "string is not valid UTF-8");
  expect_ok(request_of_span(attribute("key", field(otlp::AnyValue::kBytesValue, text))));
  expect_ok(request_of_span(attribute("cl\xC3\xA9", field(otlp::AnyValue::kStringValue, "caf\xC3\xA9"))));
  expect_refused(request_of_span(attribute("\xC3", "")), 3, "string is not valid UTF-8");
}

TEST(Validate, EveryScalarAttributeOnTheFastPathAndOffIt) {
  std::string boolean, integer, negative, real;
  Appender(boolean).varint_field(otlp::AnyValue::kBoolValue, 1);
  Appender(integer).varint_field(otlp::AnyValue::kIntValue, 300);
  Appender(negative).varint_field(otlp::AnyValue::kIntValue, UINT64_MAX);
  Appender(real).double_field(otlp::AnyValue::kDoubleValue, -1.5);
  for (const std::string& value : {boolean, integer, negative, real, field(otlp::AnyValue::kStringValue, ""),
                                   field(otlp::AnyValue::kStringValue, std::string(300, 'v')), ""s}) {
    for (const std::size_t key_size : {0U, 1U, 20U, 110U, 127U, 128U, 300U}) {
      const std::string request = request_of_span(attribute(std::string(key_size, 'k'), value));
      expect_ok(request);
      // The same with a byte that is not UTF-8 in the key.
      if (key_size > 0) {
        EXPECT_FALSE(validate_traces(request_of_span(attribute(std::string(key_size, '\x80'), value))).ok());
      }
      for (std::size_t size = 1; size < request.size(); ++size) {
        EXPECT_FALSE(validate_traces(std::string_view(request).substr(0, size)).ok()) << size;
      }
    }
  }
}

TEST(Validate, AttributeWithABadVarintIsNotForgivenByTheFastPath) {
  expect_refused(request_of_span(attribute("k", "\x18\x80"s)), 1, "varint is cut off or longer than 64 bits");
  expect_refused(request_of_span(attribute("k", "\x10\x01\x18"s)), 0, "varint is cut off or longer than 64 bits");
}

TEST(Validate, FaultInARunOfSimpleAttributesIsFoundAtItsPlace) {
  const std::string good = attribute("key", field(otlp::AnyValue::kStringValue, "value"));
  const std::string bad = attribute("key", field(otlp::AnyValue::kStringValue, "val\xFFue"));
  for (std::size_t before = 0; before < 4; ++before) {
    for (std::size_t after = 0; after < 3; ++after) {
      std::string span;
      for (std::size_t i = 0; i < before; ++i) span += good;
      span += bad;
      for (std::size_t i = 0; i < after; ++i) span += good;
      expect_refused(request_of_span(span), 3 + after * good.size(), "string is not valid UTF-8");
    }
  }
  // A run that ends in half a field, and one that another field interrupts.
  expect_refused(request_of_span(good + good + "\x4A"), 0, "length is cut off or too long");
  expect_refused(request_of_span(good + "\x4A\x7F"), 1, "length runs past the end");
  expect_ok(request_of_span(good + good + field(otlp::Span::kName, "n") + good));
}

TEST(Validate, KnownFieldsNeedTheirWireType) {
  expect_refused(request_of_span("\x28\x01"s), 2, "wire type is not that of the field");  // name as a varint
  expect_refused(request_of_span("\x3A\x00"s), 2, "wire type is not that of the field");  // start time as bytes
  expect_refused("\x08\x01"s, 2, "wire type is not that of the field");                   // resource_spans as a varint
}

TEST(Validate, UnknownFieldsAreSteppedOver) {
  std::string unknown;
  Appender fields(unknown);
  fields.varint_field(100, 1);
  fields.fixed32_field(101, 1);
  fields.fixed64_field(102, 1);
  fields.bytes_field(103, "\xFF\xFF");
  fields.bytes_field((1U << 29) - 1, "");
  expect_ok(unknown + request_of_span(unknown));
}

TEST(Validate, RefusesGroupsAndFieldZeroEverywhere) {
  expect_refused(request_of_span("\xA3\x06\xA4\x06"s), 4, "wire type is a group or unknown");
  expect_refused("\x03\x04"s, 2, "field number is 0");
  expect_refused("\x00\x00"s, 2, "field number is 0");
  expect_refused(request_of_span("\x00\x00"s), 2, "field number is 0");
  expect_refused("\x0F"s, 1, "wire type is not that of the field");
}

TEST(Validate, LengthsEndInsideTheirMessage) {
  expect_refused(request_of_span("\x2A\x05"s
                                 "ab"s),
                 3, "length runs past the end");
  // Enough bytes in the request, but not in the span.
  const std::string span =
      "\x2A\x02"s
      "a"s;
  EXPECT_FALSE(validate_traces(request_of_span(span) + request_of_span("")).ok());
}

// An attribute whose value is `arrays` nested arrays around nothing. Messages under the request: 3 to the span, the
// attribute, its AnyValue, then two for each array.
std::string nested(std::size_t arrays) {
  std::string value;
  for (std::size_t i = 0; i < arrays; ++i)
    value = field(otlp::AnyValue::kArrayValue, field(otlp::ArrayValue::kValues, value));
  return request_of_span(attribute("k", value));
}

TEST(Validate, DepthLimitIsOneHundredMessages) {
  expect_ok(nested(47));
  EXPECT_FALSE(validate_traces(nested(48)).ok());
  EXPECT_STREQ(validate_traces(nested(48)).fault.text, "messages are nested more than 100 deep");
  EXPECT_FALSE(validate_traces(nested(5000)).ok());
}

// A map at the bottom, so that the last attribute is one that the fast path would take.
std::string nested_map(std::size_t arrays) {
  std::string value = field(
      otlp::AnyValue::kKvlistValue,
      field(otlp::KeyValueList::kValues, field(otlp::KeyValue::kKey, "deepest") +
                                             field(otlp::KeyValue::kValue, field(otlp::AnyValue::kStringValue, "v"))));
  for (std::size_t i = 0; i < arrays; ++i)
    value = field(otlp::AnyValue::kArrayValue, field(otlp::ArrayValue::kValues, value));
  return request_of_span(attribute("k", value));
}

TEST(Validate, FastPathKeepsTheDepthLimit) {
  expect_ok(nested_map(46));  // 3 + 2 + 92 + 3 = 100
  EXPECT_FALSE(validate_traces(nested_map(47)).ok());
}

TEST(Validate, CountsUpToTheFault) {
  const std::string good = request_of_span("");
  const WalkResult walked = validate_traces(good + good + "\x08"s);
  EXPECT_FALSE(walked.ok());
  EXPECT_EQ(walked.counts.items, 2U);
}

// ---- metrics: a histogram's point around what is tested ----------------------------------------------------

std::string request_of_point(std::string_view point) {
  const std::string metric = field(otlp::Metric::kHistogram, field(otlp::MetricData::kDataPoints, point));
  return field(otlp::ExportMetricsServiceRequest::kResourceMetrics,
               field(otlp::ResourceMetrics::kScopeMetrics, field(otlp::ScopeMetrics::kMetrics, metric)));
}

void expect_point(std::string_view point, const char* fault) {
  const WalkResult walked = validate(schema::kExportMetricsServiceRequest, request_of_point(point));
  EXPECT_STREQ(walked.fault.text, fault);
  EXPECT_EQ(walked.counts.items, 1U);
}

TEST(Validate, PackedNumbersAreWhole) {
  expect_point(field(otlp::HistogramDataPoint::kBucketCounts, ""), nullptr);
  expect_point(field(otlp::HistogramDataPoint::kBucketCounts, std::string(24, '\xFF')), nullptr);
  expect_point(field(otlp::HistogramDataPoint::kBucketCounts, std::string(23, '\xFF')), "packed numbers are cut off");
  expect_point(field(otlp::HistogramDataPoint::kExplicitBounds, std::string(7, '\0')), "packed numbers are cut off");
}

TEST(Validate, AListOfNumbersMayAlsoComeOneByOne) {
  std::string point;
  Appender(point).fixed64_field(otlp::HistogramDataPoint::kBucketCounts, 1);
  point += field(otlp::HistogramDataPoint::kBucketCounts, std::string(16, '\x01'));
  expect_point(point, nullptr);
  std::string wrong;
  Appender(wrong).varint_field(otlp::HistogramDataPoint::kBucketCounts, 1);
  expect_point(wrong, "wire type is not that of the field");
}

TEST(Validate, PackedVarintsEndInTheirField) {
  const auto walk = [](std::string_view counts) {
    const std::string point =
        field(otlp::ExponentialHistogramDataPoint::kPositive, field(otlp::Buckets::kBucketCounts, counts));
    const std::string metric = field(otlp::Metric::kExponentialHistogram, field(otlp::MetricData::kDataPoints, point));
    return validate(schema::kExportMetricsServiceRequest,
                    field(1, field(otlp::ResourceMetrics::kScopeMetrics, field(otlp::ScopeMetrics::kMetrics, metric))));
  };
  EXPECT_TRUE(walk("\x01\xAC\x02\x7F").ok());
  EXPECT_STREQ(walk("\x01\xAC").fault.text, "varint is cut off or longer than 64 bits");
  EXPECT_STREQ(walk(std::string(10, '\xFF') + '\x01').fault.text, "varint is cut off or longer than 64 bits");
}

}  // namespace
}  // namespace nanospan::wire
