// What time does to the server's HTTP/2 connections: slow, silent, idle and old peers, keepalive both ways, drain.
#include <gtest/gtest.h>

#include <optional>

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
  ASSERT_TRUE(gets(tcp,
                   "the request's body came too slowly: 3 bytes in 11 s, less than 16384 bytes a second; send "
                   "smaller or compressed bodies"));
}

/// A peer whose connection has no credit left: four whole requests, which nobody answers yet, took it, and the fifth is
/// in the middle of its body.
class Http2CreditTest : public Http2ServerTest {
 protected:
  static constexpr std::size_t kWhole = 4;
  void use_up_the_credit() {
    http2_.session.stream_window_bytes = http2_.session.connection_window_bytes = 1u << 20;
    handler_->body_bytes_max = 4u << 20;
    handler_->handle = [this](Request, Responder responder) { held_.push_back(std::move(responder)); };
    start();
    peer_.emplace(server_->port());
    for (std::size_t i = 0; i < kWhole; ++i) ids_.push_back(peer_->request({}, std::string(260'000, 'x')));
    ASSERT_TRUE(until(*peer_, [&] { return held_.size() == kWhole; }));
    ids_.push_back(peer_->request({}, std::string(400'000, 'x')));
    peer_->pump();
    settle();
  }
  std::vector<Responder> held_;
  std::vector<StreamId> ids_;
  std::optional<Http2Peer> peer_;
};

TEST_F(Http2CreditTest, WhoMayNotSendIsNotSlow) {
  use_up_the_credit();
  for (int minute = 0; minute < 5; ++minute) pass(*peer_, 60 * kSeconds);
  EXPECT_EQ(counters().closed_body_slow, 0u);
  EXPECT_EQ(held_.size(), kWhole);
  for (std::size_t i = 0; i < kWhole; ++i) held_[i].respond({200, {}, "", false});
  ASSERT_TRUE(until(*peer_, [&] { return held_.size() == kWhole + 1; }));
  held_.back().respond({200, {}, "", false});
  for (const StreamId id : ids_) EXPECT_TRUE(answered(*peer_, id, "200"));
}

TEST_F(Http2CreditTest, WhoMaySendAgainIsSlowAfterTheTimeThatWasLeft) {
  use_up_the_credit();
  advance(60 * kSeconds);
  for (Responder& responder : held_) responder.respond({200, {}, "", false});
  advance(9 * kSeconds);  // the peer neither reads nor writes
  EXPECT_EQ(counters().closed_body_slow, 0u);
  advance(2 * kSeconds);
  EXPECT_EQ(counters().closed_body_slow, 1u);
}

TEST_F(Http2CreditTest, AnswersThatAreOverdueBringCreditAndTheClocksBack) {
  handler_->admit = [begun = 0u](const MessageHead&) mutable {
    Admission admission = Admission::accept(4u << 20);
    if (++begun <= kWhole) admission.timeout_nanos = 30 * kSeconds;
    return admission;
  };
  use_up_the_credit();
  advance(30 * kSeconds);
  EXPECT_EQ(counters().answer_deadlines, kWhole);
  EXPECT_EQ(counters().closed_body_slow, 0u);
  advance(11 * kSeconds);
  EXPECT_EQ(counters().closed_body_slow, 1u);
}

/// Frames of bodies on streams 1, 3, 5 ..., as the test says.
class PacedPeer {
 public:
  explicit PacedPeer(std::uint16_t port) : tcp_(port) { tcp_.send(std::string(kPreface) + frame(kSettings, 0, 0)); }
  void begin(unsigned stream) { tcp_.send(frame(kHeaders, kEndHeaders, id(stream), post_block())); }
  void bring(unsigned stream, std::size_t bytes, bool end = false) {
    tcp_.send(frame(kData, end ? kEndStream : 0, id(stream), std::string(bytes, 'x')));
  }
  RawPeer& tcp() { return tcp_; }

 private:
  static unsigned id(unsigned stream) { return 2 * stream + 1; }
  RawPeer tcp_;
};

TEST_F(Http2ServerTest, ThePaceIsThatOfTheConnection) {
  constexpr unsigned kUploads = 16;
  handler_->body_bytes_max = 4u << 20;
  charge_bodies();
  start();
  PacedPeer peer(server_->port());
  for (unsigned i = 0; i < kUploads; ++i) peer.begin(i);
  for (int second = 0; second < 60; ++second) {  // 16 KiB/s in all, 1 KiB/s each
    for (unsigned i = 0; i < kUploads; ++i) peer.bring(i, 1024);
    advance(kSeconds);
  }
  EXPECT_EQ(counters().closed_body_slow, 0u);
  EXPECT_EQ(ledger_.tickets, static_cast<int>(kUploads));
  advance(11 * kSeconds);
  EXPECT_EQ(counters().closed_body_slow, kUploads) << "and then nothing came";
  EXPECT_EQ(ledger_.tickets, 0);
}

TEST_F(Http2ServerTest, ABodyThatStandsStillDoesNotLiveOnItsNeighboursForEver) {
  handler_->body_bytes_max = 16u << 10;
  start();
  PacedPeer peer(server_->port());
  peer.begin(0);
  peer.bring(0, 3);
  for (unsigned second = 1; second <= 10; ++second) {
    peer.begin(second);
    peer.bring(second, 16'000, true);
    advance(kSeconds);
  }
  EXPECT_EQ(counters().closed_body_slow, 0u) << "a body of 16 KiB may take 1 s after the 10 s of grace";
  advance(kSeconds);
  EXPECT_EQ(counters().closed_body_slow, 1u);
  EXPECT_EQ(counters().answered, 11u);
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
