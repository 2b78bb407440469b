#include "net/http_server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "net/http1_client.h"
#include "net/loop_threads.h"
#include "tests/net/http_server_fixture.h"

namespace nanospan::net {
namespace {

TEST_F(HttpServerTest, AnswersAndKeepsTheConnection) {
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

TEST_F(HttpServerTest, AResponderMayAnswerFromAnotherThread) {
  std::vector<std::thread> threads;
  handler_->handle = [&](Request, Responder responder) {
    threads.emplace_back([r = std::make_shared<Responder>(std::move(responder))] {
      r->respond({200, {}, "from afar", false});
    });
  };
  start();
  RawPeer peer(server_->port());
  peer.send(post("a") + post("b"));
  ASSERT_TRUE(gets(peer, "from afar", 2));
  for (std::thread& thread : threads) thread.join();
}

TEST_F(HttpServerTest, ADroppedResponderIsA500AndCounted) {
  handler_->handle = [](Request, Responder responder) { const Responder dropped = std::move(responder); };
  start();
  RawPeer peer(server_->port());
  peer.send(post("a"));
  ASSERT_TRUE(gets(peer, "HTTP/1.1 500 Internal Server Error"));
  EXPECT_EQ(counters().unanswered, 1u);
}

TEST_F(HttpServerTest, AnAnswerToAPeerThatIsGoneIsCounted) {
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

TEST_F(HttpServerTest, AResponderMayOutliveTheServer) {
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

TEST_F(HttpServerTest, ASecondServerOnTheSamePortIsRefused) {
  start();
  HttpServerOptions options;
  options.port = server_->port();
  auto second = std::move(EventLoop::create(clock_)).value();
  auto third = std::move(EventLoop::create(clock_)).value();
  // Also with SO_REUSEPORT, with which the kernel would let it take half of our connections.
  const auto refused = HttpServer::start({second.get(), third.get()}, std::move(options), handler_);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("Address already in use"), std::string::npos) << refused.error().message;
}

TEST_F(HttpServerTest, AnAddressThatIsNoneIsRefused) {
  options_.host = "not.an.address";
  const auto refused = HttpServer::start({loop_.get()}, std::move(options_), handler_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(HttpServerTest, OneLoopMayTakeAllConnectionsOfAUnixSocketAndTheLimitIsOfAll) {
  options_.host = "@nanospan_http_server_test." + std::to_string(::getpid());
  options_.connections_max = 4;
  SocketAddress address;
  ASSERT_TRUE(SocketAddress::parse(options_.host, 0, address));
  auto second = std::move(EventLoop::create(clock_)).value();
  server_ = HttpServer::start({loop_.get(), second.get()}, std::move(options_), handler_).value();
  const auto turn = [&](EventLoop& loop) { loop.run_once({clock_.monotonic_now() + kMillis}); };
  turn(*loop_);
  turn(*second);
  std::vector<Fd> peers;
  const auto connect = [&] {
    peers.push_back(start_connect(address).fd);
    ASSERT_TRUE(peers.back());
  };
  connect();
  connect();
  turn(*loop_);
  EXPECT_EQ(counters().connections_open, 1u) << "one a turn, so that the other loop gets its own";
  turn(*second);
  EXPECT_EQ(counters().connections_open, 2u);
  connect();
  connect();
  connect();
  settle();
  EXPECT_EQ(counters().connections_open, 4u) << "three of them on the first loop";
  EXPECT_EQ(counters().connections_over_limit, 1u);
  peers.clear();
  settle();
  turn(*second);
  EXPECT_EQ(counters().connections_open, 0u);
  for (int i = 0; i < 5; ++i) connect();
  for (int i = 0; i < 5; ++i) turn(*second);
  EXPECT_EQ(counters().connections_open, 4u);
  EXPECT_EQ(counters().connections_over_limit, 2u);
  server_.reset();  // before the second loop
  second->run_posted();
}

TEST_F(HttpServerTest, AUnixSocketIsSharedByAllLoopsAndItsFileGoesWithTheLast) {
  const std::string path = ::testing::TempDir() + "http_server_test." + std::to_string(::getpid());
  ASSERT_LE(path.size(), SocketAddress::kUnixNameBytesMax) << "TMPDIR is too long for a unix socket: " << path;
  options_.host = path;
  auto second = std::move(EventLoop::create(clock_)).value();
  server_ = HttpServer::start({loop_.get(), second.get()}, std::move(options_), handler_).value();
  EXPECT_EQ(server_->port(), 0);
  std::string host;
  handler_->handle = [&](Request request, Responder responder) {
    host = request.head.headers.find("Host").value_or("");
    responder.respond({200, {}, request.peer, false});
  };
  const auto client_loop = std::move(EventLoop::create(clock_)).value();
  Http1ClientOptions client_options;
  client_options.origin = parse_url("unix:" + path).value();
  client_options.proxy = parse_proxy("http://proxy:1").value();  // never on the way to a socket
  const auto client = Http1Client::create(*client_loop, std::move(client_options)).value();
  for (EventLoop* serving : {loop_.get(), second.get()}) {
    std::string peer;
    client->cancel_all();  // a new connection each time
    client->send({}, [&](const HttpResult& result) { peer = result.response.body; });
    for (int round = 0; round < 1000 && peer.empty(); ++round) {
      client_loop->run_once({clock_.monotonic_now() + kMillis});
      serving->run_once({clock_.monotonic_now() + kMillis});
    }
    EXPECT_EQ(peer, "unix socket");
  }
  EXPECT_EQ(host, "localhost");
  EXPECT_EQ(handler_->targets.front(), "/") << "not the whole URL, as a proxy gets it";
  server_->begin_drain(base::Deadline::after(clock_, kSeconds), [] {});
  settle();
  EXPECT_EQ(::access(path.c_str(), F_OK), 0) << "the second loop still listens";
  while (second->run_once({clock_.monotonic_now()}) != 0) {
  }
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
  server_.reset();  // before the second loop
  second->run_posted();
}

TEST_F(HttpServerTest, EachLoopGetsItsShareOfTheConnections) {
  std::vector<std::unique_ptr<EventLoop>> others;
  std::vector<EventLoop*> loops{loop_.get()};
  for (int i = 0; i < 2; ++i) loops.push_back(others.emplace_back(EventLoop::create(clock_).value()).get());
  options_.port = 0;
  server_ = HttpServer::start(loops, std::move(options_), handler_).value();
  const auto turn = [&] {
    for (EventLoop* loop : loops) loop->run_once({clock_.monotonic_now() + kMillis});
  };
  std::map<EventLoop*, int> served;
  handler_->handle = [&](Request request, Responder responder) {
    ++served[request.loop];
    responder.respond({200, {}, "done", false});
  };
  std::vector<RawPeer> peers;
  const auto ask = [&](RawPeer& peer, std::size_t answers) {
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int round = 0; round < 1000 && peer.count("done") < answers; ++round) {
      turn();
      peer.receive();
    }
  };
  for (int i = 0; i < 12; ++i) ask(peers.emplace_back(server_->port()), 1);
  for (EventLoop* loop : loops) EXPECT_EQ(served[loop], 4) << "wherever the kernel put them";
  served.clear();
  for (RawPeer& peer : peers) ask(peer, 2);
  for (EventLoop* loop : loops) EXPECT_EQ(served[loop], 4) << "and there they stay";
  peers.clear();
  for (int round = 0; round < 10; ++round) turn();
  EXPECT_EQ(counters().connections_open, 0u);
  server_.reset();  // before the other loops
  for (const auto& loop : others) loop->run_posted();
}

/// Real threads and the real clock: for the sanitizers.
TEST(HttpServerThreads, SeveralLoopsServeAndDrain) {
  struct Handler final : HttpHandler {
    Admission on_headers(const MessageHead&) override { return Admission::accept(1000); }
    void on_request(Request, Responder responder) override {
      ++requests;
      responder.respond({200, {}, "done", false});
    }
    std::atomic<int> requests{0};
  };
  auto threads = std::move(LoopThreads::start(3, "server")).value();
  const auto handler = std::make_shared<Handler>();
  HttpServerOptions options;
  options.port = 0;
  auto server = std::move(HttpServer::start(threads->loops(), std::move(options), handler)).value();
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
  EXPECT_TRUE(server->shutdown(base::Deadline::after(base::system_clock(), 10 * kSeconds)));
  EXPECT_EQ(server->counters().connections_open, 0u);
  EXPECT_EQ(server->counters().answered, 50u);
  server.reset();
  threads->stop();
}

}  // namespace
}  // namespace nanospan::net
