// The receiver with an authenticator: what strangers are answered over HTTP and gRPC, and what is counted.
#include <gmock/gmock.h>

#include <optional>

#include "gateway/receivers/otlp/otlp_receiver.h"
#include "gateway/receivers/otlp/otlp_receiver_config.h"
#include "net/grpc_client.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/fake_host.h"
#include "tests/gateway/raw_http.h"
#include "tests/gateway/sample_traces.h"
#include "wire/otlp_reply.h"

namespace nanospan::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Knows one token, and may be busy.
struct Doorman final : ServerAuthenticator {
  Verdict authenticate(const net::HeaderBlock& headers) override {
    if (busy) return {Kind::kBusy, "one moment"};
    if (headers.find("authorization") == "open sesame") return {};
    return {Kind::kDenied, "who are you"};
  }
  std::string_view challenge() const override { return "Sesame"; }
  bool busy = false;
};

class OtlpReceiverAuthTest : public ::testing::Test {
 protected:
  OtlpReceiverAuthTest() {
    host_.authenticators().add("door", doorman_, nullptr);
    testing::ConfigText text(
        "protocols: {http: {auth: {authenticator: door}, cors: {allowed_origins: [\"*\"]}}, grpc: {auth: "
        "{authenticator: door}}}");
    config_ = read_otlp_receiver_config(text.reader);
    EXPECT_EQ(text.errors(), "");
    config_.http.port = config_.grpc.port = 0;
    receiver_ = std::make_unique<OtlpReceiver>(config_, "otlp", host_, next_);
    EXPECT_TRUE(receiver_->start().ok());
  }
  ~OtlpReceiverAuthTest() override {
    client_.reset();
    receiver_.reset();
    host_.run();
  }
  std::uint16_t port(const std::string& transport) const {
    const std::string text = receiver_->describe();
    return static_cast<std::uint16_t>(std::stoi(text.substr(text.find(transport + " 127.0.0.1:") + 15)));
  }
  std::string http(const std::string& headers, const std::string& method = "POST") {
    const std::string body = testing::sample_request(2);
    testing::RawConnection connection(port("http"));
    connection.send(method + " /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n" + headers +
                    "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    host_.run();
    return connection.receive();
  }
  net::GrpcReply grpc(std::vector<net::Header> metadata) {
    net::GrpcClientOptions options;
    options.origin = net::parse_url("http://127.0.0.1:" + std::to_string(port("grpc"))).value();
    client_ = net::GrpcClient::create(host_.shared_loop(), std::move(options)).value();
    net::GrpcRequest request;
    request.path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    request.metadata = std::move(metadata);
    const auto held = std::make_shared<const std::string>(testing::sample_request(3));
    request.message = {*held};
    request.owner = held;
    std::optional<net::GrpcReply> reply;
    client_->call(std::move(request), [&](net::GrpcReply done) { reply = std::move(done); });
    while (!reply) host_.shared_loop().run_once(base::Deadline::never());
    return *reply;
  }
  std::uint64_t refused(std::string_view transport, std::string_view reason) {
    return host_.counter("nanospan_receiver_refused_requests",
                         {{"receiver", "otlp"}, {"transport", transport}, {"reason", reason}});
  }

  testing::FakeHost host_;
  testing::FakeNext next_;
  std::shared_ptr<Doorman> doorman_ = std::make_shared<Doorman>();
  OtlpReceiverConfig config_;
  std::unique_ptr<OtlpReceiver> receiver_;
  std::unique_ptr<net::GrpcClient> client_;
};

TEST_F(OtlpReceiverAuthTest, WhoIsKnownIsLetIn) {
  EXPECT_THAT(http("Authorization: open sesame\r\n"), HasSubstr("HTTP/1.1 200"));
  EXPECT_EQ(grpc({{"authorization", "open sesame"}}).status.code, net::GrpcCode::kOk);
  EXPECT_EQ(next_.spans(), (std::vector<std::uint64_t>{2, 3}));
  EXPECT_THAT(receiver_->describe(), HasSubstr("for those whom door knows"));
}

TEST_F(OtlpReceiverAuthTest, AStrangerIsAskedForACredential) {
  const std::string answer = http("");
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 401 Unauthorized"));
  EXPECT_THAT(answer, HasSubstr("WWW-Authenticate: Sesame\r\n"));
  const wire::RpcStatus status = wire::decode_rpc_status(answer.substr(answer.find("\r\n\r\n") + 4)).value();
  EXPECT_EQ(status.code, 16);
  EXPECT_EQ(status.message, "who are you");
  EXPECT_EQ(refused("http", "unauthenticated"), 1u);
  EXPECT_THAT(host_.logged(), HasSubstr("who are you"));
  const net::GrpcReply reply = grpc({{"authorization", "please"}});
  EXPECT_EQ(reply.status.code, net::GrpcCode::kUnauthenticated);
  EXPECT_EQ(reply.status.message, "who are you");
  EXPECT_EQ(refused("grpc", "unauthenticated"), 1u);
  EXPECT_EQ(next_.spans().size(), 0u);
  EXPECT_THAT(host_.logged(), Not(HasSubstr("please")));
}

TEST_F(OtlpReceiverAuthTest, AStrangerLearnsNothingOfPathsAndMethods) {
  EXPECT_THAT(http("", "GET"), HasSubstr("HTTP/1.1 401"));
}

TEST_F(OtlpReceiverAuthTest, AStrangerAtTheWrongPortLearnsNothingOfTheOther) {
  const auto http_at_grpc = [&](const std::string& headers) {
    testing::RawConnection connection(port("grpc"));
    connection.send("POST /v1/traces HTTP/1.1\r\nHost: x\r\n" + headers + "Content-Length: 0\r\n\r\n");
    host_.run();
    return connection.receive();
  };
  const std::string answer = http_at_grpc("");
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 401 "));
  EXPECT_THAT(answer, HasSubstr("WWW-Authenticate: Sesame\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("port")));
  EXPECT_EQ(refused("grpc", "unauthenticated"), 1u);
  EXPECT_THAT(http_at_grpc("Authorization: open sesame\r\n"), HasSubstr(std::to_string(port("http"))));
}

TEST_F(OtlpReceiverAuthTest, ABrowserMayAskFirst) {
  EXPECT_THAT(http("Origin: https://shop\r\nAccess-Control-Request-Method: POST\r\n", "OPTIONS"),
              HasSubstr("HTTP/1.1 204"));
}

TEST_F(OtlpReceiverAuthTest, WhoCannotBeCheckedNowMayComeBack) {
  doorman_->busy = true;
  const std::string answer = http("");
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 503"));
  EXPECT_THAT(answer, HasSubstr("Retry-After: 1\r\n"));
  const net::GrpcReply reply = grpc({});
  EXPECT_EQ(reply.status.code, net::GrpcCode::kUnavailable);
  EXPECT_TRUE(wire::decode_rpc_status(reply.status.details)->retry_delay_nanos);
  EXPECT_EQ(refused("grpc", "authentication_busy"), 1u);
}

TEST_F(OtlpReceiverAuthTest, AnUnknownAuthenticatorStopsTheStart) {
  config_.http.authenticator = "window";
  OtlpReceiver other(config_, "otlp", host_, next_);
  EXPECT_THAT(other.start().error().message, HasSubstr("\"window\" is no authenticator in service.extensions"));
}

}  // namespace
}  // namespace nanospan::gateway
