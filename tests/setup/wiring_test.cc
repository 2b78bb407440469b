#include "setup/wiring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "tests/setup/fake_environment.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::setup {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Wiring wired(Variables variables, const Options& options = {}) {
  FakeEnvironment fake(std::move(variables));
  Result<Wiring> wiring = wire_up(options, fake);
  EXPECT_TRUE(wiring.ok());
  return std::move(wiring).value();
}

TEST(Wiring, DefaultIsOneBatchProcessorForOtlp) {
  const Wiring wiring = wired({});
  EXPECT_EQ(wiring.provider.processors.size(), 1U);
  EXPECT_NE(wiring.propagator, nullptr);
  EXPECT_FALSE(wiring.disabled);
}

TEST(Wiring, OneProcessorForEachExporter) {
  EXPECT_EQ(wired({{"OTEL_TRACES_EXPORTER", "none"}}).provider.processors.size(), 0U);
  EXPECT_EQ(wired({{"OTEL_TRACES_EXPORTER", "otlp,console,otlp/stdout"}}).provider.processors.size(), 3U);
  EXPECT_EQ(wired({{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://x"}}).provider.processors.size(), 0U);
}

TEST(Wiring, ResourceFromProgramOverEnvironmentOverDetectors) {
  Options options;
  options.service_name = "program";
  options.resource = {{"b", "program"}, {"service.name", "resource"}};
  const Resource resource =
      wired({{"OTEL_SERVICE_NAME", "env"}, {"OTEL_RESOURCE_ATTRIBUTES", "a=env,b=env,host.name=env"}}, options)
          .provider.resource;
  EXPECT_EQ(resource.string_value("service.name"), "program");
  EXPECT_EQ(resource.string_value("a"), "env");
  EXPECT_EQ(resource.string_value("b"), "program");
  EXPECT_EQ(resource.string_value("host.name"), "env");
  EXPECT_EQ(resource.string_value("telemetry.sdk.name"), "nanospan");
  EXPECT_NE(resource.string_value("service.instance.id"), "");
}

TEST(Wiring, SampleRatioOfTheProgramWins) {
  Options options;
  options.sample_ratio = 0.5;
  EXPECT_THAT(wired({{"OTEL_TRACES_SAMPLER", "always_off"}}, options).provider.sampler->description(),
              HasSubstr("TraceIdRatioBased{0.5"));
  EXPECT_EQ(wired({{"OTEL_TRACES_SAMPLER", "always_off"}}).provider.sampler->description(), "AlwaysOffSampler");
  EXPECT_EQ(wired({}).provider.sampler, nullptr) << "null is ParentBased(AlwaysOn)";
  options.sample_ratio = std::nan("");
  EXPECT_FALSE(wire_up(options, Environment::none()).ok());
}

TEST(Wiring, DisabledKeepsThePropagatorOnly) {
  const Wiring wiring = wired({{"OTEL_SDK_DISABLED", "true"}, {"OTEL_PROPAGATORS", "b3"}});
  EXPECT_TRUE(wiring.disabled);
  EXPECT_THAT(wiring.propagator->fields(), ElementsAre("b3"));
  EXPECT_TRUE(wiring.provider.processors.empty());
}

TEST(Wiring, FileThatTheEnvironmentAsksForAndCannotBeMadeIsAWarning) {
  namespace fs = std::filesystem;
  const fs::path before = fs::current_path();
  const testing::TemporaryFolder folder;
  fs::create_directory(folder / "traces.jsonl");  // a folder where the file should be
  fs::current_path(folder.path());
  FakeEnvironment fake({{"OTEL_TRACES_EXPORTER", "otlp_file"}, {"OTEL_SERVICE_NAME", "x"}});
  const Result<Wiring> wiring = wire_up({}, fake);
  fs::current_path(before);
  ASSERT_TRUE(wiring.ok());
  EXPECT_TRUE(wiring->provider.processors.empty());
  EXPECT_THAT(fake.warnings(), ElementsAre(HasSubstr("otlp_file is ignored")));
}

}  // namespace
}  // namespace nanospan::setup
