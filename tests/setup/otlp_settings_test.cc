// OTEL_EXPORTER_OTLP_*: endpoint rules, precedence, and what is said about values that cannot be used.
#include "setup/otlp_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/setup/fake_environment.h"

namespace nanospan::setup {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

struct Read {
  OtlpSettings settings;
  std::vector<std::string> warnings;
};
Read read(Variables variables, const Options& options = {}, bool has_grpc = true) {
  FakeEnvironment fake(std::move(variables));
  Result<OtlpSettings> settings = read_otlp_settings(options, fake, has_grpc);
  EXPECT_TRUE(settings.ok());
  return {std::move(settings).value(), fake.warnings()};
}

constexpr const char* kAll = "OTEL_EXPORTER_OTLP_ENDPOINT";
constexpr const char* kTraces = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
constexpr const char* kDefault = "http://localhost:4318/v1/traces";

TEST(OtlpEndpoint, RulesOfProtocolExporter) {
  const struct {
    Variables variables;
    const char* url;
  } rows[] = {
      {{}, kDefault},
      {{{kAll, ""}, {kTraces, ""}}, kDefault},
      {{{kAll, "http://collector:4318"}}, "http://collector:4318/v1/traces"},
      {{{kAll, "http://collector:4318/"}}, "http://collector:4318/v1/traces"},
      {{{kAll, "http://collector"}}, "http://collector/v1/traces"},
      {{{kAll, "http://collector:4318/mycollector"}}, "http://collector:4318/mycollector/v1/traces"},
      {{{kAll, "http://collector:4318/mycollector/"}}, "http://collector:4318/mycollector/v1/traces"},
      {{{kAll, "http://collector:4318/a/b?key=1"}}, "http://collector:4318/a/b/v1/traces?key=1"},
      {{{kAll, "http://[::1]:4318"}}, "http://[::1]:4318/v1/traces"},
      {{{kAll, "unix:///run/otlp.sock"}}, "unix:///run/otlp.sock:/v1/traces"},
      {{{kAll, "unix-abstract:otlp:/base"}}, "unix-abstract:otlp:/base/v1/traces"},
      {{{kTraces, "unix:/run/otlp.sock:/v1/traces"}}, "unix:/run/otlp.sock:/v1/traces"},
      {{{kTraces, "http://collector:4318"}}, "http://collector:4318"},
      {{{kTraces, "http://collector:4318/"}}, "http://collector:4318/"},
      {{{kTraces, "http://collector:4318/some/path"}}, "http://collector:4318/some/path"},
      {{{kTraces, "http://one:1/x"}, {kAll, "http://two:2"}}, "http://one:1/x"},
      {{{kTraces, ""}, {kAll, "http://two:2"}}, "http://two:2/v1/traces"},
  };
  for (const auto& row : rows) {
    const Read got = read(row.variables);
    EXPECT_EQ(got.settings.http.traces_endpoint, row.url);
    EXPECT_THAT(got.warnings, IsEmpty());
    EXPECT_EQ(got.settings.unusable, "");
  }
}

TEST(OtlpEndpoint, UnusableUrlIsWarnedAboutAndIgnored) {
  for (const char* url : {"localhost:4318", "ftp://collector", "http://", "http://a b", "http://host:99999"}) {
    const Read got = read({{kAll, url}});
    EXPECT_EQ(got.settings.http.traces_endpoint, kDefault);
    EXPECT_THAT(got.warnings, ElementsAre(AllOf(HasSubstr(kAll), HasSubstr("ignored"))));
  }
  EXPECT_THAT(read({{kAll, "localhost:4318"}}).warnings,
              ElementsAre(HasSubstr("URL \"localhost:4318\" has no scheme")));
  EXPECT_EQ(read({{kTraces, "nonsense"}, {kAll, "http://two:2"}}).settings.http.traces_endpoint,
            "http://two:2/v1/traces");
}

TEST(OtlpEndpoint, PasswordsInUrlsAreNotShown) {
  EXPECT_THAT(read({{kAll, "http://user:secret@host"}}).warnings,
              AllOf(Not(IsEmpty()), Each(Not(HasSubstr("secret")))));
}

TEST(OtlpEndpoint, HttpsMeansThatNothingIsExportedRatherThanElsewhere) {
  const Read got = read({{kAll, "https://collector:4318"}});
  EXPECT_NE(got.settings.unusable, "");
  EXPECT_THAT(got.warnings,
              ElementsAre(AllOf(HasSubstr("https needs the library target nanospan::tls"), HasSubstr("not exported"))));
}

TEST(OtlpEndpoint, ProgramWinsOverEnvironment) {
  Options options;
  options.endpoint = "http://program:1/base";
  const Read got = read({{kTraces, "http://env:2/x"}, {kAll, "https://env:3"}}, options);
  EXPECT_EQ(got.settings.http.traces_endpoint, "http://program:1/base/v1/traces");
  EXPECT_EQ(got.settings.unusable, "");
}

TEST(OtlpEndpoint, ProgramsMistakeIsAnError) {
  Options options;
  options.endpoint = "localhost:4318";
  EXPECT_EQ(read_otlp_settings(options, Environment::none(), true).error().code, ErrorCode::kInvalidArgument);
  options.endpoint = "https://collector";
  EXPECT_EQ(read_otlp_settings(options, Environment::none(), true).error().code, ErrorCode::kUnsupported);
}

TEST(OtlpHeaders, SignalSpecificReplacesGeneral) {
  EXPECT_THAT(read({{"OTEL_EXPORTER_OTLP_HEADERS", "api-key=k%201,b=2"}}).settings.http.headers,
              ElementsAre(Pair("api-key", "k 1"), Pair("b", "2")));
  EXPECT_THAT(
      read({{"OTEL_EXPORTER_OTLP_HEADERS", "a=1"}, {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2"}}).settings.http.headers,
      ElementsAre(Pair("b", "2")));
  Options options;
  options.headers = {{"mine", "1"}};
  EXPECT_THAT(read({{"OTEL_EXPORTER_OTLP_HEADERS", "a=1"}}, options).settings.http.headers,
              ElementsAre(Pair("mine", "1")));
}

TEST(OtlpHeaders, AnyErrorDiscardsAllOfThemAndShowsNoValue) {
  for (const char* text : {"a=secret,b", "a=secret%", "bad name=secret", "a=secret%0A", "Content-Length=5"}) {
    const Read got = read({{"OTEL_EXPORTER_OTLP_HEADERS", text}});
    EXPECT_THAT(got.settings.http.headers, IsEmpty()) << text;
    EXPECT_THAT(got.warnings, ElementsAre(AllOf(HasSubstr("OTEL_EXPORTER_OTLP_HEADERS"), Not(HasSubstr("secret")))));
  }
}

TEST(OtlpTimeout, MillisecondsAndZeroIsNoLimit) {
  EXPECT_EQ(read({}).settings.http.timeout_ms, 10000U);
  EXPECT_EQ(read({{"OTEL_EXPORTER_OTLP_TIMEOUT", "250"}}).settings.http.timeout_ms, 250U);
  EXPECT_EQ(read({{"OTEL_EXPORTER_OTLP_TIMEOUT", "0"}}).settings.http.timeout_ms, 0U);
  EXPECT_EQ(read({{"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "7"}, {"OTEL_EXPORTER_OTLP_TIMEOUT", "250"}})
                .settings.http.timeout_ms,
            7U);
  const Read bad = read({{"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "10s"}, {"OTEL_EXPORTER_OTLP_TIMEOUT", "250"}});
  EXPECT_EQ(bad.settings.http.timeout_ms, 250U) << "an ignored value is as if unset";
  EXPECT_THAT(bad.warnings, ElementsAre(HasSubstr("10s")));
}

TEST(OtlpCompression, EachNeedsItsLibrary) {
  // This test program links none of them.
  for (const std::string coding : {"gzip", "zstd", "snappy"}) {
    const Read got = read({{"OTEL_EXPORTER_OTLP_COMPRESSION", coding.c_str()}});
    EXPECT_EQ(got.settings.http.compression, Compression::kNone);
    EXPECT_THAT(got.warnings, ElementsAre(HasSubstr("nanospan::" + coding)));
  }
  EXPECT_THAT(read({{"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "NONE"}}).warnings, IsEmpty());
  EXPECT_THAT(read({{"OTEL_EXPORTER_OTLP_COMPRESSION", "brotli"}}).warnings, ElementsAre(HasSubstr("\"brotli\"")));
}

TEST(OtlpOverrides, OneSettingOfTheProgramLeavesTheOthersToTheEnvironment) {
  Options options;
  options.otlp = {.timeout_ms = 700, .retry_initial_ms = 20, .retry_max_ms = 40, .in_flight_max = 2};
  const Read got = read({{kAll, "http://collector:4318"},
                         {"OTEL_EXPORTER_OTLP_TIMEOUT", "nonsense, but not asked for"},
                         {"OTEL_EXPORTER_OTLP_HEADERS", "a=1"}},
                        options);
  EXPECT_EQ(got.settings.http.traces_endpoint, "http://collector:4318/v1/traces");
  EXPECT_THAT(got.settings.http.headers, ElementsAre(Pair("a", "1")));
  EXPECT_EQ(got.settings.http.timeout_ms, 700U);
  EXPECT_EQ(got.settings.http.retry_max_ms, 40U);
  EXPECT_EQ(got.settings.http.connections_max, 2U);
  EXPECT_EQ(got.settings.grpc_options.calls_max, 2U);
  EXPECT_EQ(got.settings.grpc_options.timeout_ms, 700U);
  EXPECT_THAT(got.warnings, IsEmpty());
}

TEST(OtlpOverrides, ProgramsMistakeIsAnError) {
  Options options;
  options.otlp.retry_initial_ms = 9000;
  EXPECT_THAT(read_otlp_settings(options, Environment::none(), false).error().message,
              HasSubstr("retry_max_ms is 5000; it may be retry_initial_ms"));
  options.otlp = {.in_flight_max = 0};
  EXPECT_EQ(read_otlp_settings(options, Environment::none(), false).error().code, ErrorCode::kInvalidArgument);
}

TEST(OtlpProtocol, ByTheTracesOwnVariableThenTheGeneralOne) {
  EXPECT_FALSE(read({}).settings.grpc);
  EXPECT_FALSE(read({{"OTEL_EXPORTER_OTLP_PROTOCOL", "HTTP/Protobuf"}}).settings.grpc);
  EXPECT_TRUE(read({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}).settings.grpc);
  EXPECT_FALSE(read({{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"}, {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}})
                   .settings.grpc);
  Options options;
  options.protocol = OtlpProtocol::kHttpProtobuf;
  EXPECT_FALSE(read({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}, options).settings.grpc);
  options.protocol = OtlpProtocol::kGrpc;
  EXPECT_TRUE(read({{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"}}, options).settings.grpc);
}

TEST(OtlpProtocol, WhatThisProgramDoesNotHaveIsWarnedAbout) {
  EXPECT_THAT(read({{"OTEL_EXPORTER_OTLP_PROTOCOL", "HTTP/Protobuf"}}).warnings, IsEmpty());
  EXPECT_THAT(read({{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"}}).warnings,
              ElementsAre(HasSubstr("not in this build")));
  EXPECT_THAT(read({{"OTEL_EXPORTER_OTLP_PROTOCOL", "Thrift"}}).warnings, ElementsAre(HasSubstr("\"Thrift\"")));
  const Read got = read({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}, {}, false);
  EXPECT_FALSE(got.settings.grpc);
  EXPECT_THAT(got.warnings, ElementsAre(HasSubstr("nanospan::otlp_grpc")));
}

TEST(OtlpGrpcEndpoint, RulesOfProtocolExporter) {
  constexpr const char* kInsecure = "OTEL_EXPORTER_OTLP_INSECURE";
  const struct {
    Variables variables;
    const char* url;
  } rows[] = {
      {{}, "http://localhost:4317"},
      {{{kAll, "http://collector:4317"}}, "http://collector:4317"},
      {{{kAll, "unix:/run/otlp.sock"}}, "unix:/run/otlp.sock"},
      {{{kAll, "unix-abstract:otlp"}}, "unix-abstract:otlp"},
      {{{kAll, "http://one:1"}, {kTraces, "http://two:2"}}, "http://two:2"},
      {{{kAll, "collector:4317"}, {kInsecure, "true"}}, "http://collector:4317"},
      {{{kAll, "collector:4317"}, {kInsecure, "false"}, {"OTEL_EXPORTER_OTLP_TRACES_INSECURE", "true"}},
       "http://collector:4317"},
  };
  for (Variables variables; const auto& row : rows) {
    variables = row.variables;
    variables.insert({"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"});
    const Read got = read(variables);
    EXPECT_EQ(got.settings.grpc_options.endpoint, row.url);
    EXPECT_THAT(got.warnings, IsEmpty());
    EXPECT_EQ(got.settings.unusable, "");
  }
}

TEST(OtlpGrpcEndpoint, WithoutASchemeItMeansTlsWhichIsNotInThisBuild) {
  const Read got = read({{kAll, "collector:4317"}, {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}});
  EXPECT_NE(got.settings.unusable, "");
  EXPECT_THAT(got.warnings, ElementsAre(HasSubstr("not exported")));
}

TEST(OtlpGrpcEndpoint, TheProgramsIsUsedAsItIs) {
  Options options;
  options.protocol = OtlpProtocol::kGrpc;
  options.endpoint = "http://program:4317";
  options.headers = {{"mine", "1"}};
  const Read got = read({{kAll, "http://env:2"}, {"OTEL_EXPORTER_OTLP_TIMEOUT", "250"}}, options);
  EXPECT_EQ(got.settings.grpc_options.endpoint, "http://program:4317");
  EXPECT_THAT(got.settings.grpc_options.headers, ElementsAre(Pair("mine", "1")));
  EXPECT_EQ(got.settings.grpc_options.timeout_ms, 250U);
  options.endpoint = "https://program:4317";
  EXPECT_EQ(read_otlp_settings(options, Environment::none(), true).error().code, ErrorCode::kUnsupported);
}

TEST(OtlpProxy, ByTheVariablesThatOtherProgramsHeed) {
  const auto proxy = [](Variables variables, const Options& options = {}) {
    const Read got = read(std::move(variables), options);
    EXPECT_THAT(got.warnings, IsEmpty());
    return got.settings.grpc ? got.settings.grpc_options.proxy : got.settings.http.proxy;
  };
  const std::pair<std::string, std::string> grpc = {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"};
  const Variables both = {{"HTTP_PROXY", "http://a:1"}, {"HTTPS_PROXY", "http://b:2"}, {kAll, "http://collector:4318"}};
  EXPECT_EQ(proxy(both), "http://a:1");
  Variables also_grpc = both;
  also_grpc.insert(grpc);
  EXPECT_EQ(proxy(also_grpc), "http://b:2");
  EXPECT_EQ(proxy({{"http_proxy", "http://a:1"}}), "") << "the default endpoint is on this host";
  EXPECT_EQ(proxy({{"http_proxy", "http://a:1"}, {"NO_PROXY", "collector"}, {kAll, "http://collector:4318"}}), "");
  Options options;
  options.otlp.proxy = "";
  EXPECT_EQ(proxy(both, options), "") << "the program's";
  options.otlp.proxy = "http://mine:3";
  EXPECT_EQ(proxy(both, options), "http://mine:3");
}

TEST(OtlpProxy, OneThatCannotBeUsedIsWarnedAboutWithoutItsPassword) {
  const Read got = read({{"HTTP_PROXY", "socks5://user:secret@a:1"}, {kAll, "http://collector:4318"}});
  EXPECT_EQ(got.settings.http.proxy, "");
  EXPECT_THAT(got.warnings, ElementsAre(AllOf(HasSubstr("HTTP_PROXY: a proxy is spoken to in plain HTTP, not socks5"),
                                              HasSubstr("ignored"), Not(HasSubstr("secret")))));
}

TEST(OtlpTls, ByTheTracesOwnVariableThenTheGeneralOne) {
  const Read got = read({{"OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"},
                         {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/all.pem"},
                         {"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "/traces.pem"},
                         {"OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "/traces.key"}});
  EXPECT_EQ(got.settings.http.tls.ca_file, "/ca.pem");
  EXPECT_EQ(got.settings.http.tls.cert_file, "/traces.pem");
  EXPECT_EQ(got.settings.http.tls.key_file, "/traces.key");
  EXPECT_THAT(got.warnings, IsEmpty());
  const Read grpc =
      read({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}, {"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/ca.pem"}});
  EXPECT_EQ(grpc.settings.grpc_options.tls.ca_file, "/ca.pem");
}

}  // namespace
}  // namespace nanospan::setup
