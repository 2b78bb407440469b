// What must hold of a whole client and a whole server, whatever the network does to them in between. One case a seed:
// `nanospan_net_test --gtest_filter='*SimulationTest.*/Grpc_17'` does it again, event by event.
#include "tests/net/simulation.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace nanospan::net {
namespace {

using AnswerKind = Answer::Kind;
using ToldKind = Told::Kind;

// The sanitizers look for other faults than these properties do, at ten times the cost.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kSeeds = 12;
#else
constexpr int kSeeds = 40;
#endif

class SimulationTest : public ::testing::TestWithParam<std::tuple<Protocol, int>> {
 protected:
  /// Every fourth case is one of TLS; every fifth goes through a proxy; of gRPC every third one is balanced between two
  /// servers; a few speak over a unix socket.
  SimulationTest() {
    const int seed = std::get<int>(GetParam());
    simulation_.tls = seed % 4 == 3;
    simulation_.proxied = seed % 5 == 2;
    simulation_.balanced = simulation_.protocol == Protocol::kGrpc && seed % 3 == 1 && !simulation_.proxied;
    simulation_.unix_socket = seed % 7 == 5 && !simulation_.tls && !simulation_.proxied && !simulation_.balanced;
  }
  ~SimulationTest() override {
    simulation_.end();
    simulation_.check();
    if (HasFailure()) ADD_FAILURE() << simulation_.network.story();
  }
  void start() {
    simulation_.start_server();
    simulation_.start_client();
  }
  std::uint64_t below(std::uint64_t bound) { return simulation_.numbers.below(bound); }
  bool percent(unsigned chance) { return simulation_.numbers.percent(chance); }

  /// Mostly small, some larger than a buffer.
  std::size_t some_size() { return percent(60) ? 10 + below(200) : percent(80) ? below(8'000) : below(200'000); }

  ConnectionPlan slow_plan() { return ConnectionPlan::slow(simulation_.numbers); }
  Answer some_answer() {
    Answer answer;
    if (percent(30)) answer.after_nanos = below(percent(80) ? 500 * kMillis : 8 * kSeconds);
    if (percent(12)) answer.kind = AnswerKind::kRefuse;
    if (percent(4)) answer.kind = AnswerKind::kDrop;
    answer.at_the_head = percent(4);
    return answer;
  }
  /// Mostly a tunnel, sometimes late; or what else a proxy may say.
  ProxyAnswer some_proxy_answer() {
    ProxyAnswer answer;
    if (percent(30)) answer.after_nanos = below(percent(80) ? 500 * kMillis : 40 * kSeconds);
    if (percent(80)) return answer;
    answer.tunnel = false;
    constexpr std::array<std::string_view, 5> kRefusals = {
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!",
        "HTTP/1.0 502 Bad Gateway\r\n\r\n",
        "HTTP/1.1 2",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "",
    };
    answer.text = kRefusals[below(kRefusals.size())];
    return answer;
  }
  /// Sometimes so small that requests wait for the credit of others.
  void some_windows() {
    if (percent(50)) return;
    simulation_.http2_options.session.stream_window_bytes = static_cast<std::uint32_t>(1'000 + below(20'000));
    simulation_.http2_options.session.connection_window_bytes = static_cast<std::uint32_t>(65'535 + below(20'000));
  }
  void expect_all_acknowledged() {
    for (const SentRequest& each : simulation_.requests) {
      EXPECT_EQ(each.told.kind, ToldKind::kAcknowledged) << each.told.text;
      EXPECT_EQ(each.arrivals, 1);
    }
  }

  Simulation simulation_{std::get<Protocol>(GetParam()), static_cast<std::uint64_t>(std::get<int>(GetParam()))};
};
INSTANTIATE_TEST_SUITE_P(, SimulationTest,
                         ::testing::Combine(::testing::Values(Protocol::kHttp1, Protocol::kGrpc),
                                            ::testing::Range(0, kSeeds)),
                         [](const auto& each) {
                           const bool http1 = std::get<Protocol>(each.param) == Protocol::kHttp1;
                           return (http1 ? "Http1_" : "Grpc_") + std::to_string(std::get<int>(each.param));
                         });

