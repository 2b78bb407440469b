// Whole configuration files: what is taken, and for each way to be wrong the exact line that the user sees.
#include "gateway/service/gateway_config.h"

#include <gtest/gtest.h>

#include "gateway/service/components.h"

namespace nanospan::gateway {
namespace {

LoadedConfig load(std::string_view text) {
  return load_config(text, "f.yaml", built_in_components(),
                     ConfigProviders{[](std::string_view) { return std::nullopt; }});
}

/// A complete file with one line replaced or added.
std::string with(std::string receiver_keys, std::string exporter_keys, std::string service_keys = "") {
  return "receivers:\n  otlp:\n    protocols:\n      http:\n" + receiver_keys +
         "exporters:\n  otlphttp:\n    endpoint: http://localhost:4318\n" + exporter_keys +
         "service:\n  pipelines:\n    traces:\n      receivers: [otlp]\n      exporters: [otlphttp]\n" + service_keys;
}

TEST(GatewayConfig, EmbeddedConfigurationIsWhatTheReadmePromises) {
  const LoadedConfig loaded = load(embedded_config());
  EXPECT_EQ(loaded.errors, std::vector<std::string>{});
  EXPECT_EQ(loaded.warnings, std::vector<std::string>{});
  ASSERT_EQ(loaded.config.receivers.size(), 1u);
  ASSERT_EQ(loaded.config.exporters.size(), 3u);
  EXPECT_EQ(loaded.config.exporters[0].id.text(), "file");
  ASSERT_EQ(loaded.config.pipelines.size(), 3u);
  EXPECT_EQ(loaded.config.pipelines[2].signal, Signal::kLogs);
  EXPECT_EQ(loaded.config.telemetry.metrics_port, 8888);
}

TEST(GatewayConfig, CollectorFileOfDaysGoneBy) {
  const LoadedConfig loaded = load(R"(
receivers:
  otlp:
    protocols:
      http:
        endpoint: 0.0.0.0:4318
        max_request_body_size: 20971520
        cors: {allowed_origins: ["https://*.example.com"], max_age: 7200}
exporters:
  otlphttp/backend:
    endpoint: http://backend:4318
    compression: none
    headers: {x-tenant: shop}
    tls: {insecure: true}
    sending_queue: {enabled: true, num_consumers: 4, queue_size: 5000}
    retry_on_failure: {enabled: true, initial_interval: 1s, max_interval: 10s, max_elapsed_time: 0}
  otlp_http:
    traces_endpoint: http://other:4318/custom/path
    sending_queue: {sizer: bytes, queue_size: 64MiB, wait_for_result: true, block_on_overflow: true}
  debug: {verbosity: detailed}
  file: {path: ./x.jsonl, rotation: {max_megabytes: 10, max_backups: 3, max_days: 7}}
extensions:
  health_check: {endpoint: 0.0.0.0:13133}
service:
  extensions: [health_check]
  telemetry:
    metrics: {level: detailed, address: ":8888"}
    logs: {level: info, encoding: console}
  pipelines:
    traces: {receivers: [otlp], processors: [], exporters: [otlphttp/backend, debug]}
    traces/second: {receivers: [otlp], exporters: [otlp_http, file]}
)");
  EXPECT_EQ(loaded.errors, std::vector<std::string>{});
  EXPECT_EQ(loaded.config.exporters.size(), 4u);
  EXPECT_EQ(loaded.config.pipelines.size(), 2u);
  EXPECT_EQ(loaded.config.telemetry.metrics_host, "");
}

struct Wrong {
  const char* what;
  std::string text;
  std::string line;
};

std::vector<Wrong> wrong_components() {
  return {
      {"empty", "", "f.yaml:1: the configuration is empty; it needs receivers, exporters and service.pipelines"},
      {"no service", "receivers:\n  otlp: {protocols: {http: }}\n",
       "f.yaml:1: service: is missing; add service.pipelines.traces with receivers and exporters"},
      {"unknown section", with("", "") + "recievers: {}\n",
       "f.yaml:13: recievers: unknown key; did you mean \"receivers\"?"},
      {"unknown receiver", "receivers:\n  oltp:\n" + with("", "").substr(11),
       "f.yaml:2: receivers.oltp: this build has no receiver of type \"oltp\"; did you mean \"otlp\"?"},
      {"unknown exporter", with("", "  jaegerremote:\n"),
       "f.yaml:8: exporters.jaegerremote: this build has no exporter of type \"jaegerremote\"; it has: otlp_grpc "
       "otlp_http file "
       "debug nop"},
      {"bad id", with("", "  debug/:\n"), "f.yaml:8: exporters.debug/: the name after \"/\" is empty; write type/name"},
      {"unknown processor", "processors:\n  bacth:\n" + with("", ""),
       "f.yaml:2: processors.bacth: this build has no processor of type \"bacth\"; did you mean \"batch\"?"},
      {"unknown key", with("        endpont: 1.2.3.4:1\n", ""),
       "f.yaml:5: receivers.otlp.protocols.http.endpont: unknown key; did you mean \"endpoint\"?"},
      {"wrong endpoint", with("        endpoint: localhost\n", ""),
       "f.yaml:5: receivers.otlp.protocols.http.endpoint: \"localhost\" is not host:port; write 127.0.0.1:4318, or "
       "0.0.0.0:4318 for all addresses"},
      {"tls", with("        tls: {cert_file: x}\n", ""),
       "f.yaml:5: receivers.otlp.protocols.http.tls.cert_file: comes without key_file; give both, or neither"},
      {"algorithm", with("        compression_algorithms: [gzip, lz4]\n", ""),
       "f.yaml:5: receivers.otlp.protocols.http.compression_algorithms: \"lz4\" is not in this build; it has gzip, "
       "zstd, "
       "snappy, x-snappy-framed, deflate, zlib, x-gzip and \"\" (none)"},
      {"grpc tls", with("      grpc: {tls: {cert_file: x}}\n", ""),
       "f.yaml:5: receivers.otlp.protocols.grpc.tls.cert_file: comes without key_file; give both, or neither"},
      {"authenticator", with("        auth: {authenticator: basicauth}\n", ""),
       "f.yaml:5: receivers.otlp.protocols.http.auth.authenticator: there is no extension \"basicauth\"; declare it "
       "under extensions:"},
      {"client authenticator", with("", "    auth: {authenticator: bearertokenauth/x}\n"),
       "f.yaml:8: exporters.otlphttp.auth.authenticator: there is no extension \"bearertokenauth/x\"; declare it under "
       "extensions:"},
      {"unused authenticator",
       "extensions: {basicauth: {htpasswd: {inline: \"a:b\"}}}\n" +
           with("        auth: {authenticator: basicauth}\n", ""),
       "f.yaml:6: receivers.otlp.protocols.http.auth.authenticator: \"basicauth\" is not in service.extensions; add it "
       "there"},
      {"duration", with("", "    timeout: 5\n"),
       "f.yaml:8: exporters.otlphttp.timeout: \"5\" has no unit; write it as 200ms, 5s, 1m30s or 1h"},
      {"compression", with("", "    compression: lz4\n"),
       "f.yaml:8: exporters.otlphttp.compression: \"lz4\" is not in this build; it has gzip, zstd, snappy, "
       "x-snappy-framed, deflate, zlib, x-gzip and none"},
      {"header", with("", "    headers: {\"a b\": c}\n"),
       "f.yaml:8: exporters.otlphttp.headers: \"a b\" or its value cannot be sent as an HTTP header"},
      {"consumers", with("", "    sending_queue: {num_consumers: 0}\n"),
       "f.yaml:8: exporters.otlphttp.sending_queue.num_consumers: 0 is out of range; give an integer of 1 to 1024"},
      {"sizer", with("", "    sending_queue: {sizer: spans}\n"),
       "f.yaml:8: exporters.otlphttp.sending_queue.sizer: \"spans\" is not one of requests, items or bytes"},
      {"storage", with("", "    sending_queue: {storage: file_storage}\n"),
       "f.yaml:8: exporters.otlphttp.sending_queue.storage: not supported by this build; the queue is in memory; to "
       "lose nothing set wait_for_result: true, so that senders "
       "keep what was not sent"},
      {"retry", with("", "    retry_on_failure: {max_elapsed_time: 1s}\n"),
       "f.yaml:8: exporters.otlphttp.retry_on_failure.max_elapsed_time: is shorter than initial_interval (5s); make it "
       "longer, or 0 for ever"},
      {"no path", with("", "  file:\n"),
       "f.yaml:8: exporters.file.path: is missing; write the file to write to, such as ./traces.jsonl"},
      {"verbosity", with("", "  debug: {verbosity: loud}\n"),
       "f.yaml:8: exporters.debug.verbosity: \"loud\" is not one of basic, normal or detailed"},
  };
}

std::vector<Wrong> wrong_services() {
  return {
      {"missing component", with("", "", "    traces/2: {receivers: [otlp], exporters: [otlphtp]}\n"),
       "f.yaml:13: service.pipelines.traces/2.exporters: there is no exporter \"otlphtp\"; did you mean \"otlphttp\"?"},
      {"undeclared component", with("", "", "    traces/2: {receivers: [kafka], exporters: [otlphttp]}\n"),
       "f.yaml:13: service.pipelines.traces/2.receivers: there is no receiver \"kafka\"; declare it under receivers:"},
      {"empty pipeline", with("", "", "    traces/2: {receivers: [otlp], exporters: []}\n"),
       "f.yaml:13: service.pipelines.traces/2.exporters: is empty; a pipeline needs at least one exporter"},
      {"name in place of a list", with("", "", "    traces/2: {receivers: [otlp], exporters: otlphttp}\n"),
       "f.yaml:13: service.pipelines.traces/2.exporters: must be a list of names; put it in brackets"},
      {"twice", with("", "", "    traces/2: {receivers: [otlp, otlp], exporters: [otlphttp]}\n"),
       "f.yaml:13: service.pipelines.traces/2.receivers: \"otlp\" is listed twice; remove one"},
      {"no signal", with("", "", "    spans: {receivers: [otlp], exporters: [otlphttp]}\n"),
       "f.yaml:13: service.pipelines.spans: \"spans\" is no signal; pipelines are called traces, metrics, logs or "
       "profiles, or one of these with /name"},
      {"undeclared processor",
       with("", "", "    traces/2: {receivers: [otlp], processors: [batch], exporters: [otlphttp]}\n"),
       "f.yaml:13: service.pipelines.traces/2.processors: there is no processor \"batch\"; declare it under "
       "processors:"},
      {"extension", with("", "", "  extensions: [health_check]\n"),
       "f.yaml:13: service.extensions: there is no extension \"health_check\"; declare it under extensions:"},
      {"budget", with("", "", "  memory_budget: 5\n"),
       "f.yaml:13: service.memory_budget: 5 is too small; give at least 1 MiB"},
      {"level", with("", "", "  telemetry: {metrics: {level: all}}\n"),
       "f.yaml:13: service.telemetry.metrics.level: \"all\" is not one of none, basic, normal or detailed"},
      {"reader", with("", "", "  telemetry: {metrics: {readers: [{periodic: {}}]}}\n"),
       "f.yaml:13: service.telemetry.metrics.readers[0].periodic: not supported by this build; the gateway's own "
       "metrics are pulled: use pull.exporter.prometheus"},
      {"not a map", "receivers: 5\n", "f.yaml:1: receivers: expected a map of components"},
  };
}

TEST(GatewayConfig, EachFaultIsOneLineWithFileLineKeyAndRemedy) {
  for (const std::vector<Wrong>& table : {wrong_components(), wrong_services()}) {
    for (const Wrong& wrong : table) {
      const LoadedConfig loaded = load(wrong.text);
      ASSERT_FALSE(loaded.errors.empty()) << wrong.what;
      EXPECT_EQ(loaded.errors.front(), wrong.line) << wrong.what;
    }
  }
}

TEST(GatewayConfig, AllFaultsAreListed) {
  EXPECT_EQ(load(with("        endpont: x\n        corss: {}\n", "    timeout: 5\n")).errors.size(), 3u);
}

TEST(GatewayConfig, UnusedComponentsAreWarnedAboutAndNotMade) {
  const LoadedConfig loaded = load(with("", "  debug:\n") + "extensions:\n  health_check:\n");
  EXPECT_TRUE(loaded.errors.empty());
  EXPECT_EQ(
      loaded.warnings,
      (std::vector<std::string>{
          "f.yaml:15: extensions.health_check: is declared but not used; add it to service.extensions or remove it",
          "f.yaml:8: exporters.debug: is declared but not used; add it to a pipeline or remove it"}));
  EXPECT_EQ(loaded.config.exporters.size(), 1u);
  EXPECT_TRUE(loaded.config.extensions.empty());
}

}  // namespace
}  // namespace nanospan::gateway
