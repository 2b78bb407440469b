// A gRPC server and a client on one loop, over real sockets, with a clock that only the test moves.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/grpc_client.h"
#include "net/grpc_server.h"
#include "net/http2_server.h"
#include "tests/net/http_server_fixture.h"

namespace nanospan::net {

inline constexpr std::string_view kEchoPath = "/test.Echo/Echo";

/// Answers each call with "echo:" and its message, unless a test says otherwise.
struct TestGrpcService final : GrpcService {
  Decision on_call(const MessageHead& head) override {
    if (decide) return decide(head);
    if (head.path() != kEchoPath) return {{GrpcCode::kUnimplemented, "unknown method", {}}, 0, nullptr};
    return {{}, message_bytes_max, nullptr};
  }
  void on_message(Request request, GrpcResponder responder) override {
    ++messages;
    if (handle) return handle(std::move(request), std::move(responder));
    responder.succeed("echo:" + std::string(request.body.view()));
  }
  GrpcStatus on_refused(int http_status, GrpcStatus status, const MessageHead&) override {
    refusals.push_back({http_status, status.message});
    return status;
  }

  std::size_t message_bytes_max = 4u << 20;
  std::function<Decision(const MessageHead&)> decide;
  std::function<void(Request, GrpcResponder)> handle;
  int messages = 0;
  std::vector<std::pair<int, std::string>> refusals;  // HTTP status, words
};

class GrpcTest : public LoopTest {
 protected:
  void TearDown() override {
    client_.reset();
    server_.reset();
    settle();
  }
  void start_server() {
    options_.port = port_;
    options_.http2 = http2_server_protocol(http2_options_);
    HttpServerOptions options = std::exchange(options_, {});
    auto handler = std::make_shared<GrpcHandler>(service_, std::vector<std::string>{"gzip"}, other_);
    auto started = HttpServer::start({loop_.get()}, std::move(options), handler);
    ASSERT_TRUE(started.ok()) << started.error().message;
    server_ = std::move(started).value();
    port_ = server_->port();
    settle();
  }
  void start_client() {
    client_options_.origin = parse_url("http://127.0.0.1:" + std::to_string(port_)).value();
    client_options_.random = [] { return std::uint64_t{0}; };
    auto made = GrpcClient::create(*loop_, std::move(client_options_));
    ASSERT_TRUE(made.ok()) << made.error().message;
    client_ = std::move(made).value();
  }
  void start() {
    start_server();
    start_client();
  }

  /// Starts a call; its reply comes into `into`.
  GrpcClient::CallId call(std::string message, std::optional<GrpcReply>& into,
                          base::Deadline deadline = base::Deadline::never()) {
    return client_->call(echo_request(std::move(message), deadline),
                         [&into](GrpcReply reply) { into = std::move(reply); });
  }
  static GrpcRequest echo_request(std::string message, base::Deadline deadline = base::Deadline::never()) {
    auto held = std::make_shared<const std::string>(std::move(message));
    GrpcRequest request;
    request.path = kEchoPath;
    request.message = {*held};
    request.owner = held;
    request.deadline = deadline;
    return request;
  }
  GrpcReply finish(std::optional<GrpcReply>& reply) {
    EXPECT_TRUE(run_until([&] { return reply.has_value(); }));
    return reply.value_or(GrpcReply());
  }
  GrpcReply call(std::string message) {
    std::optional<GrpcReply> reply;
    call(std::move(message), reply);
    return finish(reply);
  }
  /// A client of a peer that accepts, and then says only what the test makes it say.
  void start_client_to_silence() {
    SocketAddress any;
    ASSERT_TRUE(SocketAddress::parse("127.0.0.1", 0, any));
    silent_ = listen_on(any, false).value();
    port_ = local_address(silent_.get())->port();
    start_client();
  }
  bool silent_connected() {
    if (!silent_peer_) silent_peer_ = accept_on(silent_.get()).fd;
    return static_cast<bool>(silent_peer_);
  }
  void silent_say(std::string_view bytes) const {
    EXPECT_EQ(::send(silent_peer_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }

  HttpServerCounters counters() const { return server_->counters(); }

  Fd silent_, silent_peer_;
  std::uint16_t port_ = 0;
  HttpServerOptions options_;
  Http2ServerOptions http2_options_;
  GrpcClientOptions client_options_;
  std::shared_ptr<TestGrpcService> service_ = std::make_shared<TestGrpcService>();
  std::shared_ptr<TestHandler> other_ = std::make_shared<TestHandler>();
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<GrpcClient> client_;
};

}  // namespace nanospan::net
