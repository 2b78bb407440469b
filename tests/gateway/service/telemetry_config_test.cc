// service.telemetry in the Collector's old and new form.
#include "gateway/service/telemetry_config.h"

#include <gtest/gtest.h>

#include "gateway/service/own_resource.h"
#include "gateway/service/process_limits.h"
#include "tests/gateway/config_text.h"

namespace nanospan::gateway {
namespace {

TelemetryConfig read(std::string_view keys, const std::string& errors = "") {
  testing::ConfigText text(keys);
  TelemetryConfig config;
  read_telemetry_config(text.reader, config);
  EXPECT_EQ(text.errors(), errors);
  return config;
}

TEST(TelemetryConfig, BothFormsOfTheAddress) {
  EXPECT_EQ(read("metrics: {address: \"0.0.0.0:9000\"}").metrics_port, 9000);
  const TelemetryConfig reader = read(
      "metrics: {level: detailed, readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 9001, without_units: "
      "true}}}}]}");
  EXPECT_EQ(reader.metrics_host, "0.0.0.0");
  EXPECT_EQ(reader.metrics_port, 9001);
  EXPECT_FALSE(read("metrics: {level: none}").metrics_enabled);
}

TEST(TelemetryConfig, Logs) {
  EXPECT_EQ(read("logs: {level: WARN}").log_level, LogLevel::kWarn);
  EXPECT_EQ(read("logs: {level: error, encoding: console, sampling: {enabled: true}}").log_level, LogLevel::kError);
}

TEST(TelemetryConfig, LogsAsJson) {
  EXPECT_EQ(read("logs: {encoding: json}").log_encoding, LogEncoding::kJson);
  EXPECT_EQ(read("logs: {encoding: console}").log_encoding, LogEncoding::kConsole);
}

TEST(OwnResource, IsNameVersionAndInstanceUnlessTheConfigurationSaysMore) {
  EXPECT_EQ(own_resource(read(""), "i")["service.name"], "nanospan");
  EXPECT_EQ(own_resource(read(""), "i")["service.instance.id"], "i");
  const std::string inline_map = "resource: {service.name: edge, service.version: null, deployment.environment: prod}";
  const OwnResource wanted{{"deployment.environment", "prod"}, {"service.instance.id", "i"}, {"service.name", "edge"}};
  EXPECT_EQ(own_resource(read(inline_map), "i"), wanted);
  EXPECT_EQ(to_json(wanted), R"({"deployment.environment":"prod","service.instance.id":"i","service.name":"edge"})");
  const OwnResource listed =
      own_resource(read("resource: {attributes: [{name: service.name, value: edge}, {name: team, value: a}]}"), "i");
  EXPECT_EQ(listed.at("service.name"), "edge");
  EXPECT_EQ(listed.at("team"), "a");
  EXPECT_FALSE(own_resource(read(""), "").contains("service.instance.id"));
}

TEST(OwnResource, IsShownAsTargetInfo) {
  MetricsRegistry metrics;
  show_target_info({{"a.b", "1"}, {"a_b", "2"}, {"9", "\""}}, metrics);
  EXPECT_EQ(metrics.render(),
            "# HELP target_info Who this is: service.telemetry.resource.\n# TYPE target_info gauge\n"
            "target_info{a_b=\"1;2\",key_9=\"\\\"\"} 1\n");
}

TEST(TelemetryConfig, Faults) {
  read("resource: {service.name: 5}",
       "f.yaml:1: it.resource.service.name: expected text (put it in quotes), found \"5\"\n");
  read("resource: {attributes: [{name: a, value: b}], c: d}",
       "f.yaml:1: it.resource.c: stands beside the list attributes; write it there\n");
  read("metrics: {readers: [{pull: {exporter: {prometheus: {without_type_suffix: false}}}}]}",
       "f.yaml:1: it.metrics.readers[0].pull.exporter.prometheus.without_type_suffix: false is not supported: metric "
       "names "
       "carry no suffix; remove it or write true\n");
  read("traces: {processors: []}",
       "f.yaml:1: it.traces: not supported by this build; the gateway does not trace itself\n");
}

TEST(ProcessLimits, AreWithinReason) {
  EXPECT_EQ(default_memory_budget_bytes(64ULL << 30), 512u << 20);
  EXPECT_EQ(default_memory_budget_bytes(256u << 20), 64u << 20);
  const ProcessUsage usage = process_usage();
  EXPECT_GT(usage.resident_bytes, 1u << 20);
  EXPECT_GE(usage.cpu_seconds, 0);
}

}  // namespace
}  // namespace nanospan::gateway
