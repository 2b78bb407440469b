// The `otlp_grpc` exporter's keys and making; its attempts are in otlp_grpc_sender_test.cc.
#include <gtest/gtest.h>

#include "gateway/exporters/otlp_grpc/otlp_grpc_exporter_config.h"
#include "gateway/exporters/otlp_grpc/otlp_grpc_exporter_factory.h"
#include "gateway/exporters/otlp_settings.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/test_host.h"

namespace nanospan::gateway {
namespace {

std::string endpoint_of(std::string_view keys) {
  testing::ConfigText text(keys);
  const OtlpGrpcExporterConfig config = read_otlp_grpc_exporter_config(text.reader);
  return text.errors().empty() ? config.url.authority() : text.errors();
}

TEST(OtlpGrpcExporterConfig, EndpointsAreHostAndPortWithOrWithoutAScheme) {
  EXPECT_EQ(endpoint_of("endpoint: h:4317"), "h:4317");
  EXPECT_EQ(endpoint_of("endpoint: http://h:4317"), "h:4317");
  EXPECT_EQ(endpoint_of("endpoint: dns:///h:4317"), "h:4317");
  EXPECT_EQ(endpoint_of("endpoint: \"[::1]:4317\""), "[::1]:4317");
  EXPECT_EQ(endpoint_of("compression: none"),
            "f.yaml:1: it.endpoint: is missing; write the address of an OTLP/gRPC receiver, such as 127.0.0.1:4317\n");
  EXPECT_EQ(endpoint_of("endpoint: https://h:4317"), "h:4317");
  for (const std::string without_port : {"h", "https://h", "[::1]"}) {  // configgrpc: validateEndpoint
    EXPECT_EQ(endpoint_of("endpoint: \"" + without_port + "\""),
              "f.yaml:1: it.endpoint: \"" + without_port + "\" has no port; write host:port, such as 127.0.0.1:4317\n");
  }
}

TEST(OtlpGrpcExporterConfig, AUnixSocketAsGrpcNamesIt) {
  for (const std::string endpoint : {"unix:///run/otlp.sock", "unix:/run/otlp.sock"}) {
    testing::ConfigText text("tls: {insecure: true}\nendpoint: " + endpoint);
    const OtlpGrpcExporterConfig config = read_otlp_grpc_exporter_config(text.reader);
    EXPECT_EQ(text.errors() + text.warnings(), "");
    EXPECT_EQ(config.url.socket, "/run/otlp.sock");
    EXPECT_EQ(config.destination(), "unix:/run/otlp.sock");
    EXPECT_FALSE(config.url.https);
  }
  EXPECT_EQ(endpoint_of("endpoint: unix-abstract:otlp"), "localhost") << "as gRPC calls the other side";
  EXPECT_EQ(
      endpoint_of("endpoint: unix://run/otlp.sock"),
      "f.yaml:1: it.endpoint: URL \"unix://run/otlp.sock\" has a host where a unix socket has none; write unix:path "
      "or unix:///absolute/path\n");
}

TEST(OtlpGrpcExporterConfig, OnlyInsecureTurnsTlsOff) {
  const auto https = [](const std::string& keys) {
    testing::ConfigText text(keys);
    const OtlpGrpcExporterConfig config = read_otlp_grpc_exporter_config(text.reader);
    EXPECT_EQ(text.errors(), "");
    return (config.url.https ? "TLS" : "plain") + text.warnings();
  };
  EXPECT_EQ(https("endpoint: h:4317"), "TLS");
  EXPECT_EQ(https("endpoint: h:4317\ntls: {insecure: true}"), "plain");
  EXPECT_EQ(https("endpoint: http://h:4317\ntls: {insecure: true}"), "plain");
  EXPECT_EQ(https("endpoint: https://h:4317\ntls: {insecure: true}"), "TLS");
  EXPECT_EQ(https("endpoint: h:4317\ntls: {insecure: true, ca_file: ca.pem}"), "TLS");
  EXPECT_EQ(
      https("endpoint: http://h:4317"),
      "TLSf.yaml:1: it.endpoint: http:// does not turn TLS off, as in the Collector; write tls: {insecure: true}, "
      "or https:// for TLS\n");
}

TEST(OtlpGrpcExporterConfig, DefaultsAreTheCollectors) {
  testing::ConfigText text("endpoint: h:4317");
  const OtlpGrpcExporterConfig config = read_otlp_grpc_exporter_config(text.reader);
  EXPECT_EQ(config.compression.coding->name, "gzip");
  EXPECT_EQ(config.codec, find_grpc_codec("gzip"));
  EXPECT_EQ(config.timeout_nanos, 5 * base::kNanosPerSecond);
  EXPECT_EQ(config.keepalive_nanos, base::kNever);
  EXPECT_TRUE(config.round_robin);
}

TEST(OtlpGrpcExporterConfig, CompressionsAreThoseOfGrpc) {
  const auto read = [](const std::string& name) {
    testing::ConfigText text("endpoint: h:4317\ncompression: " + name);
    const OtlpGrpcExporterConfig config = read_otlp_grpc_exporter_config(text.reader);
    if (!text.errors().empty()) return text.errors();
    return config.codec == nullptr ? "none" : std::string(config.compression.coding->name);
  };
  for (const char* name : {"gzip", "zstd", "snappy", "none"}) EXPECT_EQ(read(name), name);
  EXPECT_EQ(read("deflate"),
            "f.yaml:2: it.compression: \"deflate\" is none of gRPC's; write gzip, zstd, snappy or none\n");
}

TEST(OtlpGrpcExporterConfig, Keys) {
  testing::ConfigText text(
      "endpoint: h:4317\nheaders: {X-Tenant: shop}\ntimeout: 7s\nkeepalive: {time: 1s, timeout: 3s}\n"
      "balancer_name: pick_first\nwait_for_ready: true\ntls: {insecure: true}\nauth: {authenticator: x}");
  const OtlpGrpcExporterConfig config = read_otlp_grpc_exporter_config(text.reader);
  EXPECT_EQ(config.headers.at(0).name, "x-tenant");
  EXPECT_EQ(config.timeout_nanos, 7 * base::kNanosPerSecond);
  EXPECT_EQ(config.keepalive_nanos, 10 * base::kNanosPerSecond) << "grpc's own floor";
  EXPECT_EQ(config.keepalive_timeout_nanos, 3 * base::kNanosPerSecond);
  EXPECT_EQ(text.warnings(),
            "f.yaml:6: it.wait_for_ready: has no effect here: connections are shared by all requests, and opened again "
            "when they break\n");
  EXPECT_FALSE(config.round_robin);
  EXPECT_EQ(config.authenticator, "x");
  EXPECT_EQ(text.errors(),
            "f.yaml:8: it.auth: needs TLS, or the credential would travel in the clear; remove tls.insecure\n");
}

TEST(OtlpGrpcExporterConfig, WhatGrpcSetsItselfIsRefused) {
  for (const std::string name : {"grpc-encoding", "Grpc-Timeout", "te"}) {
    EXPECT_EQ(endpoint_of("endpoint: h:4317\nheaders: {" + name + ": gzip}"),
              "f.yaml:2: it.headers: \"" + name + "\" is set by the exporter itself; remove it\n");
  }
}

// grpc-go: ClientConn.initAuthority and credentials.tlsCreds.ClientHandshake.
TEST(OtlpGrpcExporterConfig, AuthorityAndTheNameThatTlsAsksFor) {
  const auto names = [](const std::string& keys) {
    testing::ConfigText text("endpoint: h:4317\n" + keys);
    const OtlpGrpcExporterConfig config = read_otlp_grpc_exporter_config(text.reader);
    return text.errors().empty() ? config.authority + " " + config.tls.server_name : text.errors();
  };
  EXPECT_EQ(names(""), " ");
  EXPECT_EQ(names("authority: a.example:443"), "a.example:443 a.example");
  EXPECT_EQ(names("authority: \"[::1]:443\""), "[::1]:443 ::1");
  EXPECT_EQ(names("tls: {server_name_override: b.example}"), "b.example b.example");
  EXPECT_EQ(names("authority: b.example\ntls: {server_name_override: b.example}"), "b.example b.example");
  EXPECT_EQ(names("authority: a.example\ntls: {server_name_override: b.example}"),
            "f.yaml:2: it.authority: \"a.example\" differs from tls.server_name_override, \"b.example\", which is "
            "gRPC's authority, too; remove one of them\n");
  EXPECT_EQ(names("authority: a.example\ntls: {insecure: true, server_name_override: b.example}"),
            "a.example b.example")
      << "without TLS it means nothing";
  EXPECT_EQ(names("headers: {Host: c.example}"), "c.example ");
  EXPECT_EQ(names("headers: {Host: c.example}\nauthority: a.example"), "a.example a.example");
  EXPECT_EQ(names("authority: a/b"), "f.yaml:2: it.authority: \"a/b\" is neither a host nor host:port\n");
}

TEST(OtlpGrpcExporter, IsMadeUnderBothNames) {
  const ExporterFactory factory = otlp_grpc_exporter_factory();
  EXPECT_TRUE(factory.is_called("otlp_grpc"));
  EXPECT_TRUE(factory.is_called("otlp"));
  testing::TestHost host;
  testing::ConfigText text("endpoint: h:4317\ntls: {insecure: true}\nsending_queue: {sizer: bytes, queue_size: 64MiB}");
  const auto exporter = factory.read({"otlp", ""}, text.reader)(host, Signal::kTraces);
  host.stop();
  ASSERT_TRUE(exporter.ok());
  EXPECT_EQ((*exporter)->describe(), "grpc h:4317, gzip, queue 64 MiB");
}

TEST(OtlpGrpcExporter, GoesThroughTheProxyOfTheEnvironmentForHttps) {
  testing::TestHost host;
  host.environment = {"http://p:1", "http://p:2", ""};
  testing::ConfigText text("endpoint: far:4317\ntls: {insecure: true}");
  const auto exporter = otlp_grpc_exporter_factory().read({"otlp", ""}, text.reader)(host, Signal::kTraces);
  host.stop();
  ASSERT_TRUE(exporter.ok());
  EXPECT_EQ((*exporter)->describe(), "grpc far:4317, through the proxy http://p:2, gzip, queue 1000 requests");
}

TEST(OtlpGrpcExporter, AFileThatIsNotThereIsNamedAtStart) {
  testing::TestHost host;
  testing::ConfigText text("endpoint: h:4317\ntls: {ca_file: no-such.pem}");
  const auto exporter = otlp_grpc_exporter_factory().read({"otlp", ""}, text.reader)(host, Signal::kTraces);
  host.stop();
  ASSERT_FALSE(exporter.ok());
  EXPECT_EQ(exporter.error().message, "TLS: ca_file \"no-such.pem\" cannot be opened: No such file or directory");
}

}  // namespace
}  // namespace nanospan::gateway
