// Every way in which a peer can fail a request, told apart.
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "tests/net/http1_client_fixture.h"

namespace nanospan::net {
namespace {

TEST_F(Http1ClientTest, ALargeBodyToASlowReaderIsSentWhole) {
  std::string body(8'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 1000) body[i] = static_cast<char>('a' + i / 1000 % 26);
  HttpRequest large = request();
  large.body.clear();
  for (std::size_t at = 0; at < body.size(); at += 3000) large.body.push_back(std::string_view(body).substr(at, 3000));
  ASSERT_TRUE(exchange(std::move(large)).ok());
  EXPECT_EQ(server_.requests().at(0).body, body);
}

TEST_F(Http1ClientTest, Refused) {
  client(testing::closed_port());
  expect_failure(HttpFailure::kRefused, "Connection refused", false);
}

TEST_F(Http1ClientTest, ANameThatIsNotFound) {
  options_.origin.host = "collector.example";
  options_.lookup = [](const std::string& host, std::uint16_t) -> Result<Addresses> {
    return Error{ErrorCode::kNotFound, "looking up \"" + host + "\": unknown name"};
  };
  client_ = std::move(Http1Client::create(*loop_, std::move(options_))).value();
  const HttpResult result = exchange();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error.failure, HttpFailure::kResolve);
  EXPECT_EQ(result.error.error.message, "http://collector.example:80: looking up \"collector.example\": unknown name");
}

TEST_F(Http1ClientTest, AHungResolverEndsWithTheDeadlineAndHoldsNothingUp) {
  std::promise<void> never;
  options_.origin.host = "collector.example";
  options_.lookup = [hung = never.get_future().share()](const std::string&, std::uint16_t) -> Result<Addresses> {
    hung.wait();
    return Error{ErrorCode::kNotFound, "too late"};
  };
  client_ = std::move(Http1Client::create(*loop_, std::move(options_))).value();
  std::optional<HttpResult> result;
  client_->send(request(), [&](HttpResult done) { result = std::move(done); });
  advance(9 * kSeconds);
  EXPECT_FALSE(result.has_value());
  advance(2 * kSeconds);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->error.failure, HttpFailure::kResolveTimeout);
  client_.reset();
  never.set_value();
}

TEST_F(Http1ClientTest, AnAddressThatDoesNotAnswerDoesNotHideTheNextOne) {
  const std::uint16_t refusing = testing::closed_port();
  options_.origin.host = "collector.example";
  options_.lookup = [refusing, port = server_.port()](const std::string&, std::uint16_t) -> Result<Addresses> {
    Addresses addresses(3);
    SocketAddress::parse("192.0.2.1", port, addresses[0]);  // TEST-NET-1 (RFC 5737): a black hole, or no route
    SocketAddress::parse("127.0.0.1", refusing, addresses[1]);
    SocketAddress::parse("127.0.0.1", port, addresses[2]);
    return addresses;
  };
  client_ = std::move(Http1Client::create(*loop_, std::move(options_))).value();
  std::optional<HttpResult> result;
  client_->send(request(), [&](HttpResult done) { result = std::move(done); });
  // The lookup's thread takes its time; the black hole then has a third of the ten seconds.
  ASSERT_TRUE(run_until([&] { return loop_->next_timer() < clock_.monotonic_now() + 9 * kSeconds || result; }));
  advance(4 * kSeconds);
  ASSERT_TRUE(run_until([&] { return result.has_value(); }));
  EXPECT_TRUE(result->ok()) << result->error.error.message;
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
  server_.script(
      {send_bytes("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"), send_endlessly(std::string(100'000, 'x'))});
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

}  // namespace
}  // namespace nanospan::net
