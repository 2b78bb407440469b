#include "net/http1_client.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
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

TEST_F(Http1ClientTest, ARequestMayNameAnotherHost) {
  server_.script({respond(200, "")});
  HttpRequest other = request();
  other.authority = "otlp.example.com:8443";
  ASSERT_TRUE(exchange(std::move(other)).ok());
  const testing::SeenRequest seen = server_.requests().at(0);
  EXPECT_EQ(find_header(seen.headers, "host"), "otlp.example.com:8443");
  EXPECT_EQ(std::count_if(seen.headers.begin(), seen.headers.end(),
                          [](const Header& header) { return equals_ignoring_case(header.name, "host"); }),
            1);
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

class Http1ClientProxyTest : public Http1ClientTest {
 protected:
  void start(std::string_view origin, const std::string& credentials = "") {
    options_.origin = parse_url(origin).value();
    options_.proxy = parse_proxy("http://" + credentials + "127.0.0.1:" + std::to_string(server_.port())).value();
    options_.lookup = [](const std::string& host, std::uint16_t) -> Result<Addresses> {
      return Error{ErrorCode::kNotFound, "the proxy looks names up, not we: " + host};
    };
    options_.make_stream = &make_socket_stream;  // instead of TLS, so that the far end of the tunnel can be read
    client_ = std::move(Http1Client::create(*loop_, std::move(options_))).value();
  }
  std::string failure() {
    const HttpResult result = exchange();
    if (result.ok()) return "no failure";
    EXPECT_FALSE(result.error.may_have_arrived);
    return std::string(to_string(result.error.failure)) + ": " + result.error.error.message;
  }
  std::string proxy() const { return " through the proxy http://127.0.0.1:" + std::to_string(server_.port()) + ": "; }
};

TEST_F(Http1ClientProxyTest, HttpGoesToTheProxyWithItsWholeUrl) {
  start("http://collector.example:4318", "user:word@");
  server_.script({respond(200, "from afar")});
  EXPECT_EQ(exchange().response.body, "from afar");
  EXPECT_TRUE(exchange().ok());
  const testing::SeenRequest seen = server_.requests().at(0);
  EXPECT_EQ(seen.method + " " + seen.target, "POST http://collector.example:4318/v1/traces");
  EXPECT_EQ(find_header(seen.headers, "host"), "collector.example:4318");
  EXPECT_EQ(find_header(seen.headers, "proxy-authorization"), "Basic dXNlcjp3b3Jk");
  EXPECT_EQ(server_.connections(), 1u) << "kept alive, as without a proxy";
}

TEST_F(Http1ClientProxyTest, HttpsGoesThroughATunnel) {
  start("https://collector.example", "user:word@");
  server_.script({send_bytes("HTTP/1.1 200 Connection established\r\n\r\n")});
  server_.script({respond(200, "from afar")});
  EXPECT_EQ(exchange().response.body, "from afar");
  const testing::SeenRequest asked = server_.requests().at(0);
  EXPECT_EQ(asked.method + " " + asked.target, "CONNECT collector.example:443");
  EXPECT_EQ(find_header(asked.headers, "proxy-authorization"), "Basic dXNlcjp3b3Jk");
  const testing::SeenRequest inside = server_.requests().at(1);
  EXPECT_EQ(inside.method + " " + inside.target, "POST /v1/traces");
  EXPECT_EQ(find_header(inside.headers, "proxy-authorization"), std::nullopt) << "is for the proxy only";
}

TEST_F(Http1ClientProxyTest, ARefusalOfTheProxyIsToldWithItsStatus) {
  start("https://collector.example");
  server_.script({respond(403, "not there")});
  EXPECT_EQ(failure(), "proxy: https://collector.example:443" + proxy() + "it answered 403 Forbidden");
}

TEST_F(Http1ClientProxyTest, AProxyThatWantsCredentialsSaysSoForHttpToo) {
  start("http://collector.example");
  server_.script({respond(407)});
  const HttpResult result = exchange();
  EXPECT_EQ(result.error.failure, HttpFailure::kProxy);
  EXPECT_EQ(result.error.error.message, "http://collector.example:80" + proxy() +
                                            "it answered 407 Proxy Authentication Required; give it user and password: "
                                            "http://user:password@host:port");
}

TEST_F(Http1ClientProxyTest, AProxyThatIsNotThereIsNotTakenForTheOrigin) {
  for (const std::string_view origin : {"http://collector.example", "https://collector.example"}) {
    Http1ClientOptions options;
    options.origin = parse_url(origin).value();
    options.proxy = parse_proxy("http://127.0.0.1:1").value();
    options.make_stream = &make_socket_stream;
    client_ = std::move(Http1Client::create(*loop_, std::move(options))).value();
    const HttpResult result = exchange();
    EXPECT_EQ(result.error.failure, HttpFailure::kProxy) << origin;
    EXPECT_NE(result.error.error.message.find("through the proxy http://127.0.0.1:1: cannot connect to 127.0.0.1:1: "
                                              "Connection refused; is the proxy running? http_proxy, https_proxy"),
              std::string::npos)
        << result.error.error.message;
  }
}

TEST_F(Http1ClientProxyTest, AProxyThatDoesNotAnswerIsToldApart) {
  start("https://collector.example");
  server_.script({wait_nanos(20 * kSeconds)});
  std::optional<HttpResult> result;
  client_->send(request(), [&](HttpResult done) { result = std::move(done); });
  advance(10 * kSeconds);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->error.failure, HttpFailure::kConnectTimeout);
  EXPECT_EQ(result->error.error.message,
            "https://collector.example:443" + proxy() + "deadline passed while the proxy was connecting");
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
