// Attempts against a gRPC server: what goes out, and what each reply means.
#include "gateway/exporters/otlp_grpc/otlp_grpc_sender.h"

#include <array>

#include <gmock/gmock.h>

#include "net/grpc_server.h"
#include "net/http2_server.h"
#include "tests/gateway/exporters/badge.h"
#include "tests/gateway/sample_traces.h"
#include "tests/support/fake_clock.h"
#include "wire/otlp_reply.h"

namespace nanospan::gateway {
namespace {

using net::GrpcCode;
using ::testing::HasSubstr;

struct Receiver final : net::GrpcService {
  Decision on_call(const net::MessageHead&) override { return {{}, 64u << 20, nullptr}; }
  void on_message(net::Request request, net::GrpcResponder responder) override {
    requests.push_back(std::move(request));
    if (status.code != GrpcCode::kOk) return responder.fail(status);
    responder.succeed(answer);
  }
  std::vector<net::Request> requests;
  net::GrpcStatus status;
  std::string answer;
};

class OtlpGrpcSenderTest : public ::testing::Test {
 protected:
  OtlpGrpcSenderTest() : loop_(clock_, net::make_epoll_poller().value()) {
    net::HttpServerOptions options;
    options.port = 0;
    options.http2 = net::http2_server_protocol();
    auto handler = std::make_shared<net::GrpcHandler>(receiver_, std::vector<std::string>{"gzip", "snappy"}, nullptr);
    server_ = net::HttpServer::start({&loop_}, std::move(options), std::move(handler)).value();
    config_.url = net::parse_url("http://127.0.0.1:" + std::to_string(server_->port())).value();
  }
  ~OtlpGrpcSenderTest() override {
    sender_.reset();
    server_.reset();
    loop_.poll_once();
  }
  SendResult send(const BatchRef& batch = testing::sample_batch()) {
    if (!sender_) sender_ = OtlpGrpcSender::create(loop_, config_, "exporter test", log_).value();
    std::optional<SendResult> result;
    sender_->send(batch, base::Deadline::never(), [&result](SendResult r) { result = std::move(r); });
    while (!result) loop_.run_once(base::Deadline::never());
    return *result;
  }
  SendResult send_against(net::GrpcStatus status) {
    receiver_->status = std::move(status);
    return send();
  }

