// After an answer that ends its connection a peer gets the time to finish a refused body and to read the answer, and no
// more than that.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/net/http_server_fixture.h"

namespace nanospan::net {
namespace {

constexpr std::string_view kChunkedHead =
    "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";

class Http1LingerTest : public HttpServerTest {
 protected:
  void start_refusing() {
    handler_->admit = [](const MessageHead&) { return Admission::answer({503, {}, "later", false}); };
    start();
  }
  /// The peer has its answer and does not close.
  void expect_closed_after_linger_nanos() {
    advance(kSeconds);
    EXPECT_EQ(counters().connections_open, 1u);
    advance(kSeconds);
    EXPECT_EQ(counters().connections_open, 0u);
    EXPECT_EQ(counters().closed_linger, 1u);
  }
};

TEST_F(Http1LingerTest, ARefusedBodyThatCameWithItsHeadIsNotWaitedFor) {
  start_refusing();
  RawPeer peer(server_->port());
  peer.send(post("0123456789", "Connection: close\r\n"));
  ASSERT_TRUE(ends(peer));
  EXPECT_EQ(peer.count("later"), 1u);
  expect_closed_after_linger_nanos();
}

TEST_F(Http1LingerTest, NorIsOneOverTheLimit) {
  handler_->body_bytes_max = 5;
  start();
  RawPeer peer(server_->port());
  peer.send(post("0123456789"));
  ASSERT_TRUE(ends(peer));
  EXPECT_EQ(peer.count("413 Content Too Large"), 1u);
  expect_closed_after_linger_nanos();
}

TEST_F(Http1LingerTest, TheEndOfARefusedBodyInChunksIsSeenInTheSameRead) {
  start_refusing();
  RawPeer peer(server_->port());
  peer.send(std::string(kChunkedHead) + "a\r\n0123456789\r\n0\r\n\r\n");
  ASSERT_TRUE(ends(peer));
  expect_closed_after_linger_nanos();
}

TEST_F(Http1LingerTest, TheEndOfARefusedBodyInChunksIsSeenWhenItComes) {
  start_refusing();
  RawPeer peer(server_->port());
  peer.send(kChunkedHead);
  ASSERT_TRUE(ends(peer));
  peer.send("a\r\n01234");
  advance(9 * kSeconds);
  EXPECT_EQ(counters().connections_open, 1u);
  peer.send("56789\r\n0\r\n\r\n");
  settle();
  expect_closed_after_linger_nanos();
}

TEST_F(Http1LingerTest, WhatIsNoChunkEndsThemAsWell) {
  start_refusing();
  RawPeer peer(server_->port());
  peer.send(kChunkedHead);
  ASSERT_TRUE(ends(peer));
  peer.send("no chunk\r\n");
  settle();
  expect_closed_after_linger_nanos();
}

TEST_F(Http1LingerTest, WhoSentAheadOfThePaceMayNotPauseForThatLong) {
  start_refusing();
  RawPeer peer(server_->port());
  peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
  ASSERT_TRUE(ends(peer));
  const std::string piece(60'000, 'x');
  for (int i = 0; i < 20; ++i) {  // what the lowest pace takes 73 s for
    ASSERT_EQ(peer.send(piece), piece.size());
    settle();
  }
  advance(9 * kSeconds);
  EXPECT_EQ(counters().connections_open, 1u);
  advance(kSeconds);
  EXPECT_EQ(counters().connections_open, 0u);
  EXPECT_EQ(counters().closed_linger, 1u);
}

TEST_F(Http1LingerTest, WhatComesAfterTheBodyHoldsNothingUp) {
  start_refusing();
  RawPeer peer(server_->port());
  peer.send(post("0123456789", "Connection: close\r\n"));
  ASSERT_TRUE(ends(peer));
  advance(kSeconds);
  peer.send("more");
  advance(kSeconds);
  EXPECT_EQ(counters().connections_open, 0u);
}

TEST_F(Http1LingerTest, ADrainWaitsForNoRefusedBody) {
  start_refusing();
  RawPeer sized(server_->port()), chunked(server_->port()), kept(server_->port());
  sized.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
  chunked.send(kChunkedHead);
  kept.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
  for (RawPeer* peer : {&sized, &chunked, &kept}) ASSERT_TRUE(gets(*peer, "later"));
  bool drained = false;
  server_->begin_drain(base::Deadline::after(clock_, 60 * kSeconds), [&] { drained = true; });
  advance(kSeconds);
  for (RawPeer* peer : {&sized, &chunked, &kept}) {
    EXPECT_EQ(peer->send("5\r\n"), 3u);
    settle();
  }
  EXPECT_FALSE(drained);
  advance(kSeconds);
  EXPECT_TRUE(drained);
  EXPECT_EQ(counters().closed_linger, 3u);
  EXPECT_EQ(counters().closed_by_drain, 0u);
}

// 50 senders at once, which write all before they read, and take half a minute for it.
TEST_F(Http1LingerTest, WhoWritesAllBeforeItReadsGetsTheRefusalAtThePaceOfAnyBody) {
  handler_->admit = [](const MessageHead&) { return Admission::answer({503, {{"Retry-After", "1"}}, "later", false}); };
  start();
  constexpr std::size_t kBody = 2'000'000;
  constexpr int kSecondsOfIt = 30;
  std::vector<std::unique_ptr<RawPeer>> peers;
  for (int i = 0; i < 50; ++i) {
    peers.push_back(std::make_unique<RawPeer>(server_->port()));
    peers.back()->send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kBody) + "\r\n\r\n");
  }
  const std::string piece(kBody / kSecondsOfIt, 'x');
  for (int second = 0; second < kSecondsOfIt; ++second) {
    for (const auto& peer : peers) ASSERT_EQ(peer->send(piece), piece.size()) << "after " << second << " s";
    advance(kSeconds);
  }
  for (const auto& peer : peers) {
    ASSERT_TRUE(ends(*peer));
    EXPECT_FALSE(peer->was_reset());
    EXPECT_EQ(peer->count("Retry-After: 1\r\n"), 1u);
    EXPECT_EQ(peer->count("Connection: close\r\n"), 1u);
    peer->close();
  }
  settle();
  EXPECT_EQ(counters().connections_open, 0u);
}

TEST_F(Http1LingerTest, WhoNeitherClosesNorSendsAtAPaceAfterARefusalIsClosed) {
  options_.linger_bytes_max = 1'000'000;
  start_refusing();
  RawPeer silent(server_->port()), trickling(server_->port()), endless(server_->port());
  for (RawPeer* peer : {&silent, &trickling, &endless}) {
    peer->send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
    ASSERT_TRUE(gets(*peer, "later"));
  }
  EXPECT_EQ(counters().connections_open, 3u);
  for (int i = 0; i < 20; ++i) {
    endless.send(std::string(60'000, 'x'));
    settle();
  }
  EXPECT_EQ(counters().connections_open, 2u);
  EXPECT_EQ(counters().closed_linger, 1u);
  for (int second = 0; second < 9; ++second) {
    trickling.send("x");
    advance(kSeconds);
  }
  EXPECT_EQ(counters().connections_open, 2u);
  advance(2 * kSeconds);
  EXPECT_EQ(counters().connections_open, 0u);
  EXPECT_EQ(counters().closed_linger, 3u);
}

// At the lowest pace the largest body would take more than an hour.
TEST_F(Http1LingerTest, WhoSendsARefusedBodyAtTheLowestPaceIsClosedAfterAMinute) {
  start_refusing();
  RawPeer peer(server_->port());
  peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000000\r\n\r\n");
  ASSERT_TRUE(gets(peer, "later"));
  const std::string piece(options_.body_bytes_per_second_min, 'x');
  for (int second = 0; second < 59; ++second) {
    ASSERT_EQ(peer.send(piece), piece.size());
    advance(kSeconds);
  }
  EXPECT_EQ(counters().connections_open, 1u);
  advance(kSeconds);
  EXPECT_EQ(counters().connections_open, 0u);
  EXPECT_EQ(counters().closed_linger, 1u);
}

}  // namespace
}  // namespace nanospan::net
