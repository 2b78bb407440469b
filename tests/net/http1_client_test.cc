#include "net/http1_client.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "tests/net/loop_fixture.h"
#include "tests/support/scripted_server.h"

namespace nanospan::net {
namespace {

using testing::close_now;
using testing::reset_now;
using testing::respond;
using testing::Script;
using testing::ScriptedServer;
using testing::send_bytes;
using testing::send_endlessly;
using testing::stop_reading;
using testing::wait_nanos;

class Http1ClientTest : public LoopTest {
 protected:
  void TearDown() override {
    client_.reset();
    settle();
  }
  Http1Client& client(std::uint16_t port) {
    if (!client_) {
      options_.origin.host = "127.0.0.1";
      options_.origin.port = port;
      client_ = std::move(Http1Client::create(*loop_, std::move(options_))).value();
    }
    return *client_;
  }
  Http1Client& client() { return client(server_.port()); }
  HttpRequest request(std::string_view body = "hello") const {
    HttpRequest request;
    request.target = "/v1/traces";
    request.body = {body};
    request.deadline = base::Deadline::after(clock_, 10 * kSeconds);
    return request;
  }
  /// Sends and waits for the completion.
  HttpResult exchange(HttpRequest request) {
    std::optional<HttpResult> result;
    client().send(std::move(request), [&](HttpResult done) { result = std::move(done); });
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return result ? std::move(*result) : HttpResult(HttpError{});
  }
  HttpResult exchange() { return exchange(request()); }
  void expect_failure(HttpFailure failure, std::string_view text, bool may_have_arrived = true) {
    const HttpResult result = exchange();
    ASSERT_FALSE(result.ok()) << result.response.status;
    EXPECT_EQ(to_string(result.error.failure), to_string(failure)) << result.error.error.message;
    EXPECT_NE(result.error.error.message.find(text), std::string::npos) << result.error.error.message;
    EXPECT_EQ(result.error.error.message.find("http://127.0.0.1:"), 0u) << "the message begins with the origin";
    EXPECT_EQ(result.error.may_have_arrived, may_have_arrived);
  }

  ScriptedServer server_{*loop_};
  Http1ClientOptions options_;
  std::unique_ptr<Http1Client> client_;
};

TEST_F(Http1ClientTest, SendsSlicesAndHeadersAndGetsTheResponse) {
  server_.script({respond(200, "answer", {{"Content-Type", "text/plain"}})});
  HttpRequest sent = request();
  sent.body = {"one ", "", "two ", "three"};
  sent.headers = {{"Content-Type", "application/x-protobuf"}};
  const HttpResult result = exchange(std::move(sent));
  ASSERT_TRUE(result.ok()) << result.error.error.message;
  EXPECT_EQ(result.response.status, 200);
  EXPECT_EQ(result.response.body, "answer");
  EXPECT_EQ(find_header(result.response.headers, "content-type"), "text/plain");
  const testing::SeenRequest seen = server_.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/v1/traces");
  EXPECT_EQ(seen.body, "one two three");
  EXPECT_EQ(find_header(seen.headers, "host"), "127.0.0.1:" + std::to_string(server_.port()));
  EXPECT_EQ(find_header(seen.headers, "content-length"), "13");
}

TEST_F(Http1ClientTest, KeepsTheConnectionAndClosesItWhenItIsOld) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(exchange().ok());
  EXPECT_EQ(server_.connections(), 1u);
  EXPECT_EQ(client().counters().connections_reused, 2u);
  advance(51 * kSeconds);
  EXPECT_TRUE(exchange().ok());
  EXPECT_EQ(server_.connections(), 2u);
}

TEST_F(Http1ClientTest, SeveralRequestsInFlightUseSeveralConnectionsUpToTheLimit) {
  options_.connections_max = 2;
  options_.queued_requests_max = 3;
  for (int i = 0; i < 2; ++i) server_.script({wait_nanos(kSeconds), respond(200)});
  std::vector<std::string> outcomes;
  for (int i = 0; i < 6; ++i) {
    client().send(request(), [&](HttpResult result) {
      outcomes.emplace_back(result.ok() ? "ok" : to_string(result.error.failure));
    });
  }
  EXPECT_TRUE(outcomes.empty()) << "never from within send()";
  EXPECT_EQ(client().in_flight(), 5u);
  ASSERT_TRUE(run_until([&] { return server_.requests().size() == 2; }));
  EXPECT_EQ(outcomes, std::vector<std::string>{"queue_full"});
  advance(kSeconds);
  ASSERT_TRUE(run_until([&] { return outcomes.size() == 6; }));
  EXPECT_EQ(server_.connections(), 2u);
  EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), "ok"), 5);
}

