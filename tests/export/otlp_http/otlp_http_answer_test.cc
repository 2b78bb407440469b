// Answers judged without a server: the corners that the fault matrix does not reach.
#include "export/otlp_http/otlp_http_answer.h"

#include "export/otlp/otlp_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/otlp_reply.h"

namespace nanospan::exporters {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const net::Url kUrlOfHttp = net::parse_url("http://collector:4317/custom").value();
constexpr base::UnixNanos kNow = 1'700'000'000 * base::kNanosPerSecond;

Answer answer_to(net::Response response) { return judge(net::HttpResult(std::move(response)), kUrlOfHttp, 10, kNow); }
Answer answer_to(net::HttpFailure failure) {
  return judge(net::HttpResult(net::HttpError{failure, {ErrorCode::kUnavailable, "what happened"}, false}), kUrlOfHttp,
               10, kNow);
}

TEST(OtlpHttpAnswer, EveryFailureHasAKindAndSaysWhatHappened) {
  using net::HttpFailure;
  using Kind = Answer::Kind;
  const struct {
    HttpFailure failure;
    Kind kind;
    DropReason reason;
  } rows[] = {
      {HttpFailure::kInvalidRequest, Kind::kLost, DropReason::kExportFailed},
      {HttpFailure::kQueueFull, Kind::kRetry, DropReason::kExportFailed},
      {HttpFailure::kResolve, Kind::kRetry, DropReason::kExportFailed},
      {HttpFailure::kResolveTimeout, Kind::kLost, DropReason::kExportTimeout},
      {HttpFailure::kRefused, Kind::kRetry, DropReason::kExportFailed},
      {HttpFailure::kUnreachable, Kind::kRetry, DropReason::kExportFailed},
      {HttpFailure::kConnectTimeout, Kind::kLost, DropReason::kExportTimeout},
      {HttpFailure::kSendTimeout, Kind::kLost, DropReason::kExportTimeout},
      {HttpFailure::kResponseTimeout, Kind::kLost, DropReason::kExportTimeout},
      {HttpFailure::kReset, Kind::kRetry, DropReason::kExportFailed},
      {HttpFailure::kClosedBeforeResponse, Kind::kRetry, DropReason::kExportFailed},
      {HttpFailure::kClosedMidResponse, Kind::kRetry, DropReason::kExportFailed},
      {HttpFailure::kNotHttp, Kind::kLost, DropReason::kExportFailed},
      {HttpFailure::kMalformedResponse, Kind::kLost, DropReason::kExportFailed},
      {HttpFailure::kResponseTooLarge, Kind::kLost, DropReason::kExportFailed},
      {HttpFailure::kCancelled, Kind::kLost, DropReason::kExportFailed},
      {HttpFailure::kSystem, Kind::kRetry, DropReason::kExportFailed},
      {HttpFailure::kTls, Kind::kRetry, DropReason::kExportFailed},
  };
  for (const auto& row : rows) {
    const Answer answer = answer_to(row.failure);
    EXPECT_EQ(answer.kind, row.kind) << net::to_string(row.failure);
    EXPECT_EQ(answer.reason, row.reason) << net::to_string(row.failure);
    EXPECT_EQ(answer.cause, net::to_string(row.failure));
    EXPECT_THAT(answer.problem, HasSubstr("what happened"));
  }
}

TEST(OtlpHttpAnswer, ClosedOnTheGrpcPortSaysSo) {
  EXPECT_THAT(answer_to(net::HttpFailure::kClosedBeforeResponse).problem, HasSubstr("4318"));
}

TEST(OtlpHttpAnswer, NotFoundNamesThePathThatWasAskedForAndTheUsualOne) {
  const std::string problem = answer_to({404, {}, "", false}).problem;
  EXPECT_THAT(problem, HasSubstr("the path /custom is not known"));
  EXPECT_THAT(problem, HasSubstr("/v1/traces"));
}

TEST(OtlpHttpAnswer, NotFoundAtADoubledPathSaysWhereTheSecondOneComesFrom) {
  const net::Url doubled = net::parse_url("http://collector:4318/v1/traces/v1/traces").value();
  const net::Response response{404, {}, "", false};
  EXPECT_THAT(judge(net::HttpResult(response), doubled, 10, kNow).problem, HasSubstr("v1/traces is appended"));
}

TEST(OtlpHttpAnswer, AKeyInTheQueryIsNotSaid) {
  const net::Url url = net::parse_url("http://collector:4318/v1/traces?key=secret").value();
  for (const int status : {200, 400, 404, 405, 503}) {
    const net::Response response{status, {}, "<html>", false};
    EXPECT_THAT(judge(net::HttpResult(response), url, 10, kNow).problem, Not(HasSubstr("secret"))) << status;
  }
}

TEST(OtlpHttpAnswer, RedirectShowsWhereTo) {
  EXPECT_THAT(answer_to({308, {{"Location", "https://elsewhere/v1/traces"}}, "", false}).problem,
              HasSubstr("https://elsewhere/v1/traces"));
}

TEST(OtlpHttpAnswer, TextOfAProxyIsShownButAWebPageIsNot) {
  EXPECT_THAT(answer_to({500, {{"Content-Type", "text/plain"}}, "upstream died", false}).problem,
              HasSubstr("upstream died"));
  EXPECT_THAT(answer_to({500, {{"Content-Type", "text/html"}}, "<html>", false}).problem, Not(HasSubstr("<html>")));
}

TEST(OtlpHttpAnswer, HeaderWinsOverRetryInfo) {
  const std::string body = wire::encode_rpc_status({8, "busy", 9 * base::kNanosPerSecond});
  const Answer answer =
      answer_to({429, {{"Content-Type", "application/x-protobuf"}, {"Retry-After", "2"}}, body, false});
  EXPECT_EQ(answer.retry_after_nanos, 2 * base::kNanosPerSecond);
}

TEST(OtlpHttpAnswer, WordsOfTheReceiverEndWithTheirLastWord) {
  EXPECT_THAT(answer_to({404, {}, "no such page\r\n", false}).problem, HasSubstr(": \"no such page\"; "));
}

TEST(OtlpHttpAnswer, WordsOfTheReceiverAreBounded) {
  EXPECT_LT(answer_to({400, {}, std::string(100'000, 'x'), false}).problem.size(), 600U);
}

// proto "OTLP/HTTP Response": the status says whether the spans were taken.
TEST(OtlpHttpAnswer, ASuccessWithAnotherBodyIsTakenAtItsStatusAndShown) {
  const struct {
    const char* type;
    const char* body;
  } rows[] = {{"text/plain", "ok"},
              {"application/json", R"({"status":"ok"})"},
              {"application/json", R"({"partialSuccess":{"rejectedSpans":"5"}})"},
              {"", "accepted"},
              {"application/octet-stream", "\x01\x02"}};
  for (const auto& row : rows) {
    const Answer answer = answer_to({200, {{"Content-Type", row.type}}, row.body, false});
    EXPECT_EQ(answer.kind, Answer::Kind::kAccepted) << row.body;
    EXPECT_THAT(answer.problem, HasSubstr("the spans count as exported, check that it is an OTLP receiver"));
    EXPECT_EQ(answer.cause, "no_otlp_answer");
  }
  const Answer malformed =
      answer_to({200, {{"Content-Type", "application/x-protobuf"}}, std::string("\x0a\x7f"), false});
  EXPECT_EQ(malformed.kind, Answer::Kind::kAccepted);
  EXPECT_THAT(malformed.problem, HasSubstr("its answer is malformed"));
}

TEST(OtlpHttpAnswer, ASuccessThatIsAWebPageIsNoDelivery) {
  for (const char* body : {"<html></html>", ""}) {
    const Answer answer = answer_to({200, {{"Content-Type", "Text/HTML; charset=utf-8"}}, body, false});
    EXPECT_EQ(answer.kind, Answer::Kind::kLost);
    EXPECT_THAT(answer.problem, HasSubstr("this is not an OTLP receiver"));
  }
}

TEST(OtlpHttpAnswer, ASuccessThatSaysNothingIsSilentWhateverItsType) {
  for (const char* type : {"text/plain; charset=utf-8", "application/json", ""}) {
    EXPECT_EQ(answer_to({200, {{"Content-Type", type}}, "", false}).problem, "") << type;
  }
  EXPECT_EQ(answer_to({200, {{"Content-Type", "application/json"}}, "{}", false}).problem, "");
}

TEST(OtlpHttpAnswer, AnySuccessfulStatusIsAccepted) {
  for (const int status : {200, 202, 204}) {
    EXPECT_EQ(answer_to({status, {}, "", false}).kind, Answer::Kind::kAccepted);
    EXPECT_EQ(answer_to({status, {}, "", false}).problem, "");
  }
}

}  // namespace
}  // namespace nanospan::exporters
