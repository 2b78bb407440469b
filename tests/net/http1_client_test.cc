#include "net/http1_client.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "tests/net/http1_client_fixture.h"

namespace nanospan::net {
namespace {

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
  server_.script({send_bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
                  send_bytes("2\r\nde\r\n0\r\n\r\n")});
  server_.script(
      {send_bytes("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"), respond(200, "after")});
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