TEST_F(Http1ClientTest, ALargeBodyToASlowReaderIsSentWhole) {
  std::string body(8'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 1000) body[i] = static_cast<char>('a' + i / 1000 % 26);
  HttpRequest large = request();
  large.body.clear();
  for (std::size_t at = 0; at < body.size(); at += 3000) large.body.push_back(std::string_view(body).substr(at, 3000));
  ASSERT_TRUE(exchange(std::move(large)).ok());
  EXPECT_EQ(server_.requests().at(0).body, body);
}

TEST_F(Http1ClientTest, StatusesAreResponsesNotFailures) {
  server_.script({respond(429, "slow down", {{"Retry-After", "7"}})});
  server_.script({respond(503, "", {{"Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"}})});
  server_.script({respond(400, "bad")});
  const HttpResult limited = exchange();
  EXPECT_EQ(limited.response.status, 429);
  EXPECT_EQ(find_header(limited.response.headers, "retry-after"), "7");
  EXPECT_EQ(exchange().response.status, 503);
  EXPECT_EQ(exchange().response.body, "bad");
}

TEST_F(Http1ClientTest, ReadsEveryFramingAndInterimResponses) {
  server_.script({send_bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), send_bytes("2\r\nde\r\n0\r\n\r\n")});
  server_.script({send_bytes("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"), respond(200, "after")});
  server_.script({send_bytes("HTTP/1.1 204 No Content\r\n\r\n")});
  server_.script({send_bytes("HTTP/1.0 200 OK\r\n\r\nuntil the close"), close_now()});
  EXPECT_EQ(exchange().response.body, "abcde");
  EXPECT_EQ(exchange().response.body, "after");
  EXPECT_EQ(exchange().response.status, 204);
  EXPECT_EQ(exchange().response.body, "until the close");
  EXPECT_EQ(server_.connections(), 1u);
  EXPECT_TRUE(exchange().ok());
  EXPECT_EQ(server_.connections(), 2u);
}

TEST_F(Http1ClientTest, Refused) {
  client(testing::closed_port());
  expect_failure(HttpFailure::kRefused, "Connection refused", false);
}

TEST_F(Http1ClientTest, ResetAndClosedWithoutAnAnswer) {
  server_.script({reset_now()});
  expect_failure(HttpFailure::kReset, "reset without a response");
  server_.script({close_now()});
  expect_failure(HttpFailure::kClosedBeforeResponse, "closed the connection without a response");
}

