// A server that speaks TLS, with HTTP/1.1, HTTP/2 and gRPC on one port, and clients of it, all on one loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/http1_client.h"
#include "net/tls_streams.h"
#include "tests/net/grpc_fixture.h"
#include "tests/support/test_certificates.h"

namespace nanospan::net {

/// Moves at most a few bytes at a time, and now and then none, over a socket.
class ChoppyStream final : public ByteStream {
 public:
  ChoppyStream(Fd socket, std::size_t step) : under_(make_socket_stream(std::move(socket))), step_(step) {}
  int fd() const override { return under_->fd(); }
  IoResult read(std::span<const iovec> into) override {
    const iovec piece = cut(into);
    return piece.iov_len == 0 ? IoResult{IoResult::State::kWouldBlock, 0, 0} : under_->read({&piece, 1});
  }
  IoResult write(std::span<const iovec> from) override {
    const iovec piece = cut(from);
    return piece.iov_len == 0 ? IoResult{IoResult::State::kWouldBlock, 0, 0} : under_->write({&piece, 1});
  }
  void finish_writing() override { under_->finish_writing(); }

 private:
  iovec cut(std::span<const iovec> pieces) {
    return {pieces[0].iov_base, ++turn_ % 3 == 0 ? 0 : std::min(pieces[0].iov_len, step_)};
  }
  std::unique_ptr<ByteStream> under_;
  std::size_t step_;
  unsigned turn_ = 0;
};

class TlsTest : public LoopTest {
 protected:
  static const testing::TestCertificates& certificates() {
    static const testing::TestCertificates made;
    return made;
  }
  static TlsPem pem(const std::string& name) { return {certificates().path(name), {}}; }

  TlsTest() {
    server_tls_.certificate = pem("server.pem");
    server_tls_.key = pem("server.key");
    server_tls_.protocols = {"h2", "http/1.1"};
    server_tls_.on_handshake_failed = [this](std::string_view why) { server_failures_.emplace_back(why); };
    client_tls_.ca = pem("ca.pem");
  }
  void TearDown() override {
    client_.reset();
    grpc_client_.reset();
    server_.reset();
    settle();
  }

  StreamFactory under() const {
    if (step_ == 0) return {};
    return [step = step_](Fd socket) { return std::make_unique<ChoppyStream>(std::move(socket), step); };
  }
  void start_server(bool tls = true) {
    HttpServerOptions options;
    options.host = "0.0.0.0";
    options.port = 0;
    options.http2 = http2_server_protocol();
    if (tls) {
      auto streams = tls_server_streams(server_tls_, under(), clock_);
      ASSERT_TRUE(streams.ok()) << streams.error().message;
      options.make_stream = std::move(streams).value();
    }
    auto handler = std::make_shared<GrpcHandler>(service_, std::vector<std::string>{}, handler_);
    auto started = HttpServer::start({loop_.get()}, std::move(options), handler);
    ASSERT_TRUE(started.ok()) << started.error().message;
    server_ = std::move(started).value();
    settle();
  }
  Url origin(const std::string& host, bool https = true) const {
    return parse_url((https ? "https://" : "http://") + host + ":" + std::to_string(server_->port())).value();
  }
  static Result<Addresses> loopback(const std::string&, std::uint16_t port) {
    SocketAddress address;
    SocketAddress::parse("127.0.0.1", port, address);
    return Addresses{address};
  }
  StreamFactory client_streams(const std::string& host, const std::string& protocol) {
    auto streams = tls_client_streams(client_tls_, host, protocol, under(), clock_);
    EXPECT_TRUE(streams.ok()) << streams.error().message;
    return std::move(streams).value();
  }
  void start_client(const std::string& host = "localhost", bool https = true) {
    Http1ClientOptions options;
    options.origin = origin(host, https);
    options.lookup = &TlsTest::loopback;
    if (https) options.make_stream = client_streams(host, "http/1.1");
    client_ = std::move(Http1Client::create(*loop_, std::move(options))).value();
  }
  void start_grpc_client(const std::string& host = "localhost", bool https = true) {
    GrpcClientOptions options;
    options.origin = origin(host, https);
    options.lookup = &TlsTest::loopback;
    if (https) options.make_stream = client_streams(host, "h2");
    grpc_client_ = std::move(GrpcClient::create(*loop_, std::move(options))).value();
  }

  HttpResult post(std::string_view body) {
    HttpRequest request;
    request.body = {body};
    std::optional<HttpResult> result;
    client_->send(std::move(request), [&](HttpResult done) { result = std::move(done); });
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return result ? std::move(*result) : HttpResult(HttpError{});
  }
  /// The failure of a request, as the user reads it.
  std::string failure() {
    const HttpResult result = post("hello");
    EXPECT_FALSE(result.ok());
    return result.error.error.message;
  }
  const std::vector<std::string>& server_failures() {
    settle();
    return server_failures_;
  }
  GrpcReply call(std::string message) {
    const auto held = std::make_shared<const std::string>(std::move(message));
    GrpcRequest request;
    request.path = kEchoPath;
    request.message = {*held};
    request.owner = held;
    std::optional<GrpcReply> reply;
    grpc_client_->call(std::move(request), [&](GrpcReply done) { reply = std::move(done); });
    EXPECT_TRUE(run_until([&] { return reply.has_value(); }));
    return reply.value_or(GrpcReply());
  }

  std::size_t step_ = 0;  // bytes that move at a time; 0: as many as will
  TlsServerOptions server_tls_;
  TlsClientOptions client_tls_;
  std::vector<std::string> server_failures_;
  std::shared_ptr<TestHandler> handler_ = std::make_shared<TestHandler>();
  std::shared_ptr<TestGrpcService> service_ = std::make_shared<TestGrpcService>();
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<Http1Client> client_;
  std::unique_ptr<GrpcClient> grpc_client_;
};

}  // namespace nanospan::net
