// Accepting, the limits of a whole loop, and draining.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <string>
#include <vector>

#include "tests/net/http_server_fixture.h"

namespace nanospan::net {
namespace {

TEST_F(HttpServerTest, DrainFinishesWhatIsInFlight) {
  Responder waiting;
  handler_->handle = [&](Request, Responder responder) { waiting = std::move(responder); };
  start();
  RawPeer idle(server_->port()), busy(server_->port()), unread(server_->port());
  busy.send(post("a"));
  ASSERT_TRUE(run_until([&] { return waiting.valid() && counters().connections_open == 3; }));
  const Responder* first = &waiting;
  ASSERT_TRUE(first->valid());
  bool drained = false;
  server_->begin_drain(base::Deadline::after(clock_, 10 * kSeconds), [&] { drained = true; });
  ASSERT_TRUE(ends(idle));
  EXPECT_FALSE(drained);
  const std::uint16_t port = server_->port();
  SocketAddress address;
  ASSERT_TRUE(SocketAddress::parse("127.0.0.1", port, address));
  const ConnectStart refused = start_connect(address);
  EXPECT_NE(refused.fd ? connect_result(refused.fd.get()) : refused.error_number, 0);
  waiting.respond({200, {}, "last", false});
  ASSERT_TRUE(ends(busy));
  EXPECT_EQ(busy.count("last"), 1u);
  EXPECT_EQ(busy.count("Connection: close"), 1u);
  busy.close();
  ASSERT_TRUE(run_until([&] { return drained; }));
  EXPECT_EQ(counters().closed_by_drain, 0u);
  bool again = false;
  server_->begin_drain(base::Deadline::never(), [&] { again = true; });
  EXPECT_TRUE(run_until([&] { return again; }));
}

TEST_F(HttpServerTest, DrainEndsAtItsDeadline) {
  Responder waiting;
  handler_->handle = [&](Request, Responder responder) { waiting = std::move(responder); };
  start();
  RawPeer busy(server_->port());
  busy.send(post("a"));
  ASSERT_TRUE(run_until([&] { return waiting.valid(); }));
  bool drained = false;
  server_->begin_drain(base::Deadline::after(clock_, 5 * kSeconds), [&] { drained = true; });
  advance(4 * kSeconds);
  EXPECT_FALSE(drained);
  advance(2 * kSeconds);
  EXPECT_TRUE(drained);
  EXPECT_EQ(counters().closed_by_drain, 1u);
  EXPECT_EQ(counters().connections_open, 0u);
}

TEST_F(HttpServerTest, ConnectionsAboveTheLimitAreClosedAtOnce) {
  options_.connections_max = 2;
  int told = 0;
  options_.on_over_limit = [&told] { ++told; };
  start();
  RawPeer first(server_->port()), second(server_->port());
  settle();
  RawPeer third(server_->port());
  ASSERT_TRUE(ends(third));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(counters().connections_over_limit, 1u);
  second.send(post("a"));
  ASSERT_TRUE(gets(second, "got 1"));
}

TEST_F(HttpServerTest, AThousandConnectionsAreServed) {
  start();
  std::vector<RawPeer> peers;
  for (int i = 0; i < 1000; ++i) {
    peers.emplace_back(server_->port());
    if (i % 50 == 0) settle();
  }
  for (RawPeer& peer : peers) peer.send(post("hello"));
  for (RawPeer& peer : peers) ASSERT_TRUE(gets(peer, "got 5"));
  EXPECT_EQ(counters().connections_open, 1000u);
  EXPECT_EQ(counters().answered, 1000u);
}

TEST_F(HttpServerTest, OutOfDescriptorsAcceptingPausesAndGoesOn) {
  start();
  RawPeer waiting(server_->port());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;  // below every number in use: no accept can succeed
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  settle();
  EXPECT_EQ(counters().accept_failures, 1u) << "once, not once a turn of the loop";
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  advance(100 * kMillis);
  waiting.send(post("hello"));
  ASSERT_TRUE(gets(waiting, "got 5"));
}

}  // namespace
}  // namespace nanospan::net
