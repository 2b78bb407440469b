// The server's HTTP/2 connections: the same handler as HTTP/1.1, the same port, and peers that misbehave.
#include "net/http2_connection.h"

#include <gtest/gtest.h>

#include "net/http2_link.h"
#include "tests/net/http2_server_fixture.h"

namespace nanospan::net {
namespace {

TEST_F(Http2ServerTest, ARequestReachesTheHandlerAsOverHttp1) {
  std::string host, path, method;
  handler_->admit = [&](const MessageHead& head) {
    host = head.headers.find("Host").value_or("");
    path = head.path();
    method = head.method();
    EXPECT_EQ(head.major_version, 2);
    EXPECT_EQ(head.headers.find("X-Mine"), "1");
    return Admission::accept(100);
  };
  start();
  Http2Peer peer(server_->port());
  const StreamId id = peer.request({{"x-mine", "1"}}, "hello", "/v1/traces?a=b");
  ASSERT_TRUE(answered(peer, id, "200"));
  EXPECT_EQ(host, "a");
  EXPECT_EQ(path, "/v1/traces");
  EXPECT_EQ(method, "POST");
  EXPECT_EQ(handler_->bodies.at(0), "hello");
  EXPECT_EQ(peer.events.streams[id].body, "got 5");
  EXPECT_EQ(peer.events.streams[id].headers[0]["content-length"], "5");
  EXPECT_NE(peer.events.streams[id].headers[0]["date"], "");
  EXPECT_EQ(counters().answered, 1u);
  EXPECT_EQ(counters().http2_connections, 1u);
}

TEST_F(Http2ServerTest, BothVersionsShareThePort) {
  start();
  RawPeer old(server_->port());
  old.send(post("one"));
  ASSERT_TRUE(gets(old, "got 3"));
  Http2Peer peer(server_->port());
  ASSERT_TRUE(answered(peer, peer.request({}, "four"), "200"));
  EXPECT_EQ(counters().http2_connections, 1u);
}

TEST_F(Http2ServerTest, ThePrefaceMayComeByteByByte) {
  start();
  RawPeer peer(server_->port());
  for (const char c :
       std::string(kPreface) + frame(kSettings, 0, 0) + frame(kHeaders, kEndHeaders | kEndStream, 1, post_block())) {
    peer.send({&c, 1});
    settle();
  }
  ASSERT_TRUE(run_until([&] { return handler_->targets.size() == 1; }));
  EXPECT_EQ(handler_->targets[0], "/");
}

TEST_F(Http2ServerTest, ARequestThatBeginsLikeThePrefaceIsHttp1) {
  start();
  RawPeer peer(server_->port());
  peer.send("P");
  settle();
  peer.send(post("one").substr(1));
  ASSERT_TRUE(gets(peer, "got 3"));
  RawPeer other(server_->port());
  other.send("PRI * HTTP/2.0\r\n");
  settle();
  other.send("\r\nnot the preface");
  ASSERT_TRUE(gets(other, "HTTP/1.1 505"));
}

TEST_F(Http2ServerTest, APrefaceThatNeverComesWholeIsGivenUp) {
  start();
  RawPeer peer(server_->port());
  peer.send(kPreface.substr(0, 10));
  advance(10 * kSeconds);
  ASSERT_TRUE(ends(peer));
}

TEST_F(Http2ServerTest, WithoutHttp2ThePrefaceIsRefusedAsHttp1) {
  HttpServerTest::start();
  RawPeer peer(server_->port());
  peer.send(kPreface);
  ASSERT_TRUE(gets(peer, "HTTP/1.1 505"));
}

TEST_F(Http2ServerTest, ManyRequestsAreWithTheHandlerAtATimeAndAnsweredInAnyOrder) {
  std::vector<Responder> held;
  handler_->handle = [&](Request, Responder responder) { held.push_back(std::move(responder)); };
  start();
  Http2Peer peer(server_->port());
  std::vector<StreamId> ids;
  for (int i = 0; i < 100; ++i) ids.push_back(peer.request({}, std::to_string(i)));
  ASSERT_TRUE(until(peer, [&] { return held.size() == 100; }));
  for (std::size_t i = held.size(); i-- > 0;) held[i].respond({200, {}, "answer " + std::to_string(i), false});
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ASSERT_TRUE(answered(peer, ids[i], "200"));
    EXPECT_EQ(peer.events.streams[ids[i]].body, "answer " + std::to_string(i));
  }
  EXPECT_EQ(counters().connections_accepted, 1u);
}

TEST_F(Http2ServerTest, TheHandlersRefusalIsAnsweredBeforeTheBodyIsThere) {
  handler_->admit = [](const MessageHead&) { return Admission::answer({503, {{"Retry-After", "1"}}, "later", false}); };
  start();
  Http2Peer peer(server_->port());
  const StreamId id = peer.request({}, std::string(10u << 20, 'x'));
  ASSERT_TRUE(answered(peer, id, "503"));
  EXPECT_EQ(peer.events.streams[id].headers[0]["retry-after"], "1");
  EXPECT_TRUE(handler_->bodies.empty());
}

TEST_F(Http2ServerTest, LimitsOfBodiesAndMemoryHold) {
  handler_->body_bytes_max = 1000;
  charge_bodies();
  start();
  Http2Peer peer(server_->port());
  EXPECT_TRUE(answered(peer, peer.request({{"content-length", "2000"}}, std::string(2000, 'x')), "413"));
  EXPECT_TRUE(answered(peer, peer.request({}, std::string(2000, 'x')), "413"));
  EXPECT_EQ(peer.events.streams[3].body, "the body is larger than 1000 bytes; send smaller ones\n");
  ledger_.limit = 10;
  EXPECT_TRUE(answered(peer, peer.request({}, std::string(100, 'x')), "503"));
  EXPECT_EQ(ledger_.tickets, 0);
  EXPECT_EQ(counters().refused_body_too_large, 2u);
  EXPECT_EQ(counters().refused_ticket, 1u);
}

// 80 MB through windows of 1 MiB: what is thrown away of a refused body must give its credit back.
TEST_F(Http2ServerTest, RefusedBodiesGiveTheirCreditBackAndOthersAreServedOnTheConnection) {
  http2_.session.stream_window_bytes = http2_.session.connection_window_bytes = 1u << 20;
  ledger_.limit = 100'000;
  int calls = 0;
  handler_->admit = [&](const MessageHead& head) {
    if (head.path() == "/ok") return Admission::accept(1u << 20);
    if (++calls % 2 == 0) return Admission::answer({503, {{"Retry-After", "1"}}, "later", false});
    return Admission::accept(1u << 20, std::make_unique<TestTicket>(ledger_));  // refused in the middle
  };
  start();
  Http2Peer peer(server_->port());
  for (int round = 0; round < 20; ++round) {
    std::vector<StreamId> ids;
    for (int i = 0; i < 10; ++i) ids.push_back(peer.request({}, std::string(400'000, 'x')));
    for (const StreamId id : ids) {
      ASSERT_TRUE(answered(peer, id, "503")) << round;
      EXPECT_EQ(peer.events.streams[id].code, Http2Code::kNoError);
    }
  }
  EXPECT_TRUE(answered(peer, peer.request({}, std::string(1'000'000, 'x'), "/ok"), "200"));
  EXPECT_EQ(counters().connections_accepted, 1u);
  EXPECT_EQ(ledger_.tickets, 0);
}

TEST_F(Http2ServerTest, HeaderFieldsBeyondTheLimitAre431) {
  http2_.session.header_list_bytes_max = 500;
  start();
  Http2Peer peer(server_->port());
  EXPECT_TRUE(answered(peer, peer.request({}, "", "/" + std::string(600, 'x')), "431"));
  EXPECT_TRUE(answered(peer, peer.request({}, "ok"), "200")) << "the connection goes on";
  EXPECT_EQ(counters().refused_head_too_large, 1u);
  EXPECT_EQ(peer.events.streams[1].body, "the headers are larger than 500 bytes in all; send fewer or shorter ones\n");
}

TEST_F(Http2ServerTest, AResetRequestGivesItsMemoryBack) {
  charge_bodies();
  start();
  Http2Peer peer(server_->port());
  const StreamId id = peer.request({{"content-length", "100000"}}, "");
  peer.pump();
  ASSERT_NE(id, 0);
  settle();
  peer.tcp().send("");
  peer.session().reset(id, Http2Code::kCancel);
  ASSERT_TRUE(until(peer, [&] { return counters().http2_reset_by_peer == 1 || ledger_.tickets == 0; }));
  EXPECT_EQ(ledger_.tickets, 0);
}

TEST_F(Http2ServerTest, AnAnswerToAResetRequestIsTooLateAndHarmless) {
  std::vector<Responder> held;
  handler_->handle = [&](Request, Responder responder) { held.push_back(std::move(responder)); };
  start();
  Http2Peer peer(server_->port());
  const StreamId id = peer.request({}, "x");
  ASSERT_TRUE(until(peer, [&] { return held.size() == 1; }));
  peer.session().reset(id, Http2Code::kCancel);
  ASSERT_TRUE(until(peer, [&] { return counters().http2_reset_by_peer == 1; }));
  held[0].respond({200, {}, "", false});
  EXPECT_EQ(counters().answers_too_late, 1u);
  EXPECT_TRUE(answered(
      peer,
      [&] {
        handler_->handle = nullptr;
        return peer.request({}, "y");
      }(),
      "200"));
}

TEST_F(Http2ServerTest, AResponderThatIsDroppedAnswers500) {
  handler_->handle = [](Request, Responder) {};
  start();
  Http2Peer peer(server_->port());
  EXPECT_TRUE(answered(peer, peer.request({}, "x"), "500"));
  EXPECT_EQ(counters().unanswered, 1u);
}

TEST_F(Http2ServerTest, BytesWithTheHandlerSlowThePeerDown) {
  http2_.session.stream_window_bytes = 1u << 20;
  http2_.session.connection_window_bytes = 1u << 20;
  handler_->body_bytes_max = 16u << 20;
  std::vector<Responder> held;
  std::size_t with_handler = 0;
  handler_->handle = [&](Request request, Responder responder) {
    with_handler += request.body.size();
    held.push_back(std::move(responder));
  };
  start();
  Http2Peer peer(server_->port());
  std::vector<StreamId> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(peer.request({}, std::string(400'000, 'x')));
  for (int i = 0; i < 500; ++i) {
    peer.pump();
    settle();
  }
  EXPECT_LE(with_handler, 3u << 20) << "unanswered bytes are bounded by the window, not by what the peer has";
  EXPECT_GE(held.size(), 1u);
  for (std::size_t answered = 0; answered < 20;) {
    ASSERT_TRUE(until(peer, [&] { return held.size() > answered; }));
    held[answered++].respond({200, {}, "", false});
  }
  for (const StreamId id : ids) EXPECT_TRUE(answered(peer, id, "200"));
}

TEST_F(Http2ServerTest, StreamsBeyondTheLimitAreRefused) {
  http2_.session.streams_max = 2;
  std::vector<Responder> held;
  handler_->handle = [&](Request, Responder responder) { held.push_back(std::move(responder)); };
  start();
  RawPeer peer(server_->port());
  std::string bytes = std::string(kPreface) + frame(kSettings, 0, 0) + frame(kSettings, kAck, 0);
  for (std::uint32_t id = 1; id <= 9; id += 2) bytes += frame(kHeaders, kEndHeaders | kEndStream, id, post_block());
  peer.send(bytes);
  ASSERT_TRUE(run_until([&] { return held.size() == 2; }));
  settle();
  EXPECT_EQ(held.size(), 2u);
}

// --- Faults ---

TEST_F(Http2ServerTest, BrokenFramesEndTheConnectionAndNothingElse) {
  start();
  const std::string head = std::string(kPreface) + frame(kSettings, 0, 0);
  const std::string faults[] = {
      frame(kData, 0, 0, "x"),                                      // DATA on stream 0
      frame(kHeaders, kEndHeaders, 2, post_block()),                // an even stream
      frame(kHeaders, kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff"),  // not HPACK
      frame(kWindowUpdate, 0, 0, std::string(4, '\0')),             // by 0
      frame(kPing, 0, 0, "short"),
      frame(kContinuation, 0, 1, "x"),
      frame(kSettings, 0, 0, "odd"),
  };
  for (const std::string& fault : faults) {
    RawPeer peer(server_->port());
    peer.send(head + fault);
    settle();
    advance(3 * kSeconds);
    EXPECT_TRUE(ends(peer));
  }
  EXPECT_EQ(counters().http2_protocol_errors, std::size(faults));
  Http2Peer good(server_->port());
  EXPECT_TRUE(answered(good, good.request({}, "x"), "200"));
}

TEST_F(Http2ServerTest, RapidResetIsCountedAsAFlood) {
  http2_.session.resets_burst_max = 20;
  start();
  RawPeer peer(server_->port());
  std::string bytes = std::string(kPreface) + frame(kSettings, 0, 0);
  for (std::uint32_t id = 1; id < 400; id += 2) {
    bytes += frame(kHeaders, kEndHeaders, id, post_block()) + frame(kRstStream, 0, id, std::string("\0\0\0\x08", 4));
  }
  peer.send(bytes);
  settle();
  advance(3 * kSeconds);
  ASSERT_TRUE(ends(peer));
  EXPECT_LE(counters().requests, 25u);
  EXPECT_EQ(counters().http2_floods, 1u);
}

TEST_F(Http2ServerTest, ACutAtAnyByteLeavesNothingBehind) {
  charge_bodies();
  start();
  const std::string whole = std::string(kPreface) + frame(kSettings, 0, 0) +
                            frame(kHeaders, kEndHeaders, 1, post_block()) + frame(kData, 0, 1, "some bytes") +
                            frame(kData, kEndStream, 1, "the end");
  for (std::size_t cut = 0; cut < whole.size(); cut += 3) {
    RawPeer peer(server_->port());
    peer.send(std::string_view(whole).substr(0, cut));
    settle();
    peer.close();
    settle();
  }
  ASSERT_TRUE(run_until([&] { return counters().connections_open == 0; }));
  EXPECT_EQ(ledger_.tickets, 0);
}

}  // namespace
}  // namespace nanospan::net
