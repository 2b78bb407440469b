// Which request goes out on which connection, when it waits, when it is repeated.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "tests/net/http1_client_fixture.h"

namespace nanospan::net {
namespace {

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

TEST_F(Http1ClientTest, WhatWasSentOnceMayHaveArrivedWhateverBecomesOfTheSecondTime) {
  options_.make_stream = [made = 0](Fd socket) mutable {
    return made++ == 0 ? make_socket_stream(std::move(socket)) : nullptr;
  };
  EXPECT_TRUE(exchange().ok());
  server_.script({reset_now()});
  HttpRequest again = request();
  again.repeatable = true;
  const HttpResult result = exchange(std::move(again));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error.failure, HttpFailure::kSystem);
  EXPECT_TRUE(result.error.may_have_arrived);
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

}  // namespace
}  // namespace nanospan::net
