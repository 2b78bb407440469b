// Attempts against a scripted server: what goes out, and what each answer means.
#include "gateway/exporters/otlp_http/otlp_http_sender.h"

#include <gtest/gtest.h>

#include "tests/gateway/exporters/badge.h"
#include "tests/gateway/sample_traces.h"
#include "tests/support/fake_clock.h"
#include "tests/support/scripted_server.h"
#include "wire/otlp_reply.h"

namespace nanospan::gateway {
namespace {

using nanospan::testing::close_now;
using nanospan::testing::closed_port;
using nanospan::testing::respond;
using nanospan::testing::ScriptedServer;

class OtlpHttpSenderTest : public ::testing::Test {
 protected:
  OtlpHttpSenderTest() : loop_(clock_, net::make_epoll_poller().value()), server_(loop_) {
    config_.url = net::parse_url(server_.url("/v1/traces")).value();
    config_.compression.coding = nullptr;
  }
  OtlpHttpSender& sender() {
    if (!sender_) sender_ = OtlpHttpSender::create(loop_, config_, "exporter test", log_).value();
    return *sender_;
  }
  SendResult send(const BatchRef& batch = testing::sample_batch(), base::Deadline deadline = base::Deadline::never()) {
    std::optional<SendResult> result;
    sender().send(batch, deadline, [&result](SendResult r) { result = std::move(r); });
    while (!result) loop_.run_once(base::Deadline::never());
    return *result;
  }
  SendResult send_against(int status, const std::string& body = {}, const std::vector<net::Header>& headers = {}) {
    server_.script({respond(status, body, headers)});
    return send();
  }

