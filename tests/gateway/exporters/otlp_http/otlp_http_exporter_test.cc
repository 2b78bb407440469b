// The `otlp_http` exporter's keys and making; its attempts are in otlp_http_sender_test.cc.
#include <gtest/gtest.h>

#include "gateway/exporters/otlp_http/otlp_http_exporter_config.h"
#include "gateway/exporters/otlp_http/otlp_http_exporter_factory.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/test_host.h"

namespace nanospan::gateway {
namespace {

std::string url_of(std::string_view keys) {
  testing::ConfigText text(keys);
  const OtlpHttpExporterConfig config = read_otlp_http_exporter_config(text.reader);
  return text.errors().empty() ? config.url.origin() + config.url.path : text.errors();
}

TEST(OtlpHttpExporterConfig, EndpointsFollowTheCollectorsRules) {
  EXPECT_EQ(url_of("endpoint: http://h:4318"), "http://h:4318/v1/traces");
  EXPECT_EQ(url_of("endpoint: http://h:4318/"), "http://h:4318/v1/traces");
  EXPECT_EQ(url_of("endpoint: http://h:4318/base"), "http://h:4318/base/v1/traces");
  EXPECT_EQ(url_of("traces_endpoint: http://h:4318/custom"), "http://h:4318/custom");  // As it is.
  EXPECT_EQ(url_of("endpoint: unix:///run/otlp.sock"), "unix:/run/otlp.sock/v1/traces");
  EXPECT_EQ(url_of("endpoint: unix:///run/otlp.sock:/base"), "unix:/run/otlp.sock/base/v1/traces");
  EXPECT_EQ(url_of("endpoint: http://a:1\ntraces_endpoint: http://b:2/x"), "http://b:2/x");
  EXPECT_EQ(
      url_of("compression: none"),
      "f.yaml:1: it.endpoint: is missing; write the address of an OTLP/HTTP receiver, such as http://127.0.0.1:4318\n");
  EXPECT_EQ(url_of("endpoint: h:4318"),
            "f.yaml:1: it.endpoint: URL \"h:4318\" has no scheme; write http://host:port or https://host:port\n")
      << "as it was written";
}

TEST(OtlpHttpExporterConfig, TheSchemeDecidesAboutTls) {
  const auto warnings = [](const std::string& keys) {
    testing::ConfigText text(keys);
    read_otlp_http_exporter_config(text.reader);
    EXPECT_EQ(text.errors(), "");
    return text.warnings();
  };
  EXPECT_EQ(url_of("endpoint: https://h:4318\ntls: {ca_file: ca.pem}"), "https://h:4318/v1/traces");
  EXPECT_EQ(warnings("endpoint: https://h:4318\ntls: {ca_file: ca.pem}"), "");
  EXPECT_EQ(warnings("endpoint: http://h:4318\ntls: {insecure: true}"), "");
  EXPECT_EQ(warnings("endpoint: http://h:4318\ntls: {ca_file: ca.pem}"),
            "f.yaml:2: it.tls: has no effect here: no endpoint is https://\n");
  EXPECT_EQ(warnings("endpoint: https://h:4318\ntls: {insecure: true}"),
            "f.yaml:2: it.tls: insecure does not turn TLS off for an endpoint that is https://\n");
}

TEST(OtlpHttpExporterConfig, DefaultsAreTheCollectors) {
  testing::ConfigText text("endpoint: http://h:4318");
  const OtlpHttpExporterConfig config = read_otlp_http_exporter_config(text.reader);
  EXPECT_EQ(config.compression.coding->name, "gzip");
  EXPECT_EQ(config.timeout_nanos, 30 * base::kNanosPerSecond);
}

TEST(OtlpHttpExporterConfig, CompressionsByTheCollectorsNames) {
  const auto read = [](const std::string& keys) {
    testing::ConfigText text("endpoint: http://h:4318\n" + keys);
    const OtlpHttpExporterConfig config = read_otlp_http_exporter_config(text.reader);
    if (!text.errors().empty()) return text.errors();
    return config.compression.coding == nullptr
               ? "none"
               : std::string(config.compression.coding->name) + " " + std::to_string(config.compression.level);
  };
  for (const char* name : {"gzip", "zstd", "deflate", "zlib"})
    EXPECT_EQ(read("compression: " + std::string(name)), std::string(name) + " 1");
  for (const char* name : {"snappy", "x-snappy-framed"})
    EXPECT_EQ(read("compression: " + std::string(name)), std::string(name) + " 0");
  for (const char* name : {"none", "\"\""}) EXPECT_EQ(read("compression: " + std::string(name)), "none");
  EXPECT_EQ(read("compression: zstd\ncompression_params: {level: 7}"), "zstd 7");
  EXPECT_EQ(read("compression: gzip\ncompression_params: {level: 10}"),
            "f.yaml:3: it.compression_params.level: 10 is out of range; give an integer of 1 to 9\n");
  EXPECT_EQ(read("compression: lz4"),
            "f.yaml:2: it.compression: \"lz4\" is not in this build; it has gzip, zstd, snappy, x-snappy-framed, "
            "deflate, zlib, x-gzip and none\n");
}

TEST(OtlpHttpExporterConfig, AProxyThatCannotBeUsedIsRefusedWithoutItsPassword) {
  testing::ConfigText text("endpoint: http://h:4318\nproxy_url: https://user:secret@p:3129");
  read_otlp_http_exporter_config(text.reader);
  EXPECT_EQ(text.errors(),
            "f.yaml:2: it.proxy_url: a proxy is spoken to in plain HTTP, not https; write "
            "http://[user:password@]host:port\n");
}

TEST(OtlpHttpExporterConfig, AProxyNextToAUnixSocketIsRefused) {
  testing::ConfigText text("endpoint: unix:/run/otlp.sock\nproxy_url: http://p:3128");
  read_otlp_http_exporter_config(text.reader);
  EXPECT_EQ(
      text.errors(),
      "f.yaml:2: it.proxy_url: is given, but unix:/run/otlp.sock is a unix socket, which is never reached through "
      "a proxy; remove either\n");
}

TEST(OtlpHttpExporter, GoesThroughTheProxyThatItIsToldOrTheEnvironments) {
  const auto description = [](const std::string& keys, net::ProxySettings environment) {
    testing::TestHost host;
    host.environment = std::move(environment);
    testing::ConfigText text(keys);
    const auto exporter = otlp_http_exporter_factory().read({"otlp_http", ""}, text.reader)(host, Signal::kTraces);
    host.stop();
    return exporter.ok() ? (*exporter)->describe() : exporter.error().message;
  };
  const net::ProxySettings environment{"http://p:1", "http://p:2", "h"};
  EXPECT_EQ(description("endpoint: http://far:4318", environment),
            "http://far:4318/v1/traces, through the proxy http://p:1, gzip, queue 1000 requests");
  EXPECT_EQ(description("endpoint: http://h:4318", environment), "http://h:4318/v1/traces, gzip, queue 1000 requests");
  EXPECT_EQ(description("endpoint: http://h:4318\nproxy_url: http://user:secret@q:3", environment),
            "http://h:4318/v1/traces, through the proxy http://q:3, gzip, queue 1000 requests");
  EXPECT_EQ(description("endpoint: http://far:4318", {"socks5://p:1", "", ""}),
            "HTTP_PROXY: a proxy is spoken to in plain HTTP, not socks5; write http://[user:password@]host:port");
}

// The Collector sends Host as it is given (net/http: Request.Host).
TEST(OtlpHttpExporterConfig, HostIsTakenAndWhatTheTransportSetsItselfIsRefused) {
  testing::ConfigText text("endpoint: http://h:4318\nheaders: {HOST: otlp.example.com, x-a: b}");
  const OtlpHttpExporterConfig config = read_otlp_http_exporter_config(text.reader);
  EXPECT_EQ(text.errors(), "");
  EXPECT_EQ(config.authority, "otlp.example.com");
  ASSERT_EQ(config.headers.size(), 1u);
  EXPECT_EQ(config.headers[0].name, "x-a");
  for (const std::string name : {"Content-Length", "transfer-encoding", "Connection", "Content-Encoding"}) {
    EXPECT_EQ(url_of("endpoint: http://h:4318\nheaders: {" + name + ": x}"),
              "f.yaml:2: it.headers: \"" + name + "\" is set by the exporter itself; remove it\n");
  }
  for (const std::string host : {"a/b", "a b", "user@a", "a:b"}) {
    EXPECT_EQ(url_of("endpoint: http://h:4318\nheaders: {Host: \"" + host + "\"}"),
              "f.yaml:2: it.headers: \"Host\" is neither a host nor host:port\n");
  }
}

TEST(OtlpHttpExporterConfig, KeysWithoutMeaningHereWarn) {
  testing::ConfigText text(
      "endpoint: http://h:4318\nwrite_buffer_size: 524288\ntls: {insecure: true}\nauth: {authenticator: x}");
  EXPECT_EQ(read_otlp_http_exporter_config(text.reader).authenticator, "x");
  EXPECT_EQ(text.warnings(),
            "f.yaml:2: it.write_buffer_size: has no effect here: connections are kept alive, one for each of "
            "sending_queue.num_consumers\n");
  EXPECT_EQ(text.errors(), "");
}

TEST(OtlpHttpExporterConfig, EachSignalHasItsPathOrItsOwnAddress) {
  testing::ConfigText text("endpoint: http://h:4318/base/\nlogs_endpoint: http://logs:1/in");
  const OtlpHttpExporterConfig config = read_otlp_http_exporter_config(text.reader);
  EXPECT_EQ(text.errors(), "");
  const auto address = [&](Signal signal) { return config.urls[signal].origin() + config.urls[signal].path; };
  EXPECT_EQ(address(Signal::kTraces), "http://h:4318/base/v1/traces");
  EXPECT_EQ(address(Signal::kMetrics), "http://h:4318/base/v1/metrics");
  EXPECT_EQ(address(Signal::kLogs), "http://logs:1/in");
  EXPECT_EQ(address(Signal::kProfiles), "http://h:4318/base/v1development/profiles");
}

TEST(OtlpHttpExporter, ASignalWithoutAnAddressIsRefusedAtStart) {
  testing::TestHost host;
  testing::ConfigText text("traces_endpoint: http://h:4318/v1/traces");
  const ExporterMaker make = otlp_http_exporter_factory().read({"otlp_http", ""}, text.reader);
  const auto traces = make(host, Signal::kTraces);
  const auto metrics = make(host, Signal::kMetrics);
  host.stop();
  EXPECT_TRUE(traces.ok());
  ASSERT_FALSE(metrics.ok());
  EXPECT_EQ(metrics.error().message, "is in a pipeline of metrics: give it endpoint or metrics_endpoint");
}

TEST(OtlpHttpExporter, IsMadeUnderBothNames) {
  const ExporterFactory factory = otlp_http_exporter_factory();
  EXPECT_TRUE(factory.is_called("otlp_http"));
  EXPECT_TRUE(factory.is_called("otlphttp"));
  testing::TestHost host;
  testing::ConfigText text(
      "endpoint: http://h:4318\nsending_queue: {sizer: bytes, queue_size: 64MiB, wait_for_result: true}");
  const auto exporter = factory.read({"otlp_http", ""}, text.reader)(host, Signal::kTraces);
  host.stop();
  ASSERT_TRUE(exporter.ok());
  EXPECT_EQ((*exporter)->describe(), "http://h:4318/v1/traces, gzip, queue 64 MiB, senders wait for the result");
}

TEST(OtlpHttpExporter, AFileThatIsNotThereIsNamedAtStart) {
  testing::TestHost host;
  testing::ConfigText text("endpoint: https://h:4318\ntls: {ca_file: no-such.pem}");
  const auto exporter = otlp_http_exporter_factory().read({"otlp_http", ""}, text.reader)(host, Signal::kTraces);
  host.stop();
  ASSERT_FALSE(exporter.ok());
  EXPECT_EQ(exporter.error().message, "TLS: ca_file \"no-such.pem\" cannot be opened: No such file or directory");
}

}  // namespace
}  // namespace nanospan::gateway
