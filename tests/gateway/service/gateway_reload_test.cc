// A running gateway changes to another configuration: what stays, what moves, and what a wrong one leaves alone.
#include "gateway/service/gateway_reload.h"

#include <gmock/gmock.h>

#include "gateway/service/components.h"
#include "tests/gateway/raw_http.h"
#include "tests/gateway/sample_traces.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kAsProtobuf = "Content-Type: application/x-protobuf\r\n";

struct Parts {
  std::string receiver = "127.0.0.1:0";
  std::string processors;
  std::string exporters = "debug";
  std::string declared = "  debug:\n";
  std::string service;

  Parts with(std::string names, std::string text) const {
    Parts changed = *this;
    changed.exporters = std::move(names);
    changed.declared = std::move(text);
    return changed;
  }
};

GatewayConfig config_of(const Parts& parts) {
  LoadedConfig loaded =
      load_config("receivers:\n  otlp: {protocols: {http: {endpoint: \"" + parts.receiver +
                      "\"}}}\nprocessors:\n  batch: {timeout: 1ms}\nexporters:\n" + parts.declared +
                      "service:\n  telemetry: {metrics: {level: none}, logs: {level: error}}\n" + parts.service +
                      "  pipelines:\n    traces: {receivers: [otlp], processors: [" + parts.processors +
                      "], exporters: [" + parts.exporters + "]}\n",
                  "f.yaml", built_in_components(), ConfigProviders{[](std::string_view) { return std::nullopt; }});
  EXPECT_EQ(loaded.errors, std::vector<std::string>{});
  return std::move(loaded.config);
}

std::uint16_t port_of(const Gateway& gateway) {
  const std::string text = gateway.describe();
  return static_cast<std::uint16_t>(std::stoi(text.substr(text.find("127.0.0.1:") + 10)));
}

