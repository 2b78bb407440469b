// What an Http1Server does for peers that mean well. For those that do not, see http1_server_hostile_test.cc.
#include "net/http1_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/loop_threads.h"
#include "tests/net/http1_server_fixture.h"

namespace nanospan::net {
namespace {

TEST_F(Http1ServerTest, AnswersAndKeepsTheConnection) {
  start();
  RawPeer peer(server_->port());
  peer.send(post("hello"));
  ASSERT_TRUE(gets(peer, "got 5"));
  EXPECT_EQ(peer.received().substr(0, 17), "HTTP/1.1 200 OK\r\n");
  EXPECT_EQ(peer.count("Content-Length: 5\r\n"), 1u);
  EXPECT_EQ(peer.count("Connection: keep-alive\r\n"), 1u);
  EXPECT_EQ(peer.count("Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"), 1u);
  peer.send(post("again!"));
  ASSERT_TRUE(gets(peer, "got 6"));
  EXPECT_EQ(counters().connections_accepted, 1u);
  EXPECT_EQ(counters().requests, 2u);
  EXPECT_EQ(counters().answered, 2u);
  EXPECT_EQ(handler_->bodies, (std::vector<std::string>{"hello", "again!"}));
}

TEST_F(Http1ServerTest, ALargeBodyArrivesInOneExactBlock) {
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

TEST_F(Http1ServerTest, ChunkedBodiesAreJoinedAndCharged) {
  Ledger ledger;
  handler_->admit = [&](const MessageHead&) { return Admission::accept(1u << 20, std::make_unique<TestTicket>(ledger)); };
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
  EXPECT_GE(ledger.largest, body.size());
  EXPECT_EQ(ledger.tickets, 0);
}

TEST_F(Http1ServerTest, PipelinedRequestsAreAnsweredInOrderOneAtATime) {
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

TEST_F(Http1ServerTest, ManyPipelinedRequestsLeaveTurnsToOthers) {
  start();
  RawPeer greedy(server_->port());
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += post("x");
  ASSERT_EQ(greedy.send(requests), requests.size());
  ASSERT_TRUE(gets(greedy, "got 1", 1000));
  EXPECT_EQ(counters().answered, 1000u);
}

TEST_F(Http1ServerTest, ExpectContinueIsAnsweredBeforeTheBody) {
  start();
  RawPeer peer(server_->port());
  peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(gets(peer, "HTTP/1.1 100 Continue\r\n\r\n"));
  EXPECT_TRUE(handler_->bodies.empty());
  peer.send("hello");
  ASSERT_TRUE(gets(peer, "got 5"));
}

TEST_F(Http1ServerTest, AHandlerMayAnswerBeforeTheBodyIsRead) {
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

TEST_F(Http1ServerTest, ALongRefusedBodyEndsTheConnectionAfterTheAnswer) {
  handler_->admit = [](const MessageHead&) { return Admission::answer({503, {}, "later", false}); };
  start();
  RawPeer peer(server_->port());
  peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n" + std::string(100'000, 'x'));
  ASSERT_TRUE(ends(peer));
  EXPECT_EQ(peer.count("later"), 1u);
  EXPECT_FALSE(peer.was_reset()) << "a reset may destroy the answer on its way (RFC 9112, 9.6)";
}

TEST_F(Http1ServerTest, HeadGetsNoBodyAndHttp10Closes) {
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

TEST_F(Http1ServerTest, AResponderMayAnswerFromAnotherThread) {
  std::vector<std::thread> threads;
  handler_->handle = [&](Request, Responder responder) {
    threads.emplace_back([r = std::make_shared<Responder>(std::move(responder))] { r->respond({200, {}, "from afar", false}); });
  };
  start();
  RawPeer peer(server_->port());
  peer.send(post("a") + post("b"));
  ASSERT_TRUE(gets(peer, "from afar", 2));
  for (std::thread& thread : threads) thread.join();
}

TEST_F(Http1ServerTest, ADroppedResponderIsA500AndCounted) {
  handler_->handle = [](Request, Responder responder) { const Responder dropped = std::move(responder); };
  start();
  RawPeer peer(server_->port());
  peer.send(post("a"));
  ASSERT_TRUE(gets(peer, "HTTP/1.1 500 Internal Server Error"));
  EXPECT_EQ(counters().unanswered, 1u);
}

TEST_F(Http1ServerTest, AnAnswerToAPeerThatIsGoneIsCounted) {
  Responder waiting;
  handler_->handle = [&](Request, Responder responder) { waiting = std::move(responder); };
  start();
  RawPeer peer(server_->port());
  peer.send(post("a"));
  ASSERT_TRUE(run_until([&] { return waiting.valid(); }));
  peer.reset();
  ASSERT_TRUE(run_until([&] { return counters().connections_open == 0; }));
  EXPECT_EQ(counters().closed_by_peer_in_response, 1u);
  waiting.respond({});
  EXPECT_EQ(counters().answers_too_late, 1u);
}

TEST_F(Http1ServerTest, AResponderMayOutliveTheServer) {
  Responder waiting;
  handler_->handle = [&](Request, Responder responder) { waiting = std::move(responder); };
  start();
  RawPeer peer(server_->port());
  peer.send(post("a"));
  ASSERT_TRUE(run_until([&] { return waiting.valid(); }));
  server_.reset();
  settle();
  waiting.respond({});
  EXPECT_TRUE(ends(peer));
}

TEST_F(Http1ServerTest, AHeaderThatWouldBreakTheFramingIsLeftOut) {
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

TEST_F(Http1ServerTest, DrainFinishesWhatIsInFlight) {
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

TEST_F(Http1ServerTest, DrainEndsAtItsDeadline) {
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

TEST_F(Http1ServerTest, ASecondServerOnTheSamePortIsRefused) {
  start();
  Http1ServerOptions options;
  options.port = server_->port();
  auto second = std::move(EventLoop::create(clock_)).value();
  auto third = std::move(EventLoop::create(clock_)).value();
  // Also with SO_REUSEPORT, with which the kernel would let it take half of our connections.
  const auto refused = Http1Server::start({second.get(), third.get()}, std::move(options), handler_);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("Address already in use"), std::string::npos) << refused.error().message;
}

TEST_F(Http1ServerTest, AnAddressThatIsNoneIsRefused) {
  options_.host = "not.an.address";
  const auto refused = Http1Server::start({loop_.get()}, std::move(options_), handler_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
}

/// Real threads and the real clock: for the sanitizers.
TEST(Http1ServerThreads, SeveralLoopsServeAndDrain) {
  struct Handler final : Http1Handler {
    Admission on_headers(const MessageHead&) override { return Admission::accept(1000); }
    void on_request(Request, Responder responder) override {
      ++requests;
      responder.respond({200, {}, "done", false});
    }
    std::atomic<int> requests{0};
  };
  auto threads = std::move(LoopThreads::start(2, "server")).value();
  const auto handler = std::make_shared<Handler>();
  Http1ServerOptions options;
  options.port = 0;
  auto server = std::move(Http1Server::start(threads->loops(), std::move(options), handler)).value();
  std::vector<RawPeer> peers;
  for (int i = 0; i < 50; ++i) peers.emplace_back(server->port());
  for (RawPeer& peer : peers) peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  for (RawPeer& peer : peers) {
    while (peer.count("done") == 0 && !peer.ended()) {
      peer.receive();
      std::this_thread::yield();
    }
  }
  EXPECT_EQ(handler->requests, 50);
  EXPECT_EQ(server->counters().answered, 50u);
  EXPECT_TRUE(server->shutdown(base::Deadline::after(base::system_clock(), 10 * kSeconds)));
  EXPECT_EQ(server->counters().connections_open, 0u);
  server.reset();
  threads->stop();
}

}  // namespace
}  // namespace nanospan::net
