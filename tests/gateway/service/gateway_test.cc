// A whole gateway in this process: two pipelines, fan-out, metrics, and its drain.
#include "gateway/service/gateway.h"

#include <gmock/gmock.h>

#include "gateway/service/components.h"
#include "tests/gateway/raw_http.h"
#include "tests/gateway/sample_traces.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class GatewayTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Gateway>> start(const std::string& exporters, const std::string& pipelines) {
    LoadedConfig loaded = load_config(
        "receivers:\n  otlp: {protocols: {http: {endpoint: \"127.0.0.1:0\"}}}\nexporters:\n" + exporters +
            "service:\n  telemetry: {metrics: {address: \"127.0.0.1:0\"}, logs: {level: error}}\n  pipelines:\n" +
            pipelines,
        "f.yaml", built_in_components(), ConfigProviders{[](std::string_view) { return std::nullopt; }});
    EXPECT_EQ(loaded.errors, std::vector<std::string>{});
    return Gateway::start(std::move(loaded.config), base::system_clock(), [](std::string_view) {});
  }
  static std::uint16_t port_after(const Gateway& gateway, const std::string& word) {
    const std::string text = gateway.describe();
    const std::size_t colon = text.find("127.0.0.1:", text.find(word)) + 10;
    return static_cast<std::uint16_t>(std::stoi(text.substr(colon)));
  }
  static void drain(Gateway& gateway) {
    std::atomic<bool> drained{false};
    gateway.begin_drain([&drained] {
      drained = true;
      drained.notify_all();
    });
    drained.wait(false);
  }
  nanospan::testing::TemporaryFolder folder_;
};

TEST_F(GatewayTest, OneReceiverFeedsTheExportersOfAllItsPipelinesOnce) {
  auto gateway = start("  file/a: {path: " + (folder_ / "a") + "}\n  file/b: {path: " + (folder_ / "b") + "}\n",
                       "    traces: {receivers: [otlp], exporters: [file/a, file/b]}\n    traces/2: {receivers: "
                       "[otlp], exporters: [file/a]}\n");
  ASSERT_TRUE(gateway.ok()) << gateway.error().message;
  const std::uint16_t port = port_after(**gateway, "receiver");
  EXPECT_THAT(testing::exchange(port, testing::post("/v1/traces", "Content-Type: application/x-protobuf\r\n",
                                                    testing::sample_request(4))),
              StartsWith("HTTP/1.1 200"));
  drain(**gateway);
  EXPECT_EQ(nanospan::testing::contents(folder_ / "a"), nanospan::testing::contents(folder_ / "b"));
  EXPECT_THAT((*gateway)->metrics().render(), HasSubstr("otelcol_exporter_sent_spans{exporter=\"file/a\"} 4\n"));
  EXPECT_THAT((*gateway)->metrics().render(),
              HasSubstr("otelcol_receiver_accepted_spans{receiver=\"otlp\",transport=\"http\"} 4\n"));
}

TEST_F(GatewayTest, MetricsAreServedToTheEnd) {
  auto gateway = start("  debug:\n", "    traces: {receivers: [otlp], exporters: [debug]}\n");
  ASSERT_TRUE(gateway.ok());
  const std::uint16_t port = port_after(**gateway, "metrics");
  drain(**gateway);
  const std::string page = testing::exchange(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(page, HasSubstr("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(page, HasSubstr("\notelcol_process_memory_rss "));
}

TEST_F(GatewayTest, TheStartBlockSaysEverything) {
  auto gateway = start("  debug:\n", "    traces: {receivers: [otlp], exporters: [debug]}\n");
  ASSERT_TRUE(gateway.ok());
  const std::string text = (*gateway)->describe();
  for (const char* part :
       {"  receiver   otlp: http 127.0.0.1:", "  exporter   debug: standard error",
        "  pipeline   traces: otlp -> debug", "/metrics\n", " of requests in memory, ", "30s to drain on SIGTERM"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST_F(GatewayTest, WhatCannotStartIsNamed) {
  const auto gateway =
      start("  file: {path: /nonexistent/x}\n", "    traces: {receivers: [otlp], exporters: [file]}\n");
  EXPECT_EQ(gateway.error().message,
            "exporter file: open /nonexistent/x: No such file or directory; there is no such folder: make it, or set "
            "create_directory: true");
}

TEST_F(GatewayTest, DestroyedWithoutDrainWhileRequestsWait) {
  auto gateway = start("  otlp_http: {endpoint: \"http://127.0.0.1:1\", sending_queue: {wait_for_result: true}}\n",
                       "    traces: {receivers: [otlp], exporters: [otlp_http]}\n");
  ASSERT_TRUE(gateway.ok());
  testing::RawConnection waiting(port_after(**gateway, "receiver"));
  waiting.send(testing::post("/v1/traces", "Content-Type: application/x-protobuf\r\n", testing::sample_request(1)));
  gateway.value().reset();
  EXPECT_EQ(waiting.receive(), "");
}

}  // namespace
}  // namespace nanospan::gateway
