// The gRPC client, against our own server and against peers that misbehave.
#include "net/grpc_client.h"

#include <unistd.h>

#include "net/grpc_channel.h"
#include "net/grpc_connection.h"

#include "tests/net/grpc_fixture.h"

namespace nanospan::net {
namespace {

/// Moves a few bytes at a time, and now and then none.
class StutteringStream final : public ByteStream {
 public:
  explicit StutteringStream(Fd socket) : stream_(make_socket_stream(std::move(socket))) {}
  int fd() const override { return stream_->fd(); }
  IoResult read(std::span<const iovec> into) override {
    if (stutters()) return {IoResult::State::kWouldBlock, 0, 0};
    const iovec some{into[0].iov_base, std::min<std::size_t>(into[0].iov_len, 1 + turn_ % 97)};
    return stream_->read({&some, 1});
  }
  IoResult write(std::span<const iovec> from) override {
    if (stutters()) return {IoResult::State::kWouldBlock, 0, 0};
    const iovec some{from[0].iov_base, std::min<std::size_t>(from[0].iov_len, 1 + turn_ % 89)};
    return stream_->write({&some, 1});
  }
  void finish_writing() override { stream_->finish_writing(); }

 private:
  bool stutters() { return ++turn_ % 5 == 0; }
  const std::unique_ptr<ByteStream> stream_;
  std::size_t turn_ = 0;
};

TEST_F(GrpcTest, ACallBringsItsMessageAndGetsTheAnswer) {
  start();
  const GrpcReply reply = call("hello");
  EXPECT_TRUE(reply.answered);
  EXPECT_EQ(reply.status.code, GrpcCode::kOk) << reply.status.message;
  EXPECT_EQ(reply.message, "echo:hello");
  EXPECT_EQ(client_->counters().connections_opened, 1u);
}

TEST_F(GrpcTest, CallsNameTheOriginsAuthorityOrTheOneGiven) {
  std::string seen;
  service_->decide = [&](const MessageHead& head) {
    seen = head.headers.find("host").value_or("");
    return GrpcService::Decision{{}, 100, nullptr};
  };
  start();
  EXPECT_TRUE(call("x").answered);
  EXPECT_EQ(seen, "127.0.0.1:" + std::to_string(port_));
  client_options_.authority = "otlp.example.com";
  start_client();
  EXPECT_TRUE(call("x").answered);
  EXPECT_EQ(seen, "otlp.example.com");
}

TEST_F(GrpcTest, AMessageLargerThanAllWindowsComesWhole) {
  service_->message_bytes_max = 64u << 20;
  start();
  std::string large(20u << 20, 'x');
  for (std::size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<char>(i);
  std::string seen;
  service_->handle = [&](Request request, GrpcResponder responder) {
    EXPECT_EQ(request.body.capacity(), large.size()) << "exactly sized";
    seen = request.body.view();
    responder.succeed("");
  };
  const GrpcReply reply = call(large);
  EXPECT_EQ(reply.status.code, GrpcCode::kOk) << reply.status.message;
  EXPECT_TRUE(seen == large);
}

TEST_F(GrpcTest, ManyCallsShareOneConnection) {
  client_options_.queued_calls_max = 1000;
  http2_options_.session.streams_max = 7;
  start();
  constexpr std::size_t kCalls = 300;
  std::vector<std::optional<GrpcReply>> replies(kCalls);
  for (std::size_t i = 0; i < kCalls; ++i) call(std::string(i * 100, 'a') + std::to_string(i), replies[i]);
  for (std::size_t i = 0; i < kCalls; ++i) {
    const GrpcReply reply = finish(replies[i]);
    EXPECT_EQ(reply.message, "echo:" + std::string(i * 100, 'a') + std::to_string(i));
  }
  EXPECT_EQ(counters().connections_accepted, 1u);
  EXPECT_EQ(client_->counters().repeated, 0u);
}

TEST_F(GrpcTest, StatusMessageAndDetailsOfAFailureComeThrough) {
  start();
  service_->handle = [](Request, GrpcResponder responder) {
    responder.fail({GrpcCode::kUnavailable, "später: 100 % voll\n", std::string("\x08\x0e\x00\xff", 4)});
  };
  const GrpcReply reply = call("x");
  EXPECT_TRUE(reply.answered);
  EXPECT_EQ(reply.status.code, GrpcCode::kUnavailable);
  EXPECT_EQ(reply.status.message, "später: 100 % voll\n");
  EXPECT_EQ(reply.status.details, std::string("\x08\x0e\x00\xff", 4));
}

TEST_F(GrpcTest, NobodyListeningIsRefusedAndTheNextCallWaitsForTheBackoff) {
  start();
  server_.reset();
  settle();
  const GrpcReply refused = call("x");
  EXPECT_FALSE(refused.answered);
  EXPECT_EQ(refused.failure, HttpFailure::kRefused);
  EXPECT_EQ(refused.status.code, GrpcCode::kUnavailable);
  EXPECT_FALSE(refused.may_have_arrived);
  start_server();
  std::optional<GrpcReply> reply;
  call("y", reply);
  settle();
  EXPECT_FALSE(reply.has_value()) << "not before the back-off is over";
  advance(100 * kMillis);  // half of 200 ms: the jitter is 0 here
  EXPECT_EQ(finish(reply).message, "echo:y");
}

TEST_F(GrpcTest, TheBackoffDoublesUpToItsMaximum) {
  start();
  server_.reset();
  settle();
  for (const std::uint64_t expected : {0u, 100u, 200u, 400u, 800u, 1600u, 2500u, 2500u}) {
    std::optional<GrpcReply> reply;
    call("x", reply);
    settle();
    if (expected != 0) {
      EXPECT_FALSE(reply.has_value());
      advance(expected * kMillis - 1);
      EXPECT_FALSE(reply.has_value()) << expected;
      advance(1);
    }
    EXPECT_EQ(finish(reply).failure, HttpFailure::kRefused) << expected;
  }
  EXPECT_EQ(client_->counters().connections_opened, 0u);
}

TEST_F(GrpcTest, TheDeadlineEndsACallWhereverItIs) {
  client_options_.streams_max = 1;
  start();
  std::vector<GrpcResponder> held;
  service_->handle = [&](Request, GrpcResponder responder) { held.push_back(std::move(responder)); };
  std::optional<GrpcReply> on_stream, waiting;
  call("a", on_stream, {clock_.monotonic_now() + kSeconds});
  ASSERT_TRUE(run_until([&] { return held.size() == 1; }));
  call("b", waiting, {clock_.monotonic_now() + kSeconds});
  advance(kSeconds);
  EXPECT_EQ(finish(on_stream).failure, HttpFailure::kResponseTimeout);
  EXPECT_TRUE(on_stream->may_have_arrived);
  EXPECT_EQ(finish(waiting).failure, HttpFailure::kConnectTimeout);
  EXPECT_FALSE(waiting->may_have_arrived);
  EXPECT_EQ(on_stream->status.code, GrpcCode::kDeadlineExceeded);
  ASSERT_TRUE(run_until([&] { return counters().answer_deadlines + counters().http2_reset_by_peer == 1; }));
}

TEST_F(GrpcTest, ACancelledCallResetsItsStream) {
  start();
  std::vector<GrpcResponder> held;
  service_->handle = [&](Request, GrpcResponder responder) { held.push_back(std::move(responder)); };
  std::optional<GrpcReply> reply;
  const auto id = call("a", reply);
  ASSERT_TRUE(run_until([&] { return held.size() == 1; }));
  client_->cancel(id);
  EXPECT_FALSE(reply.has_value()) << "never from within";
  EXPECT_EQ(finish(reply).failure, HttpFailure::kCancelled);
  ASSERT_TRUE(run_until([&] { return counters().http2_reset_by_peer == 1; }));
  client_->cancel(id);
  client_->cancel_all();
  service_->handle = nullptr;
  EXPECT_EQ(call("b").message, "echo:b") << "can be used again";
}

TEST_F(GrpcTest, TheQueueIsBounded) {
  client_options_.streams_max = 1;
  client_options_.queued_calls_max = 2;
  start();
  std::vector<GrpcResponder> held;
  service_->handle = [&](Request, GrpcResponder responder) { held.push_back(std::move(responder)); };
  std::optional<GrpcReply> replies[4];
  call("0", replies[0]);
  ASSERT_TRUE(run_until([&] { return held.size() == 1; }));
  for (int i = 1; i < 4; ++i) call("x", replies[i]);
  EXPECT_EQ(finish(replies[3]).failure, HttpFailure::kQueueFull);
  EXPECT_EQ(client_->in_flight(), 3u);
  client_->cancel_all();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(finish(replies[i]).failure, HttpFailure::kCancelled);
}

TEST_F(GrpcTest, WhatCannotBeSentIsSaidAtOnce) {
  start();
  for (const char* name : {"Upper", "with space", ""}) {
    GrpcRequest request = echo_request("x");
    request.metadata = {{name, "v"}};
    std::optional<GrpcReply> reply;
    client_->call(std::move(request), [&](GrpcReply r) { reply = std::move(r); });
    EXPECT_EQ(finish(reply).failure, HttpFailure::kInvalidRequest);
  }
}

TEST_F(GrpcTest, AfterAGoawayCallsGoToANewConnectionAndOldOnesFinish) {
  http2_options_.age_nanos_max = 10 * kSeconds;
  start();
  std::vector<GrpcResponder> held;
  service_->handle = [&](Request, GrpcResponder responder) { held.push_back(std::move(responder)); };
  std::optional<GrpcReply> old;
  call("old", old);
  ASSERT_TRUE(run_until([&] { return held.size() == 1; }));
  advance(12 * kSeconds);
  ASSERT_TRUE(run_until([&] { return client_->counters().goaways >= 1; }));
  service_->handle = nullptr;
  EXPECT_EQ(call("new").message, "echo:new");
  EXPECT_EQ(client_->counters().connections_opened, 2u);
  EXPECT_FALSE(old.has_value());
  held[0].succeed("late");
  EXPECT_EQ(finish(old).message, "late");
}

TEST_F(GrpcTest, WhenStreamIdentifiersRunOutAnotherConnectionIsOpened) {
  client_options_.session.first_stream = 0x7fff'fffd;
  start();
  for (int i = 0; i < 7; ++i) EXPECT_EQ(call(std::to_string(i)).message, "echo:" + std::to_string(i));
  EXPECT_EQ(client_->counters().connections_opened, 4u);
  ASSERT_TRUE(run_until([&] { return counters().connections_open == 1; })) << "the used ones are closed";
}

TEST_F(GrpcTest, ARepeatableCallOnAStaleConnectionIsSentOnceMore) {
  start();
  EXPECT_EQ(call("a").status.code, GrpcCode::kOk);
  for (const bool repeatable : {true, false}) {
    GrpcRequest request = echo_request("b");
    request.repeatable = repeatable;
    std::optional<GrpcReply> reply;
    client_->call(std::move(request), [&](GrpcReply r) { reply = std::move(r); });
    server_.reset();  // closes while the call is on its way
    const GrpcReply ended = finish(reply);
    EXPECT_EQ(client_->counters().repeated, 1u);
    EXPECT_EQ(ended.failure == HttpFailure::kRefused, repeatable) << "once more, where nobody listens any longer";
    EXPECT_TRUE(ended.may_have_arrived) << "the first time";
    start_server();
    advance(kSeconds);
    EXPECT_EQ(call("c").message, "echo:c");
  }
}

TEST_F(GrpcTest, APeerThatStoppedAnsweringIsFoundByKeepalive) {
  client_options_.keepalive_nanos = 30 * kSeconds;
  client_options_.keepalive_timeout_nanos = 5 * kSeconds;
  start_client_to_silence();
  std::optional<GrpcReply> reply;
  call("x", reply);
  ASSERT_TRUE(run_until([&] { return silent_ && silent_connected(); }));
  advance(30 * kSeconds);
  EXPECT_FALSE(reply.has_value());
  advance(5 * kSeconds);
  const GrpcReply ended = finish(reply);
  EXPECT_EQ(ended.status.code, GrpcCode::kUnavailable);
  EXPECT_NE(ended.status.message.find("keepalive"), std::string::npos) << ended.status.message;
}

TEST_F(GrpcTest, AfterADeadlineWithoutAByteThePeerIsProbed) {
  client_options_.keepalive_timeout_nanos = 5 * kSeconds;
  start_client_to_silence();
  std::optional<GrpcReply> first;
  call("x", first, {clock_.monotonic_now() + kSeconds});
  ASSERT_TRUE(run_until([&] { return silent_connected(); }));
  advance(kSeconds);
  EXPECT_EQ(finish(first).failure, HttpFailure::kResponseTimeout);
  std::optional<GrpcReply> second;
  call("y", second);
  advance(5 * kSeconds);
  EXPECT_EQ(finish(second).status.code, GrpcCode::kUnavailable) << "the connection was given up";
}

TEST_F(GrpcTest, TooManyPingsSlowsTheKeepaliveDown) {
  client_options_.keepalive_nanos = 10 * kSeconds;
  http2_options_.ping_interval_nanos_min = 300 * kSeconds;
  start();
  std::vector<GrpcResponder> held;
  service_->handle = [&](Request, GrpcResponder responder) { held.push_back(std::move(responder)); };
  std::optional<GrpcReply> reply;
  call("x", reply);
  ASSERT_TRUE(run_until([&] { return held.size() == 1; }));
  for (int i = 0; i < 8 && !reply; ++i) advance(10 * kSeconds);
  EXPECT_FALSE(finish(reply).answered);
  EXPECT_EQ(counters().http2_too_many_pings, 1u);
  EXPECT_GE(client_->counters().goaways, 1u);
}

TEST_F(GrpcTest, AnHttpServerIsNamed) {
  start_client_to_silence();
  std::optional<GrpcReply> reply;
  call("x", reply);
  ASSERT_TRUE(run_until([&] { return silent_connected(); }));
  silent_say("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  const GrpcReply ended = finish(reply);
  EXPECT_EQ(ended.failure, HttpFailure::kNotHttp);
  EXPECT_NE(ended.status.message.find("gRPC port"), std::string::npos) << ended.status.message;
}

TEST_F(GrpcTest, AnswersThatBreakGrpcFail) {
  start();
  const struct {
    Response response;
    GrpcCode code;
    bool answered;
  } rows[] = {
      {{503, {}, "busy", false}, GrpcCode::kUnavailable, true},
      {{404, {}, "", false}, GrpcCode::kUnimplemented, true},
      {{200, {{"content-type", "text/html"}}, "<html>", false}, GrpcCode::kUnknown, true},
      {{200, {{"content-type", "application/grpc"}}, "", false}, GrpcCode::kUnknown, true},
      {{200, {{"content-type", "application/grpc"}}, "", false, {{"grpc-status", "0"}}}, GrpcCode::kInternal, false},
      {{200, {{"content-type", "application/grpc"}}, std::string("\0\0\0\0\5ab", 7), false, {{"grpc-status", "0"}}},
       GrpcCode::kInternal,
       false},
      {{200,
        {{"content-type", "application/grpc"}},
        std::string("\0\x7f\xff\xff\xff", 5),
        false,
        {{"grpc-status", "0"}}},
       GrpcCode::kResourceExhausted,
       false},
      {{200, {{"content-type", "application/grpc"}}, std::string("\1\0\0\0\1z", 6), false, {{"grpc-status", "0"}}},
       GrpcCode::kInternal,  // compressed, it does not say how
       false},
      {{200, {{"content-type", "application/grpc"}, {"grpc-encoding", "gzip"}}, "", false, {{"grpc-status", "0"}}},
       GrpcCode::kInternal,
       false},
      {{200, {{"content-type", "application/grpc"}}, std::string(5, '\0'), false, {{"grpc-status", "99"}}},
       GrpcCode::kUnknown,
       true},
  };
  for (const auto& row : rows) {
    other_->admit = [&row](const MessageHead&) { return Admission::answer(row.response); };
    server_.reset();
    settle();
    options_.port = port_;
    options_.http2 = http2_server_protocol(http2_options_);
    server_ = HttpServer::start({loop_.get()}, std::exchange(options_, {}), other_).value();
    const GrpcReply reply = call("x");
    EXPECT_EQ(reply.status.code, row.code) << reply.status.message;
    EXPECT_EQ(reply.answered, row.answered) << reply.status.message;
    EXPECT_EQ(reply.is_http, find_header(row.response.headers, "content-type") != "application/grpc");
  }
}

// grpc-go answers a compressed request in its encoding, though nobody sent grpc-accept-encoding.
TEST_F(GrpcTest, AnAnswerMayComeInTheEncodingOfTheRequest) {
  other_->admit = [](const MessageHead&) {
    return Admission::answer({200,
                              {{"content-type", "application/grpc"}, {"grpc-encoding", "gzip"}},
                              std::string("\1\0\0\0\5zzzzz", 10),
                              false,
                              {{"grpc-status", "0"}}});
  };
  options_.port = port_;
  options_.http2 = http2_server_protocol(http2_options_);
  server_ = HttpServer::start({loop_.get()}, std::exchange(options_, {}), other_).value();
  port_ = server_->port();
  start_client();
  for (const bool compressed : {true, false}) {
    GrpcRequest request = echo_request("x");
    request.compressed = compressed;
    if (compressed) request.metadata = {{"grpc-encoding", "gzip"}};
    std::optional<GrpcReply> into;
    client_->call(std::move(request), [&into](GrpcReply reply) { into = std::move(reply); });
    const GrpcReply reply = finish(into);
    EXPECT_EQ(reply.answered, compressed) << reply.status.message;
    EXPECT_EQ(reply.encoding, compressed ? "gzip" : "");
    EXPECT_EQ(reply.message, compressed ? "zzzzz" : "");
  }
}

TEST_F(GrpcTest, ShortReadsAndWritesChangeNothing) {
  options_.make_stream = [](Fd socket) { return std::make_unique<StutteringStream>(std::move(socket)); };
  client_options_.make_stream = [](Fd socket) { return std::make_unique<StutteringStream>(std::move(socket)); };
  start();
  std::vector<std::optional<GrpcReply>> replies(20);
  for (std::size_t i = 0; i < replies.size(); ++i) call(std::string(i * 700, static_cast<char>('a' + i)), replies[i]);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    EXPECT_TRUE(finish(replies[i]).message == "echo:" + std::string(i * 700, static_cast<char>('a' + i))) << i;
  }
}

TEST_F(GrpcTest, DestroyedInACompletionNothingElseIsCalled) {
  start();
  int completions = 0;
  for (int i = 0; i < 3; ++i) {
    client_->call(echo_request("x"), [&](const GrpcReply&) {
      ++completions;
      client_.reset();
    });
  }
  ASSERT_TRUE(run_until([&] { return completions != 0; }));
  settle();
  EXPECT_EQ(completions, 1);
}

TEST_F(GrpcTest, AUnixSocketCarriesCallsAsTcpDoes) {
  options_.host = ::testing::TempDir() + "grpc_client_test." + std::to_string(::getpid());
  const std::string path = options_.host;
  ASSERT_LE(path.size(), SocketAddress::kUnixNameBytesMax) << "TMPDIR is too long for a unix socket: " << path;
  std::string authority;
  service_->handle = [&](Request request, GrpcResponder responder) {
    authority = request.head.headers.find("host").value_or("");
    responder.succeed(request.peer);
  };
  start_server();
  client_options_.origin = parse_url("unix:" + path).value();
  client_ = GrpcClient::create(*loop_, std::move(client_options_)).value();
  EXPECT_EQ(call("over the socket").message, "unix socket");
  EXPECT_EQ(authority, "localhost");
  server_.reset();
  settle();
  EXPECT_NE(::access(path.c_str(), F_OK), 0) << "the server leaves no file behind";
  const GrpcReply nobody = call("once more");
  EXPECT_EQ(nobody.failure, HttpFailure::kRefused);
  EXPECT_EQ(nobody.status.message, "unix:" + path + ": cannot connect to unix:" + path + ": No such file or directory");
}

TEST_F(GrpcTest, AProxyIsAskedForATunnelAlsoWithoutTls) {
  start_server();
  const std::uint16_t server_port = port_;
  SocketAddress any;
  ASSERT_TRUE(SocketAddress::parse("127.0.0.1", 0, any));
  silent_ = listen_on(any, false).value();
  client_options_.proxy = parse_proxy("127.0.0.1:" + std::to_string(local_address(silent_.get())->port())).value();
  client_options_.origin = parse_url("http://collector.example:4317").value();
  client_ = GrpcClient::create(*loop_, std::move(client_options_)).value();
  std::optional<GrpcReply> reply;
  call("through the tunnel", reply);
  ASSERT_TRUE(run_until([&] { return silent_connected(); }));
  const auto move = [](int from, int to) {
    char buffer[4096];
    const ssize_t count = ::recv(from, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count > 0 && to >= 0) ::send(to, buffer, static_cast<std::size_t>(count), MSG_NOSIGNAL);
    return count > 0 ? std::string(buffer, static_cast<std::size_t>(count)) : std::string();
  };
  std::string asked;
  ASSERT_TRUE(run_until([&] { return !(asked += move(silent_peer_.get(), -1)).empty(); }));
  EXPECT_EQ(asked,
            "CONNECT collector.example:4317 HTTP/1.1\r\nHost: collector.example:4317\r\nUser-Agent: nanospan\r\n\r\n");
  ASSERT_TRUE(SocketAddress::parse("127.0.0.1", server_port, any));
  const ConnectStart far = start_connect(any);
  silent_say("HTTP/1.1 200 OK\r\n\r\n");
  ASSERT_TRUE(run_until([&] {
    move(silent_peer_.get(), far.fd.get());
    move(far.fd.get(), silent_peer_.get());
    return reply.has_value();
  }));
  EXPECT_EQ(reply->message, "echo:through the tunnel") << reply->status.message;
}

TEST_F(GrpcTest, HttpsNeedsTls) {
  client_options_.origin = parse_url("https://127.0.0.1:1").value();
  EXPECT_EQ(GrpcClient::create(*loop_, std::move(client_options_)).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace nanospan::net
