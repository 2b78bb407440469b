// Bytes that our writer makes are the bytes that libprotobuf makes, and what libprotobuf makes our walk and reader
// accept.
#include <gtest/gtest.h>

#include <string>

#include "tests/golden/oracle.h"
#include "tests/golden/samples.h"
#include "wire/otlp_fields.h"
#include "wire/otlp_reply.h"
#include "wire/reader.h"
#include "wire/validate.h"
#include "wire/writer.h"

namespace nanospan::golden {
namespace {

namespace otlp = wire::otlp;
using wire::Appender;

class Golden : public ::testing::Test {
 protected:
  void SetUp() override {
    if (oracle_ == nullptr) GTEST_SKIP() << Oracle::kMissing;
  }
  const Oracle* const oracle_ = Oracle::get();
};

TEST_F(Golden, HandWrittenSpanIsByteForByteWhatLibprotobufWrites) {
  std::string attribute_value;
  Appender(attribute_value).varint_field(otlp::AnyValue::kIntValue, static_cast<std::uint64_t>(std::int64_t{-5}));
  std::string attribute;
  Appender(attribute).bytes_field(otlp::KeyValue::kKey, "n");
  Appender(attribute).bytes_field(otlp::KeyValue::kValue, attribute_value);
  std::string span;
  Appender fields(span);
  fields.bytes_field(otlp::Span::kTraceId, std::string(16, '\xFE'));
  fields.bytes_field(otlp::Span::kSpanId, std::string(8, '\x01'));
  fields.bytes_field(otlp::Span::kName, std::string(200, 'n'));
  fields.varint_field(otlp::Span::kKind, static_cast<std::uint64_t>(otlp::SpanKind::kClient));
  fields.fixed64_field(otlp::Span::kStartTimeUnixNano, 1'700'000'000'123'456'789);
  fields.bytes_field(otlp::Span::kAttributes, attribute);
  fields.varint_field(otlp::Span::kDroppedAttributesCount, 300);
  fields.fixed32_field(otlp::Span::kFlags, otlp::kFlagsHasIsRemote | 1);

  const std::string text =
      "trace_id: '" + std::string(16, '\xFE') + "' span_id: '" + std::string(8, '\x01') + "' name: '" +
      std::string(200, 'n') +
      "' kind: SPAN_KIND_CLIENT start_time_unix_nano: 1700000000123456789 attributes { key: 'n' value { "
      "int_value: -5 } } dropped_attributes_count: 300 flags: 257";
  EXPECT_EQ(span, oracle_->serialize("opentelemetry.proto.trace.v1.Span", text));
}

TEST_F(Golden, RawMemoryFormWritesTheSameAsTheAppender) {
  std::string appended;
  Appender(appended).double_field(otlp::AnyValue::kDoubleValue, -0.25);
  std::string raw(wire::fixed64_field_size(otlp::AnyValue::kDoubleValue), '\0');
  auto* const begin = reinterpret_cast<std::uint8_t*>(raw.data());
  EXPECT_EQ(wire::put_double_field(begin, otlp::AnyValue::kDoubleValue, -0.25), begin + raw.size());
  EXPECT_EQ(raw, appended);
  EXPECT_EQ(raw, oracle_->serialize("opentelemetry.proto.common.v1.AnyValue", "double_value: -0.25"));
}

TEST_F(Golden, WalkAcceptsEveryFieldAndCounts) {
  const wire::WalkResult walked = wire::validate_traces(oracle_->serialize(kTraceRequest, kFullRequest));
  ASSERT_TRUE(walked.ok()) << walked.fault.text << " at " << walked.fault.offset;
  EXPECT_EQ(walked.counts.resources, 2U);
  EXPECT_EQ(walked.counts.scopes, 3U);
  EXPECT_EQ(walked.counts.items, 4U);
}

TEST_F(Golden, WalkCountsDataPointsAndLogRecords) {
  const wire::WalkResult metrics = wire::validate(wire::schema::kExportMetricsServiceRequest,
                                                  oracle_->serialize(kMetricsRequest, kFullMetricsRequest));
  ASSERT_TRUE(metrics.ok()) << metrics.fault.text << " at " << metrics.fault.offset;
  EXPECT_EQ(metrics.counts.resources, 1U);
  EXPECT_EQ(metrics.counts.scopes, 2U);
  EXPECT_EQ(metrics.counts.items, 9U);
  const wire::WalkResult logs =
      wire::validate(wire::schema::kExportLogsServiceRequest, oracle_->serialize(kLogsRequest, kFullLogsRequest));
  ASSERT_TRUE(logs.ok()) << logs.fault.text << " at " << logs.fault.offset;
  EXPECT_EQ(logs.counts.resources, 2U);
  EXPECT_EQ(logs.counts.scopes, 2U);
  EXPECT_EQ(logs.counts.items, 3U);
}

TEST_F(Golden, ReaderReadsWhatLibprotobufWrote) {
  const std::string bytes =
      oracle_->serialize("opentelemetry.proto.trace.v1.Span",
                         "name: 'n' kind: SPAN_KIND_SERVER end_time_unix_nano: 7 flags: 9 status { code: 2 }");
  wire::Reader span(bytes);
  std::string seen;
  while (span.next()) {
    switch (span.field()) {
      case otlp::Span::kName:
        seen += "name=" + std::string(span.bytes()) + ";";
        break;
      case otlp::Span::kKind:
        seen += "kind=" + std::to_string(span.varint()) + ";";
        break;
      case otlp::Span::kEndTimeUnixNano:
        seen += "end=" + std::to_string(span.fixed64()) + ";";
        break;
      case otlp::Span::kFlags:
        seen += "flags=" + std::to_string(span.fixed32()) + ";";
        break;
      case otlp::Span::kStatus: {
        wire::Reader status = span.message();
        while (status.next()) seen += "status=" + std::to_string(status.varint()) + ";";
        EXPECT_TRUE(status.ok());
        break;
      }
      default:
        seen += "?";
        break;
    }
  }
  EXPECT_TRUE(span.ok());
  EXPECT_EQ(seen, "name=n;kind=2;end=7;status=2;flags=9;");
}

TEST_F(Golden, PartialSuccessBothWays) {
  const std::string bytes =
      oracle_->serialize(kTraceResponse, "partial_success { rejected_spans: 3 error_message: 'why' }");
  EXPECT_EQ(wire::encode_export_response({3, "why"}), bytes);
  const auto decoded = wire::decode_export_response(bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->rejected_spans, 3);
  EXPECT_EQ(decoded->message, "why");
}

TEST_F(Golden, RpcStatusWithRetryInfoBothWays) {
  const std::string info = oracle_->serialize("google.rpc.RetryInfo", "retry_delay { seconds: 2 nanos: 500000000 }");
  const std::string escaped_info = [&info] {
    std::string out;
    for (const char c : info) {
      const auto byte = static_cast<unsigned char>(c);
      out += {'\\', static_cast<char>('0' + (byte >> 6)), static_cast<char>('0' + (byte >> 3 & 7)),
              static_cast<char>('0' + (byte & 7))};
    }
    return out;
  }();
  const std::string bytes =
      oracle_->serialize(kRpcStatus,
                         "code: 14 message: 'busy' details { type_url: 'type.googleapis.com/google.rpc.RetryInfo' "
                         "value: '" +
                             escaped_info + "' }");
  EXPECT_EQ(wire::encode_rpc_status({14, "busy", 2'500'000'000}), bytes);
  const auto decoded = wire::decode_rpc_status(bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->code, 14);
  EXPECT_EQ(decoded->message, "busy");
  EXPECT_EQ(decoded->retry_delay_nanos, 2'500'000'000U);
}

}  // namespace
}  // namespace nanospan::golden
