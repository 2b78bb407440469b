// What a server does for peers that mean well. For those that do not, see http1_connection_read_test.cc.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/net/http_server_fixture.h"

namespace nanospan::net {
namespace {

TEST_F(HttpServerTest, ALargeBodyArrivesInOneExactBlock) {
  const std::string body(3'000'000, 'x');
  handler_->body_bytes_max = body.size();
  std::size_t capacity = 0;
  handler_->handle = [&](Request request, Responder responder) {
    capacity = request.body.capacity();
    responder.respond({});
  };
  start();
  RawPeer peer(server_->port());
  const std::string request = post(body);
  std::size_t sent = 0;
  ASSERT_TRUE(run_until([&] {
    sent += peer.send(std::string_view(request).substr(sent));
    return !handler_->bodies.empty();
  }));
  EXPECT_EQ(handler_->bodies.at(0), body);
  EXPECT_EQ(capacity, body.size());
}

TEST_F(HttpServerTest, ChunkedBodiesAreJoinedAndCharged) {
  charge_bodies();
  start();
  RawPeer peer(server_->port());
  std::string chunks;
  std::string body;
  for (int i = 0; i < 20; ++i) {
    const std::string piece(20'000, static_cast<char>('a' + i));
    body += piece;
    chunks += "4e20\r\n" + piece + "\r\n";
  }
  const std::string request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n";
  std::size_t sent = 0;
  ASSERT_TRUE(run_until([&] {
    sent += peer.send(std::string_view(request).substr(sent));
    return !handler_->bodies.empty();
  }));
  EXPECT_EQ(handler_->bodies.at(0), body);
  EXPECT_GE(ledger_.largest, body.size());
  EXPECT_EQ(ledger_.tickets, 0);
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrderOneAtATime) {
  std::vector<Responder> waiting;
  handler_->handle = [&](Request, Responder responder) { waiting.push_back(std::move(responder)); };
  start();
  RawPeer peer(server_->port());
  peer.send(post("1") + post("22") + "GET /last HTTP/1.1\r\nHost: a\r\n\r\n");
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(run_until([&] { return !waiting.empty(); }));
    settle();
    EXPECT_EQ(handler_->bodies.size(), i + 1) << "the next one must wait for this answer";
    Responder responder = std::move(waiting.back());
    waiting.clear();
    responder.respond({200, {}, "answer " + std::to_string(i), false});
  }
  ASSERT_TRUE(gets(peer, "answer 2"));
  EXPECT_LT(peer.received().find("answer 0"), peer.received().find("answer 1"));
  EXPECT_EQ(handler_->targets.back(), "/last");
}

TEST_F(HttpServerTest, WhoTakesLongHearsThatThePeerHasGoneAndMayStillAnswer) {
  int gone = 0;
  Responder waiting;
  handler_->handle = [&](Request, Responder responder) {
    waiting = std::move(responder);
    waiting.on_peer_gone([&] {
      ++gone;
      waiting.respond({200, {}, "what there was", false});
    });
  };
  start();
  RawPeer peer(server_->port());
  peer.send(post("1") + post("2"));  // the second one, unread, does not hide that the peer leaves
  ASSERT_TRUE(run_until([&] { return waiting.valid(); }));
  settle();
  EXPECT_EQ(gone, 0);
  peer.finish_sending();
  ASSERT_TRUE(run_until([&] { return gone >= 1; }));
  ASSERT_TRUE(gets(peer, "what there was"));
}

TEST_F(HttpServerTest, WhoHasAnsweredHearsNothingMore) {
  int gone = 0;
  handler_->handle = [&](Request, Responder responder) {
    responder.on_peer_gone([&] { ++gone; });
    responder.respond({200, {}, "done", false});
  };
  start();
  {
    RawPeer peer(server_->port());
    peer.send(post("1"));
    ASSERT_TRUE(gets(peer, "done"));
  }
  ASSERT_TRUE(run_until([&] { return server_->counters().connections_open == 0; }));
  EXPECT_EQ(gone, 0);
}

TEST_F(HttpServerTest, AnsweringNeverRunsTheHandlerOfTheNextRequest) {
  Responder first;
  bool answering = false;
  handler_->handle = [&](Request request, Responder responder) {
    EXPECT_FALSE(answering) << "a handler that answers under its own lock would deadlock";
    if (request.body.view() == "1") {
      first = std::move(responder);
    } else {
      responder.respond({200, {}, "second", false});
    }
  };
  start();
  RawPeer peer(server_->port());
  peer.send(post("1") + post("2"));
  ASSERT_TRUE(run_until([&] { return first.valid(); }));
  answering = true;
  first.respond({200, {}, "first", false});
  answering = false;
  ASSERT_TRUE(gets(peer, "second"));
}

TEST_F(HttpServerTest, ManyPipelinedRequestsLeaveTurnsToOthers) {
  start();
  RawPeer greedy(server_->port());
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += post("x");
  ASSERT_EQ(greedy.send(requests), requests.size());
  ASSERT_TRUE(gets(greedy, "got 1", 1000));
  EXPECT_EQ(counters().answered, 1000u);
}

TEST_F(HttpServerTest, ExpectContinueIsAnsweredBeforeTheBody) {
  start();
  RawPeer peer(server_->port());
  peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(gets(peer, "HTTP/1.1 100 Continue\r\n\r\n"));
  EXPECT_TRUE(handler_->bodies.empty());
  peer.send("hello");
  ASSERT_TRUE(gets(peer, "got 5"));
}

TEST_F(HttpServerTest, AHandlerMayAnswerBeforeTheBodyIsRead) {
  handler_->admit = [](const MessageHead& head) {
    return head.path() == "/ok" ? Admission::accept(100)
                                : Admission::answer({503, {{"Retry-After", "1"}}, "later", false});
  };
  start();
  RawPeer peer(server_->port());
  // A short body is skipped and the connection kept.
  peer.send(post("some body") + "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(gets(peer, "got 0"));
  EXPECT_EQ(peer.count("Retry-After: 1\r\n"), 1u);
  // With Expect only the close says whether the body still comes.
  peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(ends(peer));
  EXPECT_EQ(peer.count("Connection: close\r\n"), 1u);
  EXPECT_EQ(peer.count("100 Continue"), 0u);
  EXPECT_EQ(counters().answered_by_handler_early, 2u);
  EXPECT_EQ(handler_->bodies, std::vector<std::string>{""});
}

TEST_F(HttpServerTest, ALongRefusedBodyEndsTheConnectionAfterTheAnswer) {
  handler_->admit = [](const MessageHead&) { return Admission::answer({503, {}, "later", false}); };
  start();
  RawPeer peer(server_->port());
  peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n" + std::string(100'000, 'x'));
  ASSERT_TRUE(ends(peer));
  EXPECT_EQ(peer.count("later"), 1u);
  EXPECT_FALSE(peer.was_reset()) << "a reset may destroy the answer on its way (RFC 9112, 9.6)";
}

TEST_F(HttpServerTest, HeadGetsNoBodyAndHttp10Closes) {
  start();
  RawPeer peer(server_->port());
  peer.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(gets(peer, "Content-Length: 5\r\n"));
  settle();
  peer.receive();
  EXPECT_TRUE(peer.received().ends_with("\r\n\r\n"));
  peer.send("GET / HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(ends(peer));
  EXPECT_TRUE(peer.received().ends_with("got 0"));
}

TEST_F(HttpServerTest, AHeaderThatWouldBreakTheFramingIsLeftOut) {
  handler_->handle = [](Request, Responder responder) {
    responder.respond({200, {{"X-Good", "1"}, {"X-Bad", "a\r\nInjected: 1"}, {"Content-Length", "99"}}, "", false});
  };
  start();
  RawPeer peer(server_->port());
  peer.send(post("a"));
  ASSERT_TRUE(gets(peer, "X-Good: 1\r\n"));
  EXPECT_EQ(peer.count("Injected"), 0u);
  EXPECT_EQ(peer.count("Content-Length: 0\r\n"), 1u);
}

}  // namespace
}  // namespace nanospan::net
