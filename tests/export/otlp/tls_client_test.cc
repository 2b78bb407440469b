// Exports over TLS, to a receiver that asks for a client certificate, by HTTP and by gRPC.
#include "net/linked_tls.h"

#include "export/otlp_grpc/otlp_grpc_exporter.h"
#include "net/tls_streams.h"
#include "tests/export/otlp_grpc/grpc_exporter_fixture.h"
#include "tests/export/otlp_http/exporter_fixture.h"
#include "tests/support/test_certificates.h"

namespace nanospan::exporters {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct HttpReceiver final : net::HttpHandler {
  net::Admission on_headers(const net::MessageHead&) override { return net::Admission::accept(1u << 20); }
  void on_request(net::Request request, net::Responder responder) override {
    bodies.emplace_back(request.body.view());
    responder.respond({200, {}, "", false});
  }
  std::vector<std::string> bodies;
};

class TlsExporterTest : public ExporterTest {
 protected:
  static const testing::TestCertificates& certificates() {
    static const testing::TestCertificates made;
    return made;
  }
  void SetUp() override {
    net::TlsServerOptions tls;
    tls.certificate.file = certificates().path("server.pem");
    tls.key.file = certificates().path("server.key");
    tls.client_ca.file = certificates().path("ca.pem");
    tls.protocols = {"h2", "http/1.1"};
    net::HttpServerOptions options;
    options.port = 0;
    options.http2 = net::http2_server_protocol();
    options.make_stream = net::tls_server_streams(std::move(tls)).value();
    auto handler = std::make_shared<net::GrpcHandler>(grpc_, std::vector<std::string>{}, http_);
    receiver_ = std::move(net::HttpServer::start({server_loop_.get()}, std::move(options), handler)).value();
  }
  void TearDown() override {
    exporter_.reset();
    receiver_.reset();
    settle();
  }
  std::string url(const std::string& path) const {
    return "https://127.0.0.1:" + std::to_string(receiver_->port()) + path;
  }
  static OtlpTlsOptions ours() {
    return {certificates().path("ca.pem"), certificates().path("client.pem"), certificates().path("client.key")};
  }
  void start_http(const OtlpTlsOptions& tls) {
    OtlpHttpOptions options;
    options.traces_endpoint = url("/v1/traces");
    options.tls = tls;
    start(options);
  }

  std::shared_ptr<GrpcReceiver> grpc_ = std::make_shared<GrpcReceiver>();
  std::shared_ptr<HttpReceiver> http_ = std::make_shared<HttpReceiver>();
  std::unique_ptr<net::HttpServer> receiver_;
};

TEST_F(TlsExporterTest, ExportsOverHttp) {
  start_http(ours());
  EXPECT_TRUE(outcome(send(testing::fake_batch(1, {"spans"}))).success);
  EXPECT_THAT(http_->bodies, ElementsAre("spans"));
}

TEST_F(TlsExporterTest, ExportsOverGrpc) {
  OtlpGrpcOptions options;
  options.endpoint = url("");
  options.tls = ours();
  Result<OtlpGrpcConfig> config = validate(options);
  ASSERT_TRUE(config.ok()) << config.error().message;
  OtlpSeams seams{clock_, [] { return std::uint64_t{0}; }, [](std::string_view, std::string_view) {}};
  exporter_ = std::move(make_otlp_grpc_exporter(std::move(config).value(), std::move(seams))).value();
  EXPECT_TRUE(outcome(send(testing::fake_batch(1, {"spans"}))).success);
  ASSERT_EQ(grpc_->calls.size(), 1u);
  EXPECT_EQ(grpc_->calls[0].message, "spans");
}

TEST_F(TlsExporterTest, AReceiverThatIsNotTrustedGetsNothingAndTheUserIsToldWhy) {
  OtlpTlsOptions tls = ours();
  tls.ca_file = certificates().path("other.pem");
  start_http(tls);
  // A retry would come after this deadline: it gives up after one attempt, without time passing.
  EXPECT_FALSE(outcome(send(testing::fake_batch(), base::Deadline::after(clock_, 100 * kMillis))).success);
  ASSERT_FALSE(lines_.empty());
  EXPECT_THAT(lines_[0], HasSubstr("comes from an authority that is not trusted here"));
}

TEST_F(TlsExporterTest, FilesThatCannotBeUsedAreErrorsOfTheOptions) {
  OtlpHttpOptions options;
  options.traces_endpoint = url("/v1/traces");
  options.tls.ca_file = "/nowhere/ca.pem";
  const auto made = otlp_http_exporter(options);
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("TLS: ca_file \"/nowhere/ca.pem\" cannot be opened"));
}

}  // namespace
}  // namespace nanospan::exporters