TEST_P(SimulationTest, EveryRequestEndsOnceAndBothSidesAgree) {
  simulation_.connections_max = 1 + below(4);
  simulation_.answer_bytes = percent(30) ? below(20'000) : 0;
  simulation_.http2_options.session.streams_max = percent(50) ? static_cast<std::uint32_t>(1 + below(4)) : 128;
  some_windows();
  if (percent(30)) {
    simulation_.http2_options.age_nanos_max = (1 + below(4)) * kSeconds;
    simulation_.http2_options.age_grace_nanos = below(4) * kSeconds;
  }
  simulation_.network.plan([this] { return ConnectionPlan::troubled(simulation_.numbers); });
  simulation_.answer = [this] { return some_answer(); };
  simulation_.proxy_answer = [this] { return some_proxy_answer(); };
  start();
  for (std::uint64_t left = 5 + below(20); left > 0; --left) {
    simulation_.send(some_size(), 50 * kMillis + below(10 * kSeconds), percent(50));
    if (percent(60)) simulation_.run_for(below(500 * kMillis));
    if (percent(8)) simulation_.cancel(below(simulation_.requests.size()));
    if (percent(4)) {
      simulation_.drain_server(below(3 * kSeconds));
      simulation_.start_server();
    }
  }
  simulation_.run_until_all_told();

  simulation_.network.heal();
  simulation_.answer = [] { return Answer(); };
  simulation_.proxy_answer = [] { return ProxyAnswer(); };
  simulation_.run_for(20 * kSeconds);  // what waits for an answer to a connect from before has given up
  simulation_.send(100, 30 * kSeconds, false);
  simulation_.run_until_all_told();
  EXPECT_EQ(simulation_.requests.back().told.kind, ToldKind::kAcknowledged) << simulation_.requests.back().told.text;
  // HTTP/1.1: the client's 50 s, before the server's 60. HTTP/2: the server's 15 minutes.
  simulation_.run_for(simulation_.protocol == Protocol::kHttp1 ? 55 * kSeconds : 16 * 60 * kSeconds);
  EXPECT_EQ(simulation_.network.descriptors_open(), simulation_.balanced ? 2u : 1u)
      << "who has nothing to say keeps no connection: listeners alone";
}

TEST_P(SimulationTest, WhoeverGoesInTheMiddleLeavesNothing) {
  some_windows();
  simulation_.network.plan([this] { return slow_plan(); });
  simulation_.answer = [this] { return some_answer(); };
  start();
  for (std::uint64_t left = 1 + below(8); left > 0; --left) {
    simulation_.send(some_size(), 60 * kSeconds, percent(50));
    if (percent(50)) simulation_.run_for(below(200 * kMillis));
  }
  if (percent(50)) simulation_.destroy_server();
  if (percent(50)) simulation_.run_for(below(100 * kMillis));
  simulation_.destroy_client();
}

TEST_P(SimulationTest, WhatOnlyTakesLongerLosesNothing) {
  some_windows();
  simulation_.answer_bytes = below(20'000);
  simulation_.network.plan([this] {
    ConnectionPlan plan = slow_plan();
    plan.buffer_bytes += 2'000;
    return plan;
  });
  start();
  // More in all than a connection's window.
  for (std::uint64_t left = 4 + below(12); left > 0; --left) {
    simulation_.send(percent(20) ? 60'000 : below(8'000), 600 * kSeconds, false);
    if (percent(50)) simulation_.run_for(below(100 * kMillis));
  }
  simulation_.run_until_all_told();
  expect_all_acknowledged();
}

TEST_P(SimulationTest, ARefusalIsHeardHoweverMuchOfTheRequestIsStillToCome) {
  simulation_.skip_body_bytes_max = 50'000;
  simulation_.connections_max = 1 + below(4);
  simulation_.network.plan([this] {
    ConnectionPlan plan;
    plan.delay_nanos = (1 + below(40)) * kMillis;
    plan.buffer_bytes = 1'000 + below(200'000);
    if (percent(50))
      plan.piece_bytes_max = 1'000 + below(4'000);  // so that bytes lie unread when the answer is written
    plan.reset_discards = percent(50);
    return plan;
  });
  simulation_.answer = [this] {
    Answer answer;
    answer.at_the_head = percent(50);
    return answer;
  };
  start();
  for (int i = 0; i < 8; ++i) {  // on connections that were, or must not be, used before
    simulation_.send(below(150'000), 60 * kSeconds, false);
    if (percent(50)) simulation_.run_for(below(100 * kMillis));
  }
  simulation_.run_until_all_told();
  for (const SentRequest& each : simulation_.requests) {
    EXPECT_EQ(each.told.kind, each.arrivals == 1 ? ToldKind::kAcknowledged : ToldKind::kRefused) << each.told.text;
  }
}

TEST_P(SimulationTest, ADrainingServerAnswersWhatItHas) {
  simulation_.network.plan([this] {
    ConnectionPlan plan;
    plan.delay_nanos = (1 + below(40)) * kMillis;
    return plan;
  });
  simulation_.answer = [this] {
    Answer answer;
    answer.after_nanos = below(kSeconds);
    return answer;
  };
  start();
  for (int i = 0; i < 6; ++i) {
    simulation_.send(100, 10 * kSeconds, false);
    simulation_.run_for(below(60 * kMillis));
  }
  simulation_.drain_server(5 * kSeconds);
  simulation_.run_until_all_told();
  for (const SentRequest& each : simulation_.requests) {
    EXPECT_EQ(each.told.kind == ToldKind::kAcknowledged, each.arrivals == 1) << each.told.text;
  }
}

TEST_P(SimulationTest, RefusedStreamsAndOldConnectionsAreNoAffairOfTheCaller) {
  // The client knows of the limit only after its first requests.
  simulation_.http2_options.session.streams_max = static_cast<std::uint32_t>(1 + below(3));
  simulation_.http2_options.age_nanos_max = kSeconds;
  simulation_.network.plan([this] {
    ConnectionPlan plan;
    plan.delay_nanos = (1 + below(40)) * kMillis;
    return plan;
  });
  simulation_.answer = [this] {
    Answer answer;
    answer.after_nanos = below(200 * kMillis);
    return answer;
  };
  start();
  for (int i = 0; i < 20; ++i) {
    simulation_.send(100, 60 * kSeconds, false);
    if (percent(50)) simulation_.run_for(below(500 * kMillis));
  }
  simulation_.run_until_all_told();
  expect_all_acknowledged();
}

TEST_P(SimulationTest, CallsGoToAllServersInTurnAndAroundOneThatIsGone) {
  if (simulation_.protocol != Protocol::kGrpc) return;
  simulation_.balanced = true;
  simulation_.proxied = simulation_.unix_socket = false;
  start();
  const auto both = [&] {
    return std::pair(simulation_.server ? simulation_.server->counters().requests : 0,
                     simulation_.second_server->counters().requests);
  };
  simulation_.send(100, 10 * kSeconds, false);
  simulation_.run_for(kSeconds);  // both connections stand
  const auto [first, second] = both();
  for (int i = 0; i < 10; ++i) simulation_.send(100, 10 * kSeconds, false);
  simulation_.run_until_all_told();
  EXPECT_EQ(both(), std::pair(first + 5, second + 5));

  simulation_.drain_server(5 * kSeconds);
  for (int i = 0; i < 10; ++i) simulation_.send(100, 10 * kSeconds, false);
  simulation_.run_until_all_told();
  EXPECT_EQ(both().second, second + 15);
  simulation_.start_server();
  simulation_.run_for(10 * kSeconds);
  for (int i = 0; i < 20; ++i) {
    simulation_.send(100, 10 * kSeconds, false);
    simulation_.run_for(kSeconds);
  }
  EXPECT_GE(both().first, 5u) << "it is back, and gets its share";
  simulation_.run_until_all_told();
  expect_all_acknowledged();
}

}  // namespace
}  // namespace nanospan::net