TEST_F(Http1ClientTest, ResetInTheMiddleOfTheRequestBody) {
  server_.script(Script{{reset_now()}, Script::When::kBytes, 100'000});
  const std::string body(30'000'000, 'x');
  const HttpResult result = exchange(request(body));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error.failure, HttpFailure::kReset);
  EXPECT_FALSE(result.error.may_have_arrived) << "it was not even sent whole";
}

TEST_F(Http1ClientTest, ClosedInTheMiddleOfTheResponse) {
  server_.script({send_bytes("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), close_now()});
  expect_failure(HttpFailure::kClosedMidResponse, "in the middle of its response");
  server_.script({send_bytes("HTTP/1.1 20"), close_now()});
  expect_failure(HttpFailure::kClosedMidResponse, "in the middle of its response");
  server_.script({send_bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), reset_now()});
  expect_failure(HttpFailure::kClosedMidResponse, "reset in the middle of its response");
}

TEST_F(Http1ClientTest, AnEarlyAnswerToAHalfSentRequestIsHeard) {
  server_.script(Script{{respond(413, "too big"), stop_reading()}, Script::When::kBytes, 100'000});
  const std::string body(30'000'000, 'x');
  const HttpResult result = exchange(request(body));
  ASSERT_TRUE(result.ok()) << result.error.error.message;
  EXPECT_EQ(result.response.status, 413);
  EXPECT_TRUE(exchange().ok());
  EXPECT_EQ(server_.connections(), 2u) << "the half-sent request's connection is not used again";
}

TEST_F(Http1ClientTest, ForeignProtocolsAreNamed) {
  server_.script({send_bytes(std::string("\0\0\x12\x04\0\0\0\0\0", 9)), close_now()});
  expect_failure(HttpFailure::kNotHttp, "HTTP/2; is this a gRPC port");
  server_.script({send_bytes(std::string("\x15\x03\x01\0\x02\x02\x46", 7)), close_now()});
  expect_failure(HttpFailure::kNotHttp, "TLS; use https");
  server_.script({send_bytes("SSH-2.0-OpenSSH_9.2\r\n"), close_now()});
  expect_failure(HttpFailure::kNotHttp, "\"SSH-2.0-OpenSSH_\"");
  server_.script({send_bytes("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")});
  expect_failure(HttpFailure::kMalformedResponse, "Content-Length is not one decimal number");
  server_.script({send_bytes("HTTP/1.1 101 Switching Protocols\r\n\r\n")});
  expect_failure(HttpFailure::kMalformedResponse, "switches protocols");
}

TEST_F(Http1ClientTest, ResponsesAboveTheLimitAreCutOff) {
  server_.script({send_bytes("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"), send_endlessly(std::string(100'000, 'x'))});
  expect_failure(HttpFailure::kResponseTooLarge, "body is too large");
  server_.script({send_bytes("HTTP/1.1 200 OK\r\n\r\n"), send_endlessly(std::string(100'000, 'x'))});
  expect_failure(HttpFailure::kResponseTooLarge, "body is too large");
  server_.script({send_bytes("HTTP/1.1 200 OK\r\n"), send_endlessly("X-More: and more\r\n")});
  expect_failure(HttpFailure::kResponseTooLarge, "");
  server_.script({send_endlessly("HTTP/1.1 102 Processing\r\n\r\n")});
  expect_failure(HttpFailure::kMalformedResponse, "interim responses without end");
}

TEST_F(Http1ClientTest, OneDeadlineCoversEveryPhase) {
  const auto fails_at_deadline = [this](HttpFailure failure, HttpRequest request) {
    std::optional<HttpResult> result;
    client().send(std::move(request), [&](HttpResult done) { result = std::move(done); });
    advance(9 * kSeconds);
    EXPECT_FALSE(result.has_value());
    advance(2 * kSeconds);
    ASSERT_TRUE(result.has_value() && !result->ok());
    EXPECT_EQ(to_string(result->error.failure), to_string(failure)) << result->error.error.message;
  };
  server_.script({wait_nanos(3600 * kSeconds)});
  fails_at_deadline(HttpFailure::kResponseTimeout, request());
  server_.script(Script{{stop_reading()}, Script::When::kConnect, 0});
  const std::string body(30'000'000, 'x');
  fails_at_deadline(HttpFailure::kSendTimeout, request(body));
}

TEST_F(Http1ClientTest, ASlowDripDoesNotBuyTime) {
  std::vector<testing::Step> drip = {send_bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")};
  for (int i = 0; i < 100; ++i) {
    drip.push_back(wait_nanos(kSeconds));
    drip.push_back(send_bytes("x"));
  }
  server_.script(std::move(drip));
  std::optional<HttpResult> result;
  client().send(request(), [&](HttpResult done) { result = std::move(done); });
  for (int i = 0; i < 9; ++i) advance(kSeconds);
  EXPECT_FALSE(result.has_value());
  for (int i = 0; i < 2; ++i) advance(kSeconds);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->error.failure, HttpFailure::kResponseTimeout);
}

TEST_F(Http1ClientTest, WaitingForAConnectionCountsToTheDeadline) {
  options_.connections_max = 1;
  server_.script({wait_nanos(3600 * kSeconds)});
  HttpRequest patient = request();
  patient.deadline = base::Deadline::never();
  client().send(std::move(patient), [](HttpResult) {});
  std::optional<HttpResult> result;
  client().send(request(), [&](HttpResult done) { result = std::move(done); });
  advance(11 * kSeconds);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->error.failure, HttpFailure::kConnectTimeout);
  EXPECT_FALSE(result->error.may_have_arrived);
}

TEST_F(Http1ClientTest, AStaleConnectionIsRetriedOnlyIfTheRequestMayBeRepeated) {
  for (const bool repeatable : {true, false}) {
    EXPECT_TRUE(exchange().ok());
    const std::size_t before = server_.requests().size();
    server_.script({reset_now()});  // the kept-alive connection dies under the next request
    HttpRequest again = request();
    again.repeatable = repeatable;
    const HttpResult result = exchange(std::move(again));
    EXPECT_EQ(result.ok(), repeatable);
    EXPECT_EQ(server_.requests().size(), before + (repeatable ? 2u : 1u));
  }
  EXPECT_EQ(client().counters().repeated, 1u);
}

TEST_F(Http1ClientTest, AFreshConnectionIsNeverRetried) {
  server_.script({reset_now()});
  HttpRequest sent = request();
  sent.repeatable = true;
  EXPECT_FALSE(exchange(std::move(sent)).ok());
  EXPECT_EQ(server_.requests().size(), 1u);
}

TEST_F(Http1ClientTest, AConnectionThatTheServerClosedIsNotUsedAgain) {
  server_.script({respond(200), close_now()});
  EXPECT_TRUE(exchange().ok());
  settle();  // the close arrives
  EXPECT_TRUE(exchange().ok());
  EXPECT_EQ(server_.connections(), 2u);
  EXPECT_EQ(client().counters().repeated, 0u);
}

TEST_F(Http1ClientTest, CancelEndsARequestInAnyPhase) {
  options_.connections_max = 1;
  server_.script({wait_nanos(3600 * kSeconds)});
  std::vector<HttpFailure> failures;
  const auto note = [&](HttpResult result) { failures.push_back(result.error.failure); };
  const auto sent = client().send(request(), note);
  const auto queued = client().send(request(), note);
  ASSERT_TRUE(run_until([&] { return server_.requests().size() == 1; }));
  client().cancel(queued);
  EXPECT_TRUE(failures.empty()) << "never from within cancel()";
  client().cancel(sent);
  client().cancel(sent);
  ASSERT_TRUE(run_until([&] { return failures.size() == 2; }));
  EXPECT_EQ(failures, (std::vector<HttpFailure>{HttpFailure::kCancelled, HttpFailure::kCancelled}));
  EXPECT_TRUE(exchange().ok());
}

TEST_F(Http1ClientTest, ACompletionMaySendAgainOrDestroyTheClient) {
  int done = 0;
  client().send(request(), [&](HttpResult) {
    client().send(request(), [&](HttpResult) {
      ++done;
      client_.reset();
    });
    client().send(request(), [&](HttpResult) { ++done; });
  });
  ASSERT_TRUE(run_until([&] { return client_ == nullptr; }));
  settle();
  EXPECT_LE(done, 2);
}

TEST_F(Http1ClientTest, DestroyingTheClientCallsNothingBack) {
  server_.script({wait_nanos(3600 * kSeconds)});
  const auto body = std::make_shared<std::string>("kept by the request");
  HttpRequest sent = request(*body);
  sent.body_owner = body;
  client().send(std::move(sent), [](HttpResult) { ADD_FAILURE(); });
  ASSERT_TRUE(run_until([&] { return server_.requests().size() == 1; }));
  EXPECT_EQ(body.use_count(), 2);
  client_.reset();
  EXPECT_EQ(body.use_count(), 1);
  settle();
}

TEST_F(Http1ClientTest, WhatCannotBeSentIsRefused) {
  HttpRequest bad_header = request();
  bad_header.headers = {{"X-A", "1\r\nX-Injected: 2"}};
  EXPECT_EQ(exchange(std::move(bad_header)).error.failure, HttpFailure::kInvalidRequest);
  HttpRequest own_length = request();
  own_length.headers = {{"Content-Length", "2"}};
  EXPECT_EQ(exchange(std::move(own_length)).error.failure, HttpFailure::kInvalidRequest);
  HttpRequest bad_target = request();
  bad_target.target = "/a b";
  EXPECT_EQ(exchange(std::move(bad_target)).error.failure, HttpFailure::kInvalidRequest);
  EXPECT_TRUE(server_.requests().empty());
  Http1ClientOptions secure;
  secure.origin.host = "127.0.0.1";
  secure.origin.https = true;
  const auto unsupported = Http1Client::create(*loop_, std::move(secure));
  ASSERT_FALSE(unsupported.ok());
  EXPECT_EQ(unsupported.error().code, ErrorCode::kUnsupported);
}

TEST_F(Http1ClientTest, LocalhostFallsBackToTheAddressThatListens) {
  options_.origin.host = "localhost";
  options_.origin.port = server_.port();
  client_ = std::move(Http1Client::create(*loop_, std::move(options_))).value();
  EXPECT_TRUE(exchange().ok());
}

TEST_F(Http1ClientTest, AChildThatLetsGoLeavesTheParentsConnectionAlone) {
  server_.script({wait_nanos(kSeconds), respond(200, "for the parent")});
  std::optional<HttpResult> result;
  client().send(request(), [&](HttpResult done) { result = std::move(done); });
  ASSERT_TRUE(run_until([&] { return server_.requests().size() == 1; }));
  const pid_t child = ::fork();
  if (child == 0) {
    loop_->abandon_after_fork();
    client_->abandon_after_fork();
    ::_exit(result.has_value() ? 1 : 0);
  }
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  advance(kSeconds);
  ASSERT_TRUE(run_until([&] { return result.has_value(); }));
  EXPECT_EQ(result->response.body, "for the parent");
}

}  // namespace
}  // namespace nanospan::net
