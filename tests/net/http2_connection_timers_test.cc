// What time does to the server's HTTP/2 connections: slow, silent, idle and old peers, keepalive both ways, drain.
#include <gtest/gtest.h>

#include "tests/net/http2_server_fixture.h"

namespace nanospan::net {
namespace {

TEST_F(Http2ServerTest, ABodyThatComesTooSlowlyIs408) {
  charge_bodies();
  start();
  Http2Peer peer(server_->port());
  RawPeer& tcp = peer.tcp();
  tcp.send(std::string(kPreface) + frame(kSettings, 0, 0) + frame(kHeaders, kEndHeaders, 1, post_block()) +
           frame(kData, 0, 1, "abc"));
  ASSERT_TRUE(run_until([&] { return ledger_.tickets == 1; }));
  advance(10 * kSeconds + kSeconds);
  EXPECT_EQ(ledger_.tickets, 0);
  EXPECT_EQ(counters().closed_body_slow, 1u);
}

TEST_F(Http2ServerTest, AHeaderBlockThatIsNotFinishedIsGivenUp) {
  start();
  RawPeer peer(server_->port());
  peer.send(std::string(kPreface) + frame(kSettings, 0, 0) + frame(kHeaders, 0, 1, post_block()));
  settle();
  advance(10 * kSeconds);
  advance(3 * kSeconds);  // lingering
  ASSERT_TRUE(ends(peer));
  EXPECT_EQ(counters().closed_head_slow, 1u);
}

TEST_F(Http2ServerTest, AnIdleConnectionEndsWithAGoaway) {
  http2_.idle_nanos = 5 * kSeconds;
  start();
  Http2Peer peer(server_->port());
  ASSERT_TRUE(answered(peer, peer.request({}, "x"), "200"));
  advance(5 * kSeconds);
  advance(1 * kSeconds);
  ASSERT_TRUE(until(peer, [&] { return peer.events.goaways.size() == 2; }));
  EXPECT_EQ(peer.events.goaways[1].code, Http2Code::kNoError);
  advance(3 * kSeconds);
  ASSERT_TRUE(until(peer, [&] { return peer.ended(); }));
  EXPECT_EQ(counters().closed_idle, 1u);
  EXPECT_EQ(counters().connections_open, 0u);
}

TEST_F(Http2ServerTest, AnOldConnectionEndsWhenItsRequestsAreAnswered) {
  http2_.age_nanos_max = 60 * kSeconds;
  std::vector<Responder> held;
  handler_->handle = [&](Request, Responder responder) { held.push_back(std::move(responder)); };
  start();
  Http2Peer peer(server_->port());
  const StreamId id = peer.request({}, "x");
  ASSERT_TRUE(until(peer, [&] { return held.size() == 1; }));
  pass(peer, 50 * kSeconds);
  EXPECT_TRUE(peer.events.goaways.empty()) << "a tenth of jitter at most";
  pass(peer, 20 * kSeconds);
  ASSERT_TRUE(until(peer, [&] { return peer.events.goaways.size() == 2; }));
  EXPECT_EQ(counters().closed_by_age, 1u);
  held[0].respond({200, {}, "", false});
  EXPECT_TRUE(answered(peer, id, "200"));
}

TEST_F(Http2ServerTest, AfterItsGraceAnOldConnectionEndsAnyway) {
  http2_.age_nanos_max = 60 * kSeconds;
  http2_.age_grace_nanos = 5 * kSeconds;
  std::vector<Responder> held;
  handler_->handle = [&](Request, Responder responder) { held.push_back(std::move(responder)); };
  start();
  Http2Peer peer(server_->port());
  peer.request({}, "x");
  ASSERT_TRUE(until(peer, [&] { return held.size() == 1; }));
  pass(peer, 70 * kSeconds);
  pass(peer, 6 * kSeconds);
  pass(peer, 3 * kSeconds);
  ASSERT_TRUE(until(peer, [&] { return peer.ended(); }));
}

TEST_F(Http2ServerTest, APeerThatNoLongerAnswersIsFoundByPing) {
  http2_.ping_after_nanos = 30 * kSeconds;
  http2_.ping_timeout_nanos = 5 * kSeconds;
  std::vector<Responder> held;
  handler_->handle = [&](Request, Responder responder) { held.push_back(std::move(responder)); };
  start();
  Http2Peer peer(server_->port());
  peer.request({}, "x");
  ASSERT_TRUE(until(peer, [&] { return held.size() == 1; }));
  pass(peer, 31 * kSeconds);
  ASSERT_TRUE(until(peer, [&] { return peer.events.pings == 1; }));
  pass(peer, 6 * kSeconds);
  EXPECT_EQ(counters().closed_ping_timeout, 0u) << "it answered";
  settle();
  advance(31 * kSeconds);  // and now it does not
  advance(6 * kSeconds);
  EXPECT_EQ(counters().closed_ping_timeout, 1u);
  EXPECT_EQ(counters().connections_open, 0u);
}

TEST_F(Http2ServerTest, ThreePingsTooSoonAreTooMany) {
  start();
  Http2Peer peer(server_->port());
  std::vector<Responder> held;
  handler_->handle = [&](Request, Responder responder) { held.push_back(std::move(responder)); };
  peer.request({}, "x");
  ASSERT_TRUE(until(peer, [&] { return held.size() == 1; }));
  for (int i = 0; i < 3; ++i) {
    peer.session().ping();
    ASSERT_TRUE(until(peer, [&] { return peer.events.ping_acks == i + 1; }));
    advance(10 * kSeconds);
  }
  EXPECT_TRUE(peer.events.goaways.empty());
  peer.session().ping();
  ASSERT_TRUE(until(peer, [&] { return !peer.events.goaways.empty(); }));
  EXPECT_EQ(peer.events.goaways[0].code, Http2Code::kEnhanceYourCalm);
  EXPECT_EQ(peer.events.goaways[0].debug, "too_many_pings");
  EXPECT_EQ(counters().http2_too_many_pings, 1u);
}

TEST_F(Http2ServerTest, APeerThatDoesNotReadItsAnswersIsGivenUp) {
  handler_->handle = [](Request, Responder responder) {
    responder.respond({200, {}, std::string(20u << 20, 'x'), false});
  };
  http2_.session.connection_window_bytes = 1u << 20;
  start();
  Http2SessionOptions wide;
  wide.stream_window_bytes = wide.connection_window_bytes = 64u << 20;
  Http2Peer peer(server_->port(), wide);
  peer.request({}, "x");
  peer.pump();
  settle();
  ASSERT_TRUE(run_until([&] { return counters().answered == 1; }));
  settle();
  advance(31 * kSeconds);
  EXPECT_EQ(counters().closed_write_slow, 1u);
}

TEST_F(Http2ServerTest, DrainingLetsRequestsInFlightFinish) {
  std::vector<Responder> held;
  handler_->handle = [&](Request, Responder responder) { held.push_back(std::move(responder)); };
  start();
  Http2Peer peer(server_->port());
  const StreamId id = peer.request({}, "x");
  ASSERT_TRUE(until(peer, [&] { return held.size() == 1; }));
  bool drained = false;
  server_->begin_drain({clock_.monotonic_now() + 60 * kSeconds}, [&] { drained = true; });
  ASSERT_TRUE(until(peer, [&] { return peer.events.goaways.size() == 2; }));
  EXPECT_EQ(peer.events.goaways[0].last, 0x7fff'ffff) << "first only the notice";
  EXPECT_EQ(peer.events.goaways[1].last, id);
  EXPECT_FALSE(drained);
  held[0].respond({200, {}, "done", false});
  EXPECT_TRUE(answered(peer, id, "200"));
  advance(3 * kSeconds);
  EXPECT_TRUE(drained);
}

}  // namespace
}  // namespace nanospan::net
