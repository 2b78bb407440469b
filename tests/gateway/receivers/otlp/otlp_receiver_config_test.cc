// The `otlp` receiver's keys and making; its answers are in otlp_receiver_test.cc.
#include "gateway/receivers/otlp/otlp_receiver_config.h"

#include <gtest/gtest.h>

#include "gateway/pipeline/fan_out.h"
#include "gateway/receivers/otlp/otlp_http_handler.h"
#include "gateway/receivers/otlp/otlp_receiver_factory.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/test_host.h"

namespace nanospan::gateway {
namespace {

TEST(OtlpReceiverConfig, DefaultsAreTheCollectorsOnLoopback) {
  testing::ConfigText text("protocols: {http: }");
  const OtlpReceiverConfig config = read_otlp_receiver_config(text.reader);
  EXPECT_EQ(text.errors(), "");
  EXPECT_EQ(config.http.host, "127.0.0.1");
  EXPECT_EQ(config.http.port, 4318);
  EXPECT_EQ(config.http.paths[Signal::kTraces], "/v1/traces");
  EXPECT_EQ(config.http.body_bytes_max, 20u << 20);
}

TEST(OtlpReceiverConfig, Keys) {
  testing::ConfigText text(
      "protocols:\n  http:\n    endpoint: \"[::1]:5000\"\n    traces_url_path: custom\n    logs_url_path: /l\n"
      "    max_request_body_size: 1MiB\n    compression_algorithms: [\"\"]\n    read_header_timeout: 2s\n    "
      "idle_timeout: 0\n"
      "    response_headers: {x-a: b}\n    read_timeout: 5s\n    include_metadata: false\n    max_connections: 7\n");
  const OtlpReceiverConfig config = read_otlp_receiver_config(text.reader);
  EXPECT_EQ(text.errors(), "");
  EXPECT_EQ(
      text.warnings(),
      "f.yaml:11: it.protocols.http.read_timeout: has no effect here: a body must come at 16 KiB a second at least, "
      "whatever its size\n");
  EXPECT_EQ(config.http.host, "::1");
  EXPECT_EQ(config.http.paths[Signal::kTraces], "/custom");
  EXPECT_EQ(config.http.body_bytes_max, 1u << 20);
  EXPECT_TRUE(config.http.codings.empty());
  EXPECT_EQ(config.http.head_nanos, 2 * base::kNanosPerSecond);
  EXPECT_EQ(config.http.idle_nanos, 60 * base::kNanosPerSecond);  // Every wait has a limit.
  EXPECT_EQ(config.http.connections_max, 7u);
}

TEST(OtlpReceiverConfig, HttpKeysOfNewerCollectors) {
  testing::ConfigText text("protocols: {http: {keepalive: {idle_timeout: 7s}, include_metadata: true}}");
  const OtlpReceiverConfig config = read_otlp_receiver_config(text.reader);
  EXPECT_EQ(text.errors(), "");
  EXPECT_EQ(
      text.warnings(),
      "f.yaml:1: it.protocols.http.include_metadata: has no effect here: no component of this build reads request "
      "headers\n");
  EXPECT_EQ(config.http.idle_nanos, 7 * base::kNanosPerSecond);
}

TEST(OtlpReceiverConfig, NothingEnabled) {
  testing::ConfigText text("{}");
  read_otlp_receiver_config(text.reader);
  EXPECT_EQ(text.errors(), "f.yaml:1: it.protocols: no protocol is enabled; write protocols: {grpc: , http: }\n");
}

TEST(OtlpReceiverConfig, GrpcDefaultsAreTheCollectorsOnLoopback) {
  testing::ConfigText text("protocols: {grpc: }");
  const OtlpReceiverConfig config = read_otlp_receiver_config(text.reader);
  EXPECT_EQ(text.errors(), "");
  EXPECT_TRUE(config.grpc_enabled);
  EXPECT_FALSE(config.http_enabled);
  EXPECT_EQ(config.grpc.host, "127.0.0.1");
  EXPECT_EQ(config.grpc.port, 4317);
  EXPECT_EQ(config.grpc.message_bytes_max, 4u << 20);
}

TEST(OtlpReceiverConfig, GrpcKeys) {
  testing::ConfigText text(
      "protocols:\n  grpc:\n    endpoint: 0.0.0.0:14317\n    transport: tcp\n    max_recv_msg_size_mib: 16\n"
      "    max_concurrent_streams: 16\n    read_buffer_size: 1024\n    keepalive:\n      server_parameters:\n"
      "        max_connection_idle: 11s\n        max_connection_age: 12s\n        max_connection_age_grace: 13s\n"
      "        time: 30s\n        timeout: 5s\n      enforcement_policy:\n        min_time: 10s\n"
      "        permit_without_stream: true\n");
  const OtlpReceiverConfig config = read_otlp_receiver_config(text.reader);
  EXPECT_EQ(text.errors(), "");
  EXPECT_EQ(text.warnings(),
            "f.yaml:7: it.protocols.grpc.read_buffer_size: has no effect here: buffers are shared by all connections, "
            "and written by reference\n");
  EXPECT_EQ(config.grpc.port, 14317);
  EXPECT_EQ(config.grpc.message_bytes_max, 16u << 20);
  EXPECT_EQ(config.grpc.http2.session.streams_max, 16u);
  EXPECT_EQ(config.grpc.http2.idle_nanos, 11 * base::kNanosPerSecond);
  EXPECT_EQ(config.grpc.http2.age_nanos_max, 12 * base::kNanosPerSecond);
  EXPECT_EQ(config.grpc.http2.age_grace_nanos, 13 * base::kNanosPerSecond);
  EXPECT_EQ(config.grpc.http2.ping_after_nanos, 30 * base::kNanosPerSecond);
  EXPECT_EQ(config.grpc.http2.ping_timeout_nanos, 5 * base::kNanosPerSecond);
  EXPECT_EQ(config.grpc.http2.ping_interval_nanos_min, 10 * base::kNanosPerSecond);
  EXPECT_TRUE(config.grpc.http2.pings_without_streams);
}

TEST(OtlpReceiverConfig, UnixSocketsAsConfignetHasThem) {
  const auto host = [](const std::string& keys) {
    testing::ConfigText text("protocols: {grpc: {" + keys + "}}");
    const OtlpReceiverConfig config = read_otlp_receiver_config(text.reader);
    return text.errors().empty() ? config.grpc.host + " " + std::to_string(config.grpc.port) : text.errors();
  };
  EXPECT_EQ(host("endpoint: /run/otlp.sock, transport: unix"), "/run/otlp.sock 0");
  EXPECT_EQ(host("endpoint: otlp.sock, transport: unix"), "./otlp.sock 0");
  EXPECT_EQ(host("endpoint: \"@otlp\", transport: unix"), "@otlp 0");
  EXPECT_EQ(host("transport: unix"),
            "f.yaml:1: it.protocols.grpc.endpoint: \"\" is no unix socket; write a path of at most 107 bytes, such as "
            "/run/otlp.sock, or @name\n");
  for (const std::string path : {"/run/otlp.sock", "unix:///run/otlp.sock", "@otlp:4317"}) {
    EXPECT_EQ(host("endpoint: \"" + path + "\""), "f.yaml:1: it.protocols.grpc.endpoint: \"" + path +
                                                      "\" is a unix socket; write its path, and transport: unix\n");
  }
}

TEST(OtlpReceiver, IsMadeAndSaysWhereItListens) {
  testing::TestHost host;
  FanOut nowhere({});
  testing::ConfigText text("protocols: {http: {endpoint: \"0.0.0.0:4318\"}}");
  const auto receiver = otlp_receiver_factory().read({"otlp", ""}, text.reader)(host, nowhere);
  host.stop();
  EXPECT_EQ((*receiver)->describe(),
            "http 0.0.0.0:4318/v1/traces /v1/metrics /v1/logs /v1development/profiles, bodies to 20 MiB, connections "
            "to 10000");
}

}  // namespace
}  // namespace nanospan::gateway
