#include "wire/otlp_reply.h"

#include <gtest/gtest.h>

#include <string>

#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan::wire {
namespace {

using namespace std::string_literals;

TEST(ExportResponse, FullSuccessIsNoBytes) {
  EXPECT_EQ(encode_export_response({}), "");
  const auto decoded = decode_export_response("");
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(decoded->full());
}

TEST(ExportResponse, WarningWithoutRejectedSpansIsKept) {
  const auto decoded = decode_export_response(encode_export_response({0, "slow down"}));
  ASSERT_TRUE(decoded.ok());
  EXPECT_FALSE(decoded->full());
  EXPECT_EQ(decoded->rejected_spans, 0);
  EXPECT_EQ(decoded->message, "slow down");
}

TEST(ExportResponse, TextThatIsNotUtf8IsRepairedBothWays) {
  const std::string bytes = encode_export_response({1, "a\xFF"});
  EXPECT_NE(bytes.find("a\xEF\xBF\xBD"), std::string::npos);
  const auto decoded = decode_export_response("\x0A\x03\x12\x01\xFF"s);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->message, "\xEF\xBF\xBD");
}

TEST(ExportResponse, GarbageIsAnErrorWithItsByte) {
  const auto decoded = decode_export_response("\x0A\x02\x12\x09"s);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, ErrorCode::kMalformed);
  EXPECT_EQ(decoded.error().message, "byte 3: length runs past the end");
  EXPECT_FALSE(decode_export_response("<html>502</html>").ok());
}

TEST(RpcStatus, BothWaysWithAndWithoutDelay) {
  for (const RpcStatus& status : {RpcStatus{3, "byte 7: bad", std::nullopt}, RpcStatus{14, "busy", 1'000'000},
                                  RpcStatus{8, "", 0}, RpcStatus{-1, "m", 3'600'000'000'001}}) {
    const auto decoded = decode_rpc_status(encode_rpc_status(status));
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(decoded->code, status.code);
    EXPECT_EQ(decoded->message, status.message);
    EXPECT_EQ(decoded->retry_delay_nanos, status.retry_delay_nanos);
  }
}

std::string status_with_delay(std::uint64_t seconds, std::uint64_t nanos) {
  std::string duration, info, any, status;
  Appender(duration).varint_field(otlp::Duration::kSeconds, seconds);
  Appender(duration).varint_field(otlp::Duration::kNanos, nanos);
  Appender(info).bytes_field(otlp::RetryInfo::kRetryDelay, duration);
  Appender(any).bytes_field(otlp::Any::kTypeUrl, "type.googleapis.com/google.rpc.RetryInfo");
  Appender(any).bytes_field(otlp::Any::kValue, info);
  Appender(status).bytes_field(otlp::RpcStatus::kDetails, any);
  return status;
}

TEST(RpcStatus, DelaysThatNoOneMeansAreNoDelay) {
  EXPECT_EQ(decode_rpc_status(status_with_delay(UINT64_MAX, 0))->retry_delay_nanos, std::nullopt);  // -1 s
  EXPECT_EQ(decode_rpc_status(status_with_delay(1, 1'000'000'000))->retry_delay_nanos, std::nullopt);
  EXPECT_GT(decode_rpc_status(status_with_delay(315'576'000'000, 0))->retry_delay_nanos, std::uint64_t{1} << 63);
}

TEST(RpcStatus, OtherDetailsAreIgnored) {
  std::string any, bytes;
  Appender(any).bytes_field(otlp::Any::kTypeUrl, "type.googleapis.com/google.rpc.Help");
  Appender(any).bytes_field(otlp::Any::kValue, "\xFF\xFF");
  Appender(bytes).bytes_field(otlp::RpcStatus::kDetails, any);
  const auto decoded = decode_rpc_status(bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->retry_delay_nanos, std::nullopt);
}

}  // namespace
}  // namespace nanospan::wire
