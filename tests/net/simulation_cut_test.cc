// A connection that is lost at every single byte of a short exchange, in both directions and in each way of losing it.
#include <gtest/gtest.h>

#include <string>

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
