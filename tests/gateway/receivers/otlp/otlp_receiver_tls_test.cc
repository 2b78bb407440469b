// The receiver over TLS: who gets in, and what is counted and said of those that do not.
#include <gmock/gmock.h>

#include <optional>

#include "gateway/receivers/otlp/otlp_receiver.h"
#include "gateway/receivers/otlp/otlp_receiver_config.h"
#include "net/grpc_client.h"
#include "net/http1_client.h"
#include "net/tls_streams.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/fake_host.h"
#include "tests/gateway/raw_http.h"
#include "tests/gateway/sample_traces.h"
#include "tests/support/test_certificates.h"

namespace nanospan::gateway {
namespace {

using ::testing::HasSubstr;

class OtlpReceiverTlsTest : public ::testing::Test {
 protected:
  static const nanospan::testing::TestCertificates& certificates() {
    static const nanospan::testing::TestCertificates made;
    return made;
  }
  static net::TlsPem pem(const std::string& name) { return {certificates().path(name), {}}; }

  OtlpReceiverTlsTest() { trusting_.ca = pem("ca.pem"); }
  ~OtlpReceiverTlsTest() override {
    http_.reset();
    grpc_.reset();
    receiver_.reset();
    host_.run();
  }

  /// Both protocols with `tls`, on free ports; NAME.pem stands for a certificate.
  void start(std::string tls) {
    for (std::size_t at = 0; (at = tls.find('@')) != std::string::npos;) tls.replace(at, 1, certificates().path(""));
    testing::ConfigText text("protocols: {http: {tls: " + tls + "}, grpc: {tls: " + tls + "}}");
    OtlpReceiverConfig config = read_otlp_receiver_config(text.reader);
    ASSERT_EQ(text.errors(), "");
    config.http.port = config.grpc.port = 0;
    receiver_ = std::make_unique<OtlpReceiver>(config, "otlp", host_, next_);
    const Status started = receiver_->start();
    ASSERT_TRUE(started.ok()) << started.error().message;
    host_.run();
  }
  std::string port(const std::string& after) const {
    const std::string text = receiver_->describe();
    const std::size_t at = text.find(after + " 127.0.0.1:") + after.size() + 11;
    return text.substr(at, text.find_first_of("/,", at) - at);
  }
  net::Url origin(const std::string& transport) const {
    return net::parse_url("https://127.0.0.1:" + port(transport)).value();
  }

  /// The status of a request over HTTP, or why there is none.
  std::string post() {
    if (!http_) {
      net::Http1ClientOptions options;
      options.origin = origin("http");
      options.make_stream = net::tls_client_streams(trusting_, "127.0.0.1", "http/1.1", {}, host_.clock()).value();
      http_ = net::Http1Client::create(host_.shared_loop(), std::move(options)).value();
    }
    net::HttpRequest request;
    request.target = "/v1/traces";
    request.headers = {{"Content-Type", "application/x-protobuf"}};
    const std::string body = testing::sample_request(2);
    request.body = {body};
    request.deadline = base::Deadline::never();
    std::optional<net::HttpResult> result;
    http_->send(std::move(request), [&](net::HttpResult done) { result = std::move(done); });
    while (!result) host_.shared_loop().run_once(base::Deadline::never());
    return result->ok() ? std::to_string(result->response.status) : result->error.error.message;
  }
  net::GrpcReply call() {
    net::GrpcClientOptions options;
    options.origin = origin("grpc");
    options.make_stream = net::tls_client_streams(trusting_, "127.0.0.1", "h2", {}, host_.clock()).value();
    grpc_ = net::GrpcClient::create(host_.shared_loop(), std::move(options)).value();
    net::GrpcRequest request;
    request.path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    const auto held = std::make_shared<const std::string>(testing::sample_request(3));
    request.message = {*held};
    request.owner = held;
    std::optional<net::GrpcReply> reply;
    grpc_->call(std::move(request), [&](net::GrpcReply done) { reply = std::move(done); });
    while (!reply) host_.shared_loop().run_once(base::Deadline::never());
    return *reply;
  }
  std::uint64_t failures(std::string_view transport) {
    return host_.counter("nanospan_receiver_tls_handshake_failures", {{"receiver", "otlp"}, {"transport", transport}});
  }

