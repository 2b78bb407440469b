// Every gRPC status by the OTLP table, and what a person is told.
#include "export/otlp_grpc/otlp_grpc_answer.h"

#include <gmock/gmock.h>

#include "export/otlp/codec_hook.h"
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

#ifdef NANOSPAN_HAS_GZIP
// grpc-go compresses its answers to requests that were compressed.
TEST(OtlpGrpcAnswer, ACompressedAnswerIsReadAsAnyOther) {
  net::GrpcReply compressed = reply(GrpcCode::kOk);
  compressed.encoding = "gzip";
  const auto compress = [](const std::string& response) {
    net::ByteBlock out;
    const std::string_view slice = response;
    EXPECT_TRUE(linked_codec("gzip", Protocol::kGrpc)->encode({&slice, 1}, out));
    return std::string(out.view());
  };
  compressed.message =
      std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\0\0\xff\xff\0\0\0\0\0\0\0\0", 23);  // of nothing, by Go
  EXPECT_EQ(judge(compressed, kUrl, 9).kind, Answer::Kind::kAccepted);
  EXPECT_EQ(judge(compressed, kUrl, 9).problem, "");
  compressed.message = compress(std::string("\x0a\0", 2));  // an empty partial_success, as the Collector sends it
  EXPECT_EQ(judge(compressed, kUrl, 9).problem, "");
  compressed.message = compress(wire::encode_export_response({4, "too old"}));
  EXPECT_EQ(judge(compressed, kUrl, 9).rejected, 4U);
  EXPECT_EQ(judge(compressed, kUrl, 9).problem, "http://collector:4317 rejected 4 of 9 spans: \"too old\"");
}

// The status says that the spans have arrived, whatever became of the remark.
TEST(OtlpGrpcAnswer, ACompressedAnswerThatCannotBeReadIsAnAcknowledgement) {
  net::GrpcReply broken = reply(GrpcCode::kOk);
  broken.encoding = "gzip";
  broken.message = "zzzzz";
  EXPECT_EQ(judge(broken, kUrl, 9).kind, Answer::Kind::kAccepted);
  EXPECT_EQ(judge(broken, kUrl, 9).rejected, 0U);
  EXPECT_THAT(judge(broken, kUrl, 9).problem,
              HasSubstr("a remark that cannot be read: it is compressed with \"gzip\""));
  net::ByteBlock bomb;
  const std::string zeros(2U << 20, '\0');
  const std::string_view slice = zeros;
  ASSERT_TRUE(linked_codec("gzip", Protocol::kGrpc)->encode({&slice, 1}, bomb));
  broken.message = bomb.view();
  EXPECT_THAT(judge(broken, kUrl, 9).problem, HasSubstr("broken or too large"));
}
#endif

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

// Our own gateway takes HTTP/2 on 4318 as well, and answers a call there as a request.
TEST(OtlpGrpcAnswer, AnAnswerOfHttpFromThePortOfHttpIsHinted) {
  net::GrpcReply http = reply(GrpcCode::kUnknown);
  http.is_http = true;
  http.status.message = "HTTP status 415 without a gRPC status, as of no gRPC server";
  const Answer answer = judge(http, net::parse_url("http://collector:4318").value(), 1);
  EXPECT_EQ(answer.kind, Answer::Kind::kLost);
  EXPECT_EQ(answer.problem,
            "http://collector:4318 answered UNKNOWN: HTTP status 415 without a gRPC status, as of no gRPC server; 4318 "
            "is the "
            "port of OTLP over HTTP, OTLP over gRPC is usually on 4317");
}

// An answer in an encoding that nobody asked for and no request had (grpc doc/compression.md: INTERNAL).
TEST(OtlpGrpcAnswer, AnAnswerThatBreaksGrpcLosesTheSpansAndIsNotRetried) {
  net::GrpcReply broken;
  broken.failure = net::HttpFailure::kMalformedResponse;
  broken.status = {GrpcCode::kInternal, "http://collector:4317: a compressed answer without grpc-encoding", {}};
  const Answer answer = judge(broken, kUrl, 9);
  EXPECT_EQ(answer.kind, Answer::Kind::kLost);
  EXPECT_EQ(answer.reason, DropReason::kExportFailed);
  EXPECT_THAT(answer.problem, HasSubstr("a compressed answer without grpc-encoding"));
}

TEST(OtlpGrpcAnswer, RemediesAreNamed) {
  EXPECT_THAT(judge(reply(GrpcCode::kUnauthenticated), kUrl, 1).problem, HasSubstr("OTEL_EXPORTER_OTLP_HEADERS"));
  EXPECT_THAT(judge(reply(GrpcCode::kResourceExhausted), kUrl, 1).problem, HasSubstr("smaller batches"));
}

}  // namespace
}  // namespace nanospan::exporters