class GatewayReloadTest : public ::testing::Test {
 protected:
  void start(const Parts& parts) {
    auto gateway = Gateway::start(
        config_of(parts), base::system_clock(), [](std::string_view) {},
        ServiceRequests{[this] {
                          reaps_ = true;
                          reaps_.notify_all();
                        },
                        {}});
    ASSERT_TRUE(gateway.ok()) << gateway.error().message;
    gateway_ = std::move(gateway).value();
    parts_ = parts;
    port_ = port_of(*gateway_);
  }
  std::string reload() {
    const Result<std::string> changed = gateway_->reload(config_of(parts_));
    return changed ? *changed : "error: " + changed.error().message;
  }
  std::string file(const std::string& name) { return "  file: {path: " + (folder_ / name) + "}\n"; }
  static std::string request() { return testing::post("/v1/traces", kAsProtobuf, testing::sample_request(1)); }
  std::string send() { return testing::exchange(port_, request()); }
  void reap() {
    reaps_.wait(false);
    reaps_ = false;
    gateway_->reap();
  }
  void drain() {
    std::atomic<bool> drained{false};
    gateway_->begin_drain([&drained] {
      drained = true;
      drained.notify_all();
    });
    drained.wait(false);
  }
  std::size_t lines(const std::string& name) {
    const std::string text = nanospan::testing::contents(folder_ / name);
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  nanospan::testing::TemporaryFolder folder_;
  std::atomic<bool> reaps_{false};
  std::unique_ptr<Gateway> gateway_;
  Parts parts_;
  std::uint16_t port_ = 0;
};

TEST_F(GatewayReloadTest, TheSameConfigurationChangesNothing) {
  start({});
  EXPECT_EQ(reload(), "");
}

TEST_F(GatewayReloadTest, AConnectionGoesOnThroughNewProcessorsAndExporters) {
  start(Parts().with("file", file("a")));
  testing::RawConnection connection(port_);
  connection.send(request());
  EXPECT_THAT(connection.receive(), StartsWith("HTTP/1.1 200"));
  parts_.processors = "batch";
  parts_.declared += "  debug:\n";
  parts_.exporters = "file, debug";
  EXPECT_EQ(reload(), "exporter debug added, processor batch added, pipeline traces changed");
  connection.send(request());
  EXPECT_THAT(connection.receive(), StartsWith("HTTP/1.1 200"));
  parts_.processors = "";
  parts_.exporters = "file";
  EXPECT_EQ(reload(), "exporter debug removed, processor batch removed, pipeline traces changed");
  connection.send(request());
  EXPECT_THAT(connection.receive(), StartsWith("HTTP/1.1 200"));
  reap();  // The batch processor, or the exporter as well.
  drain();
  EXPECT_EQ(lines("a"), 3u);
}

TEST_F(GatewayReloadTest, AnExporterKeepsItsQueueWhereItsDestinationChanges) {
  start(Parts().with("otlp_http",
                     "  otlp_http: {endpoint: \"http://127.0.0.1:1\", compression: none, retry_on_failure: "
                     "{initial_interval: 1h, max_interval: 1h, max_elapsed_time: 0}}\n"));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(send(), StartsWith("HTTP/1.1 200"));
  const auto other = Gateway::start(config_of({}), base::system_clock(), [](std::string_view) {}).value();
  parts_.declared =
      "  otlp_http: {endpoint: \"http://127.0.0.1:" + std::to_string(port_of(*other)) + "\", compression: none}\n";
  EXPECT_EQ(reload(), "exporter otlp_http changed");
  drain();
  EXPECT_EQ(gateway_->lost_in_drain(), 0u);
  EXPECT_THAT(gateway_->metrics().render(), HasSubstr("otelcol_exporter_sent_spans{exporter=\"otlp_http\"} 3\n"));
}

TEST_F(GatewayReloadTest, AFileGoesOnWithOtherBounds) {
  start(Parts().with("file", file("a")));
  EXPECT_THAT(send(), StartsWith("HTTP/1.1 200"));
  parts_.declared = "  file: {path: " + (folder_ / "a") + ", rotation: {max_megabytes: 1}}\n";
  EXPECT_EQ(reload(), "exporter file changed");
  EXPECT_THAT(send(), StartsWith("HTTP/1.1 200"));
  drain();
  EXPECT_EQ(lines("a"), 2u);
  EXPECT_THAT(gateway_->describe(), HasSubstr("a new file every 1 MiB"));
}

TEST_F(GatewayReloadTest, AReceiverThatChangesTakesItsPortAgain) {
  start(Parts().with("file", file("a")));
  parts_.receiver = "127.0.0.1:" + std::to_string(port_);
  EXPECT_EQ(reload(), "receiver otlp changed");
  EXPECT_THAT(send(), StartsWith("HTTP/1.1 200"));
  reap();
}

TEST_F(GatewayReloadTest, WhatCannotStartChangesNothing) {
  start(Parts().with("file", file("a")));
  const Parts before = parts_;
  parts_.declared += "  file/b: {path: /nonexistent/b}\n";
  parts_.exporters = "file, file/b";
  parts_.processors = "batch";
  EXPECT_EQ(reload(),
            "error: exporter file/b: open /nonexistent/b: No such file or directory; there is no such folder: make it, "
            "or set create_directory: true");
  parts_ = before;
  parts_.receiver = "192.0.2.1:4318";  // Not an address of this machine (RFC 5737).
  EXPECT_THAT(reload(), StartsWith("error: receiver otlp: protocols.http.endpoint: bind on 192.0.2.1:4318"));
  EXPECT_THAT(send(), StartsWith("HTTP/1.1 200"));
  drain();
  EXPECT_EQ(lines("a"), 1u);
}

TEST_F(GatewayReloadTest, WhatMadeRoomInVainIsMadeAgain) {
  start(Parts().with("file", file("a")));
  const auto other = Gateway::start(config_of({}), base::system_clock(), [](std::string_view) {}).value();
  parts_.receiver = "127.0.0.1:" + std::to_string(port_of(*other));
  EXPECT_THAT(reload(), HasSubstr("another program listens there"));
  port_ = port_of(*gateway_);  // "Any free port", as before.
  EXPECT_THAT(send(), StartsWith("HTTP/1.1 200"));
  drain();
  EXPECT_EQ(lines("a"), 1u);
}

TEST_F(GatewayReloadTest, LimitsFollow) {
  Parts parts;
  parts.service = "  memory_budget: 64MiB\n";
  start(parts);
  EXPECT_THAT(gateway_->describe(), HasSubstr("64 MiB of requests in memory"));
  parts_.service = "  memory_budget: 32MiB\n  shutdown_timeout: 5s\n";
  EXPECT_EQ(reload(), "service.memory_budget changed, service.shutdown_timeout changed");
  EXPECT_THAT(gateway_->describe(), HasSubstr("32 MiB of requests in memory"));
  EXPECT_THAT(gateway_->describe(), HasSubstr("5s to drain"));
}

TEST_F(GatewayReloadTest, ARemovedExporterGivesUpItsThread) {
  start(Parts().with("debug, file", "  debug:\n" + file("a")));
  EXPECT_THAT(send(), StartsWith("HTTP/1.1 200"));
  parts_.exporters = "debug";
  EXPECT_EQ(reload(), "exporter file removed, pipeline traces changed");
  reap();
  EXPECT_EQ(lines("a"), 1u);
  EXPECT_THAT(gateway_->metrics().render(),
              HasSubstr("otelcol_exporter_queue_capacity{exporter=\"file\",data_type=\"traces\"} 0\n"));
}

}  // namespace
}  // namespace nanospan::gateway
