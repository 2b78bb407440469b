// Every gRPC status by the OTLP table, and what a person is told.
#include "export/otlp_grpc/otlp_grpc_answer.h"

#include <gmock/gmock.h>

#include "wire/otlp_reply.h"

namespace nanospan::exporters {
namespace {

using net::GrpcCode;
using ::testing::HasSubstr;

const net::Url kUrl = net::parse_url("http://collector:4317").value();

net::GrpcReply reply(GrpcCode code, std::string details = {}) {
  net::GrpcReply made;
  made.answered = true;
  made.status = {code, "words", std::move(details)};
  return made;
}

TEST(OtlpGrpcAnswer, RetryableStatusesAreThoseOfTheSpecification) {
  for (int code = 1; code <= 16; ++code) {
    const bool retryable = code == 1 || code == 4 || code == 10 || code == 11 || code == 14 || code == 15;
    EXPECT_EQ(judge(reply(static_cast<GrpcCode>(code)), kUrl, 1).kind,
              retryable ? Answer::Kind::kRetry : Answer::Kind::kLost)
        << code;
  }
}

// grpc-go compresses its answers to requests that were compressed.
TEST(OtlpGrpcAnswer, ACompressedAnswerIsAnAcknowledgement) {
  net::GrpcReply compressed = reply(GrpcCode::kOk);
  compressed.encoding = "gzip";
  compressed.message =
      std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\0\0\xff\xff\0\0\0\0\0\0\0\0", 23);  // of nothing, by Go
  EXPECT_EQ(judge(compressed, kUrl, 1).kind, Answer::Kind::kAccepted);
  EXPECT_EQ(judge(compressed, kUrl, 1).problem, "");
  char& size = compressed.message[compressed.message.size() - 4];
  size = 2;  // an empty partial_success, as the Collector sends it
  EXPECT_EQ(judge(compressed, kUrl, 1).problem, "");
  size = 4;
  EXPECT_EQ(judge(compressed, kUrl, 1).kind, Answer::Kind::kAccepted);
  EXPECT_THAT(judge(compressed, kUrl, 1).problem, HasSubstr("a remark that cannot be read: it is compressed"));
}

TEST(OtlpGrpcAnswer, ARetryInfoMakesResourceExhaustedRetryableAndGivesTheDelay) {
  const Answer answer = judge(
      reply(GrpcCode::kResourceExhausted, wire::encode_rpc_status({8, "quota", 5 * base::kNanosPerSecond})), kUrl, 1);
  EXPECT_EQ(answer.kind, Answer::Kind::kRetry);
  EXPECT_EQ(answer.retry_after_nanos, 5 * base::kNanosPerSecond);
}

TEST(OtlpGrpcAnswer, ADelayBeyondADayIsAMistake) {
  const Answer answer = judge(
      reply(GrpcCode::kUnavailable, wire::encode_rpc_status({14, "", 1'000'000 * base::kNanosPerSecond})), kUrl, 1);
  EXPECT_EQ(answer.retry_after_nanos, kRetryDelayNanosMax);
}

TEST(OtlpGrpcAnswer, BrokenDetailsAreAsIfThereWereNone) {
  EXPECT_EQ(judge(reply(GrpcCode::kResourceExhausted, "\xff\xff"), kUrl, 1).kind, Answer::Kind::kLost);
}

TEST(OtlpGrpcAnswer, NoAnswerFromThePortOfHttpIsHinted) {
  net::GrpcReply none;
  none.failure = net::HttpFailure::kNotHttp;
  none.status.message = "http://collector:4318: the peer breaks HTTP/2";
  const Answer answer = judge(none, net::parse_url("http://collector:4318").value(), 1);
  EXPECT_EQ(answer.kind, Answer::Kind::kLost);
  EXPECT_THAT(answer.problem, HasSubstr("OTLP over gRPC is usually on 4317"));
  EXPECT_EQ(answer.cause, "not_http");
}

TEST(OtlpGrpcAnswer, RemediesAreNamed) {
  EXPECT_THAT(judge(reply(GrpcCode::kUnauthenticated), kUrl, 1).problem, HasSubstr("OTEL_EXPORTER_OTLP_HEADERS"));
  EXPECT_THAT(judge(reply(GrpcCode::kResourceExhausted), kUrl, 1).problem, HasSubstr("smaller batches"));
}

}  // namespace
}  // namespace nanospan::exporters