  nanospan::testing::FakeClock clock_;
  std::string logged_;
  Log log_{clock_, LogLevel::kInfo, [this](std::string_view line) { logged_ += line; }};
  net::EventLoop loop_;
  std::shared_ptr<Receiver> receiver_ = std::make_shared<Receiver>();
  std::unique_ptr<net::HttpServer> server_;
  OtlpGrpcExporterConfig config_;
  std::unique_ptr<OtlpGrpcSender> sender_;
};

TEST_F(OtlpGrpcSenderTest, SendsTheBytesAsTheyCame) {
  config_.headers = {{"x-tenant", "shop"}};
  const BatchRef batch = testing::sample_batch(3);
  EXPECT_EQ(send(batch).kind, SendResult::Kind::kSent);
  const net::Request& request = receiver_->requests.at(0);
  EXPECT_EQ(request.head.path(), "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
  EXPECT_EQ(request.body.view(), batch->bytes());
  EXPECT_EQ(request.head.headers.find("x-tenant"), "shop");
  EXPECT_FALSE(request.compressed);
}

TEST_F(OtlpGrpcSenderTest, TheConfigurationNamesAuthorityAndUserAgent) {
  config_.authority = "otlp.example.com";
  config_.headers = {{"user-agent", "shop"}};
  EXPECT_EQ(send().kind, SendResult::Kind::kSent);
  const net::HeaderBlock& headers = receiver_->requests.at(0).head.headers;
  EXPECT_EQ(headers.find("host"), "otlp.example.com");
  EXPECT_EQ(headers.find("user-agent"), "shop");
  std::size_t agents = 0;
  for (std::size_t i = 0; i < headers.size(); ++i) agents += headers[i].name == "user-agent" ? 1u : 0u;
  EXPECT_EQ(agents, 1u);
}

struct GzipAnswers final : net::HttpHandler {
  net::Admission on_headers(const net::MessageHead&) override {
    const std::string answer = wire::encode_export_response({1, "no name"});
    const std::string_view slice = answer;
    const net::ByteBlock body = find_grpc_codec("gzip")->encode({&slice, 1}, 1).value();
    const std::array<char, 5> prefix = net::grpc_prefix(body.size(), true);
    return net::Admission::answer({200,
                                   {{"content-type", "application/grpc"}, {"grpc-encoding", "gzip"}},
                                   std::string(prefix.data(), prefix.size()).append(body.view()),
                                   false,
                                   {{"grpc-status", "0"}}});
  }
  void on_request(net::Request, net::Responder) override {}
};

// A header that an authenticator may set as well as a configuration.
TEST_F(OtlpGrpcSenderTest, AnAnswerInACodingThatNobodyChoseIsRead) {
  net::HttpServerOptions options;
  options.port = 0;
  options.http2 = net::http2_server_protocol();
  server_ = net::HttpServer::start({&loop_}, std::move(options), std::make_shared<GzipAnswers>()).value();
  config_.url = net::parse_url("http://127.0.0.1:" + std::to_string(server_->port())).value();
  config_.headers = {{"grpc-encoding", "gzip"}};
  config_.compression = {nullptr, 0};
  const SendResult result = send();
  EXPECT_EQ(result.kind, SendResult::Kind::kSent);
  EXPECT_EQ(result.rejected_spans, 1u);
}

TEST_F(OtlpGrpcSenderTest, EachCallCarriesTheCredentialAsItIsThen) {
  config_.headers = {{"authorization", "old"}};
  sender_ = OtlpGrpcSender::create(loop_, config_, "exporter test", log_, std::make_shared<testing::Badge>()).value();
  send();
  send();
  EXPECT_EQ(receiver_->requests.at(0).head.headers.find("authorization"), "Bearer 1");
  EXPECT_EQ(receiver_->requests.at(1).head.headers.find("authorization"), "Bearer 2");
}

TEST_F(OtlpGrpcSenderTest, CompressesAndSaysHow) {
  config_.compression = {find_content_coding("snappy"), 0};
  config_.codec = find_grpc_codec("snappy");
  const BatchRef batch = testing::sample_batch(30);
  EXPECT_EQ(send(batch).kind, SendResult::Kind::kSent);
  const net::Request& request = receiver_->requests.at(0);
  EXPECT_TRUE(request.compressed);
  EXPECT_EQ(request.head.headers.find("grpc-encoding"), "snappy");
  EXPECT_EQ(request.body.view(), batch->kept(net::Coding::kSnappyFramed));
}

TEST_F(OtlpGrpcSenderTest, PartialSuccessIsSentAndSaid) {
  receiver_->answer = wire::encode_export_response({2, "no name"});
  const SendResult result = send(testing::sample_batch(3));
  EXPECT_EQ(result.kind, SendResult::Kind::kSent);
  EXPECT_EQ(result.rejected_spans, 2u);
  EXPECT_THAT(logged_, HasSubstr("rejected 2 spans for good: no name"));
}

TEST_F(OtlpGrpcSenderTest, StatusesByTheOtlpTable) {
  const SendResult busy =
      send_against({GrpcCode::kUnavailable, "busy", wire::encode_rpc_status({14, "busy", 3 * base::kNanosPerSecond})});
  EXPECT_EQ(busy.kind, SendResult::Kind::kRetry);
  EXPECT_EQ(busy.retry_after_nanos, 3 * base::kNanosPerSecond);
  EXPECT_THAT(busy.message, HasSubstr("answered UNAVAILABLE: busy"));
  EXPECT_EQ(send_against({GrpcCode::kResourceExhausted, "", {}}).kind, SendResult::Kind::kPermanent);
  EXPECT_EQ(send_against({GrpcCode::kResourceExhausted, "", wire::encode_rpc_status({8, "", 1})}).kind,
            SendResult::Kind::kRetry);
  const SendResult wrong = send_against({GrpcCode::kInvalidArgument, "bad", {}});
  EXPECT_EQ(wrong.kind, SendResult::Kind::kPermanent);
  EXPECT_EQ(wrong.reason, "client_error");
  EXPECT_EQ(send_against({GrpcCode::kInternal, "", {}}).reason, "server_error");
  EXPECT_NE(
      send_against({GrpcCode::kUnauthenticated, "", {}}).message.find("with `auth` or `headers` of this exporter"),
      std::string::npos);
}

TEST(OtlpGrpcPortHint, OnlyWhereItIsTheOtherProtocolThatAnswers) {
  const auto hint = [](const char* endpoint, bool is_http, net::HttpFailure failure = {}) {
    net::GrpcReply reply;
    reply.answered = failure == net::HttpFailure{};
    reply.failure = failure;
    reply.is_http = is_http;
    reply.status.code = GrpcCode::kUnavailable;
    return std::string(OtlpGrpcSender::port_hint(reply, net::parse_url(endpoint).value()));
  };
  const std::string other_port =
      "; 4318 is the port of OTLP over HTTP, for it use the exporter otlp_http, or port 4317 for gRPC";
  EXPECT_EQ(hint("http://collector:4318", true), other_port);
  EXPECT_EQ(hint("http://collector:4318", false, net::HttpFailure::kNotHttp), other_port);
  EXPECT_EQ(hint("http://collector:4318", false, net::HttpFailure::kClosedBeforeResponse), other_port);
  EXPECT_EQ(hint("http://collector:4318", false), "") << "a gRPC server that is busy";
  EXPECT_EQ(hint("http://collector:4318", false, net::HttpFailure::kRefused), "") << "nobody listens";
  EXPECT_EQ(hint("http://collector:4317", true), "");
}

TEST_F(OtlpGrpcSenderTest, AnAnswerInPlainHttpIsSaidToBeOne) {
  struct Plain final : net::HttpHandler {
    net::Admission on_headers(const net::MessageHead&) override { return net::Admission::answer({404, {}, "", false}); }
    void on_request(net::Request, net::Responder) override {}
  };
  net::HttpServerOptions options;
  options.port = 0;
  options.http2 = net::http2_server_protocol();
  server_ = net::HttpServer::start({&loop_}, std::move(options), std::make_shared<Plain>()).value();
  config_.url = net::parse_url("http://127.0.0.1:" + std::to_string(server_->port())).value();
  EXPECT_THAT(send().message, HasSubstr("HTTP status 404 without a gRPC status, as of no gRPC server"));
}

TEST_F(OtlpGrpcSenderTest, ADestinationThatIsAwayIsRetried) {
  server_->begin_drain({clock_.monotonic_now()}, {});
  while (loop_.run_once({clock_.monotonic_now() + base::kNanosPerMilli}) != 0) {
  }
  const SendResult result = send();
  EXPECT_EQ(result.kind, SendResult::Kind::kRetry);
  EXPECT_EQ(result.reason, "refused");
}

}  // namespace
}  // namespace nanospan::gateway
