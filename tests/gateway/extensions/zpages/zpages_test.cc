// The pages as a person reads them.
#include "gateway/extensions/zpages/zpages.h"

#include <gmock/gmock.h>

#include "gateway/extensions/zpages/zpages_config.h"
#include "gateway/extensions/zpages/zpages_factory.h"
#include "gateway/service/components.h"
#include "gateway/service/gateway.h"
#include "tests/gateway/config_text.h"
#include "tests/gateway/raw_http.h"
#include "tests/gateway/test_host.h"

namespace nanospan::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string get(std::uint16_t port, const std::string& path) {
  return testing::exchange(port, "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
}

std::uint16_t port_after(const std::string& text, const std::string& word) {
  return static_cast<std::uint16_t>(std::stoi(text.substr(text.find("127.0.0.1:", text.find(word)) + 10)));
}

TEST(Zpages, ShowPipelinesConnectionsQueuesAndRefusalsInWords) {
  LoadedConfig loaded = load_config(
      "receivers: {otlp: {protocols: {http: {endpoint: \"127.0.0.1:0\"}}}}\n"
      "processors: {batch: }\nexporters: {otlp_http/b: {endpoint: \"http://127.0.0.1:1\"}}\n"
      "extensions: {zpages: {endpoint: \"127.0.0.1:0\"}}\n"
      "service: {extensions: [zpages], telemetry: {metrics: {level: none}},\n"
      "  pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [otlp_http/b]}}}\n",
      "f.yaml", built_in_components(), ConfigProviders{[](std::string_view) { return std::nullopt; }});
  ASSERT_EQ(loaded.errors, std::vector<std::string>{});
  const auto gateway = Gateway::start(std::move(loaded.config), base::system_clock(), [](std::string_view) {}).value();
  const std::uint16_t port = port_after(gateway->describe(), "zpages");
  const std::uint16_t otlp = port_after(gateway->describe(), "receiver");
  testing::RawConnection connection(otlp);
  connection.send(testing::post("/v1/traces", "Content-Type: application/x-protobuf\r\n", "<b>"));
  EXPECT_THAT(connection.receive(), StartsWith("HTTP/1.1 400"));
  const std::string pipelines = get(port, "/debug/pipelinez");
  EXPECT_THAT(pipelines, HasSubstr("\r\nContent-Type: text/html; charset=utf-8\r\n"));
  EXPECT_THAT(pipelines, HasSubstr("\n  pipeline  receivers  processors  exporters\n"
                                   "  traces    otlp       batch       otlp_http/b\n"));
  EXPECT_THAT(pipelines, HasSubstr("\n  receiver  transport  connections  requests\n"
                                   "  otlp      http       1            1\n"));
  EXPECT_THAT(pipelines,
              HasSubstr("\n  otlp_http/b  traces  0      1000      0          0             0     0       0\n"));
  const std::string service = get(port, "/debug/servicez");
  EXPECT_THAT(service, HasSubstr("  state               ready\n"));
  EXPECT_THAT(service, HasSubstr("receiver otlp: the body is not an ExportTraceServiceRequest: byte "));
  EXPECT_THAT(get(port, "/debug/extensionz"), HasSubstr("\n  zpages     http 127.0.0.1:"));
  EXPECT_THAT(get(port, "/debug/tracez"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(service + pipelines, Not(HasSubstr("http-equiv")));
}

TEST(Zpages, WhatPeersSayCannotBecomeMarkup) {
  testing::TestHost host;
  testing::ConfigText text("endpoint: 127.0.0.1:0\nexpvar: {enabled: true}");
  const auto zpages = zpages_factory().read({"zpages", ""}, text.reader)(host).value();
  EXPECT_EQ(text.errors(), "");
  EXPECT_EQ(text.warnings(), "f.yaml:2: it.expvar.enabled: has no effect here: it shows variables of the Go runtime\n");
  ASSERT_TRUE(zpages->start().ok());
  host.log().error("receiver otlp", "<script>&");
  const std::string page = get(port_after(zpages->describe(), "http"), "/");
  EXPECT_THAT(page, HasSubstr("receiver otlp: &lt;script&gt;&amp;\n"));
  host.stop();
}

TEST(ZpagesConfig, FaultsAndDefaults) {
  testing::ConfigText plain("");
  EXPECT_EQ(read_zpages_config(plain.reader).address.text(), "127.0.0.1:55679");
  testing::ConfigText wrong("endpoint: here\nauth: {authenticator: a}\n");
  read_zpages_config(wrong.reader);
  EXPECT_EQ(wrong.diagnostics.errors().size(), 2u);
}

}  // namespace
}  // namespace nanospan::gateway