  testing::FakeHost host_;
  testing::FakeNext next_;
  net::TlsClientOptions trusting_;
  std::unique_ptr<OtlpReceiver> receiver_;
  std::unique_ptr<net::Http1Client> http_;
  std::unique_ptr<net::GrpcClient> grpc_;
};

constexpr const char* kTls = "{cert_file: @server.pem, key_file: @server.key}";
constexpr const char* kMutual = "{cert_file: @server.pem, key_file: @server.key, client_ca_file: @ca.pem}";

TEST_F(OtlpReceiverTlsTest, BothProtocolsArriveEncrypted) {
  start(kTls);
  EXPECT_EQ(post(), "200");
  EXPECT_EQ(call().status.code, net::GrpcCode::kOk);
  EXPECT_EQ(next_.spans(), (std::vector<std::uint64_t>{2, 3}));
  EXPECT_THAT(receiver_->describe(), HasSubstr("connections to 10000, TLS; grpc"));
  EXPECT_EQ(failures("http") + failures("grpc"), 0u);
}

TEST_F(OtlpReceiverTlsTest, ClientsShowACertificateWhereOneIsAskedFor) {
  start(kMutual);
  EXPECT_THAT(post(), HasSubstr("certificate"));
  host_.run();
  EXPECT_EQ(failures("http"), 1u);
  EXPECT_THAT(host_.logged(), HasSubstr("receiver otlp: http: TLS: the client shows no certificate"));
  http_.reset();
  trusting_.certificate = pem("other-client.pem");
  trusting_.key = pem("other-client.key");
  post();
  host_.run();
  EXPECT_EQ(failures("http"), 2u);
  EXPECT_EQ(next_.spans().size(), 0u);
  http_.reset();
  trusting_.certificate = pem("client.pem");
  trusting_.key = pem("client.key");
  EXPECT_EQ(post(), "200");
  EXPECT_EQ(call().status.code, net::GrpcCode::kOk);
  EXPECT_THAT(receiver_->describe(), HasSubstr("TLS with certificates of clients"));
}

TEST_F(OtlpReceiverTlsTest, APlainClientIsToldAndCounted) {
  start(kTls);
  testing::RawConnection plain(static_cast<std::uint16_t>(std::stoi(port("http"))));
  ASSERT_TRUE(plain.send("POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"));
  host_.run();
  EXPECT_THAT(plain.receive(), HasSubstr("400 Bad Request"));
  testing::RawConnection grpc(static_cast<std::uint16_t>(std::stoi(port("grpc"))));
  ASSERT_TRUE(grpc.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  host_.run();
  EXPECT_EQ(failures("http"), 1u);
  EXPECT_EQ(failures("grpc"), 1u);
  EXPECT_THAT(host_.logged(),
              HasSubstr("grpc: TLS: the client does not speak TLS; use https, or take `insecure` from"));
}

TEST_F(OtlpReceiverTlsTest, ANewCertificateIsTakenUpAndTheConnectionStays) {
  const nanospan::testing::TestCertificates own;
  testing::ConfigText text("protocols: {http: {tls: {cert_file: " + own.path("server.pem") +
                           ", key_file: " + own.path("server.key") + ", reload_interval: 10s}}}");
  OtlpReceiverConfig config = read_otlp_receiver_config(text.reader);
  config.http.port = 0;
  receiver_ = std::make_unique<OtlpReceiver>(config, "otlp", host_, next_);
  ASSERT_TRUE(receiver_->start().ok());
  trusting_.ca = {own.path("ca.pem"), {}};
  EXPECT_EQ(post(), "200");
  own.write("server.pem", "no certificate");
  host_.advance(11 * base::kNanosPerSecond);
  EXPECT_EQ(post(), "200") << "on the same connection";
  EXPECT_EQ(http_->counters().connections_opened, 1u);
  http_.reset();
  EXPECT_EQ(post(), "200") << "with the old certificate";
  EXPECT_THAT(host_.logged(), HasSubstr("the old files stay in use"));
  EXPECT_EQ(host_.counter("nanospan_receiver_tls_reload_failures", {{"receiver", "otlp"}, {"transport", "http"}}), 1u);
  own.make("server", "other", "localhost");
  host_.advance(11 * base::kNanosPerSecond);
  EXPECT_EQ(post(), "200");
  http_.reset();
  EXPECT_THAT(post(), HasSubstr("authority that is not trusted"));
}

TEST_F(OtlpReceiverTlsTest, AFileThatIsNotThereIsNamedAtStart) {
  testing::ConfigText text("protocols: {http: {tls: {cert_file: none.pem, key_file: none.key}}}");
  OtlpReceiver receiver(read_otlp_receiver_config(text.reader), "otlp", host_, next_);
  const Status started = receiver.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().message, "TLS: cert_file \"none.pem\" cannot be opened: No such file or directory");
}

}  // namespace
}  // namespace nanospan::gateway
