// A connection that is lost at every single byte of a short exchange, in both directions and in each way of losing it.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "tests/net/simulation.h"

namespace nanospan::net {
namespace {

using Cut = ConnectionPlan::Cut;

constexpr std::uint64_t kExchangeNanos = 10 * kSeconds;
// After a deadline without a sign of life: a PING, and the end without an answer to it.
constexpr std::uint64_t kGivenUpNanos = 25 * kSeconds;

/// One request on a connection of this plan, and, all later connections being sound, another one.
void lose_and_recover(Protocol protocol, const ConnectionPlan& plan, bool repeatable, std::uint64_t bytes) {
  SCOPED_TRACE("connection 0: " + plan.text());
  Simulation simulation(protocol, 1);
  simulation.network.plan(plan);
  simulation.start_server();
  simulation.start_client();
  simulation.send(40, kExchangeNanos, repeatable);
  simulation.run_until_all_told();
  const SentRequest& first = simulation.requests.front();
  if (protocol == Protocol::kHttp1) {  // of HTTP/2, the last bytes are no part of the request
    EXPECT_EQ(first.arrivals, plan.cut_to_server < bytes || plan.cut_to_client == 0 ? 0 : 1);
  }
  simulation.network.plan(ConnectionPlan());
  simulation.run_for(kGivenUpNanos);
  simulation.send(40, kExchangeNanos, false);
  simulation.run_until_all_told();
  if (plan.cut == Cut::kSilence && simulation.requests.back().told.kind != Told::Kind::kAcknowledged) {
    // Nothing told the client of the silence before; now it knows.
    simulation.run_for(kGivenUpNanos);
    simulation.send(40, kExchangeNanos, false);
    simulation.run_until_all_told();
  }
  EXPECT_EQ(simulation.requests.back().told.kind, Told::Kind::kAcknowledged) << simulation.requests.back().told.text;
  simulation.end();
  simulation.check();
  if (::testing::Test::HasFailure()) ADD_FAILURE() << simulation.network.story();
}

/// How many bytes an undisturbed exchange takes.
std::uint64_t bytes_of_exchange(Protocol protocol, Side to) {
  Simulation simulation(protocol, 1);
  simulation.start_server();
  simulation.start_client();
  simulation.send(40, kExchangeNanos, false);
  simulation.run_until_all_told();
  EXPECT_EQ(simulation.requests.front().told.kind, Told::Kind::kAcknowledged) << simulation.requests.front().told.text;
  return simulation.network.bytes_to(to);
}

class CutTest : public ::testing::TestWithParam<Protocol> {};
INSTANTIATE_TEST_SUITE_P(, CutTest, ::testing::Values(Protocol::kHttp1, Protocol::kGrpc),
                         [](const auto& each) { return each.param == Protocol::kHttp1 ? "Http1" : "Grpc"; });

TEST_P(CutTest, AtEveryByteOfARequest) {
  const std::uint64_t bytes = bytes_of_exchange(GetParam(), Side::kServer);
  ASSERT_GT(bytes, 100u);
  for (const Cut cut : {Cut::kReset, Cut::kEnd, Cut::kSilence}) {
    for (std::uint64_t at = 0; at <= bytes && !HasFailure(); ++at) {
      ConnectionPlan plan;
      plan.cut = cut;
      plan.cut_to_server = at;
      lose_and_recover(GetParam(), plan, at % 2 == 0, bytes);
    }
  }
}

/// Through a proxy: HTTP/1.1 speaks TLS in the tunnel, gRPC does not.
std::unique_ptr<Simulation> through_a_proxy(Protocol protocol) {
  auto simulation = std::make_unique<Simulation>(protocol, 1);
  simulation->proxied = true;
  simulation->tls = protocol == Protocol::kHttp1;
  return simulation;
}

constexpr std::string_view kAskForTunnel =
    "CONNECT 127.0.0.1:4318 HTTP/1.1\r\nHost: 127.0.0.1:4318\r\nUser-Agent: nanospan\r\n\r\n";

TEST_P(CutTest, AtEveryByteOfATunnel) {
  const std::uint64_t asked = kAskForTunnel.size(), answered = ProxyAnswer().text.size();
  for (const Cut cut : {Cut::kReset, Cut::kEnd, Cut::kSilence}) {
    for (std::uint64_t at = 0; at < asked + answered && !HasFailure(); ++at) {
      ConnectionPlan plan;
      plan.cut = cut;
      (at < asked ? plan.cut_to_server : plan.cut_to_client) = at < asked ? at : at - asked;
      plan.reset_discards = at % 2 == 0;
      SCOPED_TRACE("connection 0: " + plan.text());
      const std::unique_ptr<Simulation> simulation = through_a_proxy(GetParam());
      simulation->network.plan(plan);
      simulation->start_server();
      simulation->start_client();
      simulation->send(40, kExchangeNanos, at % 3 == 0);
      simulation->run_until_all_told();
      const SentRequest& first = simulation->requests.front();
      EXPECT_EQ(first.told.kind, Told::Kind::kUnanswered) << first.told.text;
      EXPECT_FALSE(first.told.may_have_arrived) << "there was no tunnel: " << first.told.text;
      EXPECT_NE(first.told.text.find("proxy"), std::string::npos) << first.told.text;
      if (simulation->tls && at % 8 != 0) continue;  // a handshake costs more than the rest
      simulation->network.plan(ConnectionPlan());
      simulation->run_for(kGivenUpNanos);
      simulation->send(40, kExchangeNanos, false);
      simulation->run_until_all_told();
      EXPECT_EQ(simulation->requests.back().told.kind, Told::Kind::kAcknowledged)
          << simulation->requests.back().told.text;
      simulation->end();
      simulation->check();
      if (HasFailure()) ADD_FAILURE() << simulation->network.story();
    }
  }
}

TEST_P(CutTest, WhatAProxySaysIsToldAndTheNextTunnelIsAskedForAnew) {
  struct Case {
    ProxyAnswer says;
    std::string_view told;
  };
  const Case cases[] = {
      {{"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!", false, 0}, "403 Forbidden"},
      {{"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", false, 0}, "http://user:password@host:port"},
      {{"SSH-2.0-OpenSSH_9.2\r\n", false, 0}, "does not answer as an HTTP proxy does"},
      {{"HTTP/1.1 200 OK\r\nA: " + std::string(20'000, 'a'), false, 0}, "has no end"},
      {{"HTTP/1.1 2", false, 0}, "closed the connection without an answer"},
      {{"", false, 0}, "closed the connection without an answer"},
      {{ProxyAnswer().text, true, 40 * kSeconds}, "gave up after 20 s while the proxy was connecting"},
  };
  for (const Case& each : cases) {
    // The server behind it waits 10 s for a handshake, and then it is the one that ends it.
    if (GetParam() == Protocol::kHttp1 && each.says.after_nanos != 0) continue;
    const std::unique_ptr<Simulation> simulation = through_a_proxy(GetParam());
    simulation->proxy_answer = [&each] { return each.says; };
    simulation->start_server();
    simulation->start_client();
    simulation->send(40, 60 * kSeconds, true);
    simulation->run_until_all_told();
    const Told& told = simulation->requests.front().told;
    EXPECT_NE(told.text.find(each.told), std::string::npos) << told.text;
    EXPECT_NE(told.text.find("proxy http://127.0.0.1:3128"), std::string::npos) << told.text;
    EXPECT_FALSE(told.may_have_arrived) << told.text;
    // What comes late, but comes, is worth waiting for.
    simulation->proxy_answer = [] { return ProxyAnswer{ProxyAnswer().text, true, 8 * kSeconds}; };
    simulation->run_for(kGivenUpNanos);
    simulation->send(40, 60 * kSeconds, false);
    simulation->run_until_all_told();
    EXPECT_EQ(simulation->requests.back().told.kind, Told::Kind::kAcknowledged)
        << simulation->requests.back().told.text;
    simulation->end();
    simulation->check();
  }
}

TEST_P(CutTest, AConnectionThatIsNeverAnsweredIsGivenUpBeforeItsCallers) {
  Simulation simulation(GetParam(), 1);
  ConnectionPlan unanswered;
  unanswered.opening = ConnectionPlan::Opening::kUnanswered;
  simulation.network.plan(unanswered);
  simulation.start_server();
  simulation.start_client();
  const base::MonotonicNanos since = simulation.clock.monotonic_now();
  simulation.send(40, 60 * kSeconds, false);
  simulation.run_until_all_told();
  EXPECT_EQ(simulation.requests.front().told_at, since + 20 * kSeconds);
  EXPECT_NE(simulation.requests.front().told.text.find("Connection timed out"), std::string::npos);
  simulation.network.plan(ConnectionPlan());
  simulation.send(40, kExchangeNanos, false);
  simulation.run_until_all_told();
  EXPECT_EQ(simulation.requests.back().told.kind, Told::Kind::kAcknowledged);
  simulation.end();
  simulation.check();
}

TEST_P(CutTest, AtEveryByteOfAnAnswer) {
  const std::uint64_t bytes = bytes_of_exchange(GetParam(), Side::kClient);
  ASSERT_GT(bytes, 80u);
  for (const Cut cut : {Cut::kReset, Cut::kEnd, Cut::kSilence}) {
    for (std::uint64_t at = 0; at <= bytes && !HasFailure(); ++at) {
      ConnectionPlan plan;
      plan.cut = cut;
      plan.cut_to_client = at;
      plan.reset_discards = at % 2 == 0;
      lose_and_recover(GetParam(), plan, at % 2 == 0, bytes);
    }
  }
}

}  // namespace
}  // namespace nanospan::net