  nanospan::testing::FakeClock clock_;
  std::string logged_;
  Log log_{clock_, LogLevel::kInfo, [this](std::string_view line) { logged_ += line; }};
  net::EventLoop loop_;
  ScriptedServer server_;
  OtlpHttpExporterConfig config_;
  std::unique_ptr<OtlpHttpSender> sender_;
};

TEST_F(OtlpHttpSenderTest, AProxyGetsTheWholeUrl) {
  config_.url = net::parse_url("http://far:4318/v1/traces").value();
  config_.proxy = net::parse_proxy(server_.url()).value();
  EXPECT_EQ(send().kind, SendResult::Kind::kSent);
  EXPECT_EQ(server_.requests().at(0).target, "http://far:4318/v1/traces");
}

TEST_F(OtlpHttpSenderTest, TheConfigurationNamesHostAndUserAgent) {
  config_.authority = "otlp.example.com";
  config_.headers = {{"user-agent", "shop"}};
  EXPECT_EQ(send().kind, SendResult::Kind::kSent);
  const auto headers = server_.requests().at(0).headers;
  EXPECT_EQ(net::find_header(headers, "host"), "otlp.example.com");
  std::vector<std::string> agents;
  for (const auto& header : headers) {
    if (net::equals_ignoring_case(header.name, "User-Agent")) agents.push_back(header.value);
  }
  EXPECT_EQ(agents, std::vector<std::string>{"shop"});
}

TEST_F(OtlpHttpSenderTest, SendsTheBytesAsTheyCame) {
  config_.headers = {{"x-tenant", "shop"}};
  const BatchRef batch = testing::sample_batch(3);
  EXPECT_EQ(send(batch).kind, SendResult::Kind::kSent);
  const auto request = server_.requests().at(0);
  EXPECT_EQ(request.method + " " + request.target, "POST /v1/traces");
  EXPECT_EQ(request.body, batch->bytes());
  EXPECT_EQ(net::find_header(request.headers, "content-type"), "application/x-protobuf");
  EXPECT_EQ(net::find_header(request.headers, "x-tenant"), "shop");
  EXPECT_FALSE(net::find_header(request.headers, "content-encoding"));
}

TEST_F(OtlpHttpSenderTest, EachRequestCarriesTheCredentialAsItIsThen) {
  config_.headers = {{"Authorization", "old"}};
  sender_ = OtlpHttpSender::create(loop_, config_, "exporter test", log_, std::make_shared<testing::Badge>()).value();
  send();
  send();
  EXPECT_EQ(net::find_header(server_.requests().at(0).headers, "Authorization"), "Bearer 1");
  EXPECT_EQ(net::find_header(server_.requests().at(1).headers, "Authorization"), "Bearer 2");
}

std::string decoded(const net::Codec& codec, std::string_view body) {
  net::DecodeBuffer out(1 << 20);
  EXPECT_TRUE(codec.make_decoder()->decode({&body, 1}, out).ok());
  return std::string(out.take().view());
}

TEST_F(OtlpHttpSenderTest, CompressesInEveryCoding) {
  const BatchRef batch = testing::sample_batch(100);
  for (const ContentCoding& coding : content_codings()) {
    config_.compression.coding = &coding;
    config_.compression.level = coding.codec->level_default;
    sender_.reset();
    EXPECT_EQ(send(batch).kind, SendResult::Kind::kSent);
    const auto request = server_.requests().back();
    EXPECT_EQ(net::find_header(request.headers, "content-encoding"), coding.name);
    EXPECT_LT(request.body.size(), batch->bytes().size());
    EXPECT_EQ(decoded(*coding.codec, request.body), batch->bytes());
  }
}

// Compressing costs more than all else together: a destination that is down for an hour must not be paid for again at
// each try. What is kept is charged.
TEST_F(OtlpHttpSenderTest, CompressesOnceForAllTriesAndChargesTheCopy) {
  static int encoded = 0;
  encoded = 0;
  net::Codec counting = *find_content_coding("gzip")->codec;
  counting.encode = [](std::span<const std::string_view> body, int level) {
    ++encoded;
    return find_content_coding("gzip")->codec->encode(body, level);
  };
  const ContentCoding coding{"gzip", &counting};
  config_.compression.coding = &coding;
  MemoryBudget budget(10'000);
  const std::string bytes = testing::sample_request(100);
  BudgetCharge charge(budget);
  ASSERT_TRUE(charge.grow_to(9'900));
  BatchRef batch = std::make_shared<const Batch>(net::ByteBlock::copy_of(bytes), std::nullopt, SpanCounts{1, 1, 100},
                                                 std::move(charge));
  for (int i = 0; i < 3; ++i) {
    server_.script({respond(503, "", {})});
    EXPECT_EQ(send(batch).kind, SendResult::Kind::kRetry);
  }
  EXPECT_EQ(send(batch).kind, SendResult::Kind::kSent) << "a full budget must not keep what would empty it";
  EXPECT_EQ(encoded, 1);
  EXPECT_EQ(decoded(counting, server_.requests().back().body), bytes);
  EXPECT_EQ(budget.used(), 9'900 + server_.requests().back().body.size());
  EXPECT_FALSE(budget.try_take(1));
  batch.reset();
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_TRUE(budget.try_take(1));
}

TEST_F(OtlpHttpSenderTest, ForwardsWhatCameCompressedVerbatim) {
  const std::string bytes = testing::sample_request(2);
  const std::string_view slice = bytes;
  for (const ContentCoding& coding : content_codings()) {
    config_.compression.coding = &coding;
    config_.compression.level = coding.codec->level_default;
    sender_.reset();
    net::ByteBlock frame = coding.codec->encode({&slice, 1}, coding.codec->level_max).value();
    const std::string expected(frame.view());
    EXPECT_EQ(send(std::make_shared<const Batch>(net::ByteBlock::copy_of(bytes),
                                                 EncodedBody{coding.codec->coding, std::move(frame)},
                                                 SpanCounts{1, 1, 2}, BudgetCharge()))
                  .kind,
              SendResult::Kind::kSent);
    EXPECT_EQ(server_.requests().back().body, expected);
  }
}

TEST_F(OtlpHttpSenderTest, StatusesThatOtlpRetries) {
  for (const int status : {429, 502, 503, 504})
    EXPECT_EQ(send_against(status).kind, SendResult::Kind::kRetry) << status;
  for (const int status : {400, 401, 404, 413, 500, 501, 301})
    EXPECT_EQ(send_against(status).kind, SendResult::Kind::kPermanent) << status;
  for (const int status : {200, 202}) EXPECT_EQ(send_against(status).kind, SendResult::Kind::kSent) << status;
}

// Any web server answers 200: counting that as delivered would lose everything without a word.
TEST_F(OtlpHttpSenderTest, OnlyAnOtlpAnswerIsDelivery) {
  const SendResult page = send_against(200, "<html>It works!</html>", {{"Content-Type", "text/html; charset=utf-8"}});
  EXPECT_EQ(page.kind, SendResult::Kind::kPermanent);
  EXPECT_EQ(page.reason, "not_otlp");
  EXPECT_EQ(page.message, server_.url("/v1/traces") +
                              " answered 200 with a web page; this is not an OTLP receiver, check host, port and path "
                              "of the endpoint");
  const std::vector<net::Header> protobuf = {{"Content-Type", "Application/X-Protobuf"}};
  const std::vector<net::Header> json = {{"Content-Type", "application/json"}};
  EXPECT_EQ(send_against(200, "", {{"Content-Type", "text/html"}}).kind, SendResult::Kind::kPermanent);
  EXPECT_EQ(send_against(200, "OK").kind, SendResult::Kind::kPermanent);
  EXPECT_EQ(send_against(200, "\xff\xff\xff", protobuf).kind, SendResult::Kind::kPermanent);
  EXPECT_EQ(send_against(200, "{\"status\": \"ok\"}", json).kind, SendResult::Kind::kPermanent);
  EXPECT_EQ(send_against(200, "", protobuf).kind, SendResult::Kind::kSent);
  EXPECT_EQ(send_against(200, " { \"partialSuccess\": {}}", json).kind, SendResult::Kind::kSent);
  EXPECT_EQ(send_against(200, "{}", json).kind, SendResult::Kind::kSent);
}

TEST_F(OtlpHttpSenderTest, FinalAnswersNameTheRemedy) {
  EXPECT_NE(send_against(401).message.find("`headers`"), std::string::npos);
  EXPECT_NE(send_against(415).message.find("is this a gRPC port (4317)?"), std::string::npos);
  EXPECT_NE(send_against(302, "", {{"Location", "https://h/"}}).message.find("put the right endpoint: \"https://h/\""),
            std::string::npos);
}

TEST_F(OtlpHttpSenderTest, RetryAfterInBothForms) {
  EXPECT_EQ(send_against(503, {}, {{"Retry-After", "7"}}).retry_after_nanos, 7 * base::kNanosPerSecond);
  // The fake clock stands at 2023-11-14T22:13:20Z.
  EXPECT_EQ(send_against(429, {}, {{"Retry-After", "Tue, 14 Nov 2023 22:13:50 GMT"}}).retry_after_nanos,
            30 * base::kNanosPerSecond);
  EXPECT_EQ(send_against(503, {}, {{"Retry-After", "soon"}}).retry_after_nanos, 0u);
}

TEST_F(OtlpHttpSenderTest, PartialSuccessIsSentAndNeverRetried) {
  const SendResult result = send_against(200, wire::encode_export_response({3, "too \x1b old"}),
                                         {{"Content-Type", "application/x-protobuf"}});
  EXPECT_EQ(result.kind, SendResult::Kind::kSent);
  EXPECT_EQ(result.rejected_spans, 3u);
  EXPECT_NE(logged_.find("rejected 3 spans for good: too ? old"), std::string::npos) << logged_;
}

TEST_F(OtlpHttpSenderTest, ErrorsSayWhatTheServerSaid) {
  const std::string body = wire::encode_rpc_status({3, "trace id is zero", std::nullopt});
  const SendResult result = send_against(400, body, {{"Content-Type", "application/x-protobuf"}});
  EXPECT_EQ(result.message, server_.url("/v1/traces") + " answered 400 Bad Request: trace id is zero");
  EXPECT_EQ(result.reason, "client_error");
  EXPECT_NE(send_against(404, "no such page").message.find("no such page; check the path of the endpoint"),
            std::string::npos);
}

TEST_F(OtlpHttpSenderTest, BrokenConnectionsAreRetriedWithTheirReason) {
  server_.script({close_now()});
  const SendResult closed = send();
  EXPECT_EQ(closed.kind, SendResult::Kind::kRetry);
  EXPECT_EQ(closed.reason, "closed_before_response");
  sender_.reset();
  config_.url.port = closed_port();
  const SendResult refused = send();
  EXPECT_EQ(refused.kind, SendResult::Kind::kRetry);
  EXPECT_EQ(refused.reason, "refused");
}

}  // namespace
}  // namespace nanospan::gateway
