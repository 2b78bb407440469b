// Health answers while the gateway is ready and while it is not, by raw HTTP.
#include "gateway/extensions/health_check/health_check.h"

#include <gmock/gmock.h>

#include "gateway/extensions/health_check/health_check_config.h"
#include "gateway/extensions/health_check/health_check_factory.h"
#include "gateway/http/status_endpoint.h"
#include "net/http1_client.h"
#include "net/tls_streams.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/fake_host.h"
#include "tests/gateway/raw_http.h"
#include "tests/gateway/test_host.h"
#include "tests/support/test_certificates.h"

namespace nanospan::gateway {
namespace {

using testing::exchange;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::uint16_t port_of(const Component& component) {
  const std::string text = component.describe();  // "http 127.0.0.1:PORT/..."
  return static_cast<std::uint16_t>(std::stoi(text.substr(text.find(':') + 1)));
}

TEST(HealthCheck, FollowsReadiness) {
  testing::TestHost host;
  testing::ConfigText text("endpoint: 127.0.0.1:0\npath: /health");
  std::unique_ptr<Component> health = health_check_factory().read({"health_check", ""}, text.reader)(host).value();
  ASSERT_TRUE(health->start().ok());
  const std::uint16_t port = port_of(*health);
  const std::string up = exchange(port, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(up, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(up, HasSubstr("{\"status\":\"Server available\",\"upSince\":\""));
  host.ready = false;
  EXPECT_THAT(exchange(port, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 503"));
  host.stop();
}

TEST(HealthCheck, APathBeginsWithASlash) {
  testing::ConfigText text("path: health");
  read_health_check_config(text.reader);
  EXPECT_THAT(text.errors(), HasSubstr("path: is \"health\"; it must begin with /"));
}

TEST(HealthCheck, BodiesOfTheUsersChoice) {
  testing::TestHost host;
  testing::ConfigText text("endpoint: 127.0.0.1:0\nresponse_body: {healthy: fine, unhealthy: ill}");
  HealthCheck health(read_health_check_config(text.reader), host);
  EXPECT_EQ(text.errors(), "");
  ASSERT_TRUE(health.start().ok());
  EXPECT_THAT(exchange(port_of(health), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), ::testing::EndsWith("\r\n\r\nfine"));
  host.ready = false;
  EXPECT_THAT(exchange(port_of(health), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), ::testing::EndsWith("\r\n\r\nill"));
  host.stop();
}

TEST(HealthCheck, SpeaksTlsWhereItIsGivenACertificate) {
  const nanospan::testing::TestCertificates certificates;
  testing::FakeHost host;
  testing::ConfigText text("endpoint: 127.0.0.1:0\ntls: {cert_file: " + certificates.path("server.pem") +
                           ", key_file: " + certificates.path("server.key") + "}");
  HealthCheck health(read_health_check_config(text.reader), host);
  ASSERT_EQ(text.errors(), "");
  const Status started = health.start();
  ASSERT_TRUE(started.ok()) << started.error().message;
  EXPECT_THAT(health.describe(), HasSubstr("/, TLS"));
  net::TlsClientOptions trusting;
  trusting.ca = {certificates.path("ca.pem"), {}};
  net::Http1ClientOptions options;
  options.origin = net::parse_url("https://127.0.0.1:" + std::to_string(port_of(health))).value();
  options.make_stream = net::tls_client_streams(std::move(trusting), "127.0.0.1", "http/1.1", {}, host.clock()).value();
  const auto client = net::Http1Client::create(host.shared_loop(), std::move(options)).value();
  net::HttpRequest request;
  request.method = "GET";
  request.target = "/";
  request.deadline = base::Deadline::never();
  std::optional<net::HttpResult> result;
  client->send(std::move(request), [&](net::HttpResult done) { result = std::move(done); });
  while (!result) host.shared_loop().run_once(base::Deadline::never());
  ASSERT_TRUE(result->ok()) << result->error.error.message;
  EXPECT_EQ(result->response.status, 200);
}

TEST(HealthCheck, Faults) {
  testing::ConfigText text("endpoint: nowhere\ncheck_collector_pipeline: {enabled: true, interval: 5m}");
  read_health_check_config(text.reader);
  EXPECT_EQ(
      text.errors(),
      "f.yaml:1: it.endpoint: \"nowhere\" is not host:port; write 127.0.0.1:4318, or 0.0.0.0:4318 for all addresses\n"
      "f.yaml:2: it.check_collector_pipeline.enabled: is not supported; watch otelcol_exporter_send_failed_spans "
      "instead\n");
}

TEST(StatusEndpoint, OtherPathsAndMethods) {
  testing::TestHost host;
  std::unique_ptr<StatusEndpoint> endpoint =
      StatusEndpoint::start(host.shared_loop(), {"127.0.0.1", 0}, {{"/a", [] { return net::Response{}; }}}).value();
  EXPECT_THAT(exchange(endpoint->port(), "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"), HasSubstr("not found; here is: /a"));
  EXPECT_THAT(exchange(endpoint->port(), "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
              HasSubstr("\r\nAllow: GET, HEAD\r\n"));
  host.stop();
}

}  // namespace
}  // namespace nanospan::gateway
