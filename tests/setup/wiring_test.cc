#include "setup/wiring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "tests/setup/fake_environment.h"
#include "tests/support/temporary_folder.h"

namespace nanospan::setup {
namespace {

using ::testing::AllOf;
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
  EXPECT_EQ(wired({{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://x"}}).provider.processors.size(), 1U)
      << "what it would have sent is counted as lost";
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

TraceSettings settings_of(Variables variables, const Options& options) {
  FakeEnvironment fake(std::move(variables));
  Result<TraceSettings> settings = trace_settings_of(options, fake);
  EXPECT_TRUE(settings.ok());
  return std::move(settings).value();
}

// configuration/sdk-environment-variables.md: what the program says wins, one setting at a time.
TEST(Overrides, OfTheBatchAreOverTheEnvironmentOverThePreset) {
  Options options;
  options.preset = Preset::kLowMemory;
  options.batch.schedule_delay_ms = 250;
  const BatchOptions batch =
      settings_of({{"OTEL_BSP_SCHEDULE_DELAY", "100"}, {"OTEL_BSP_MAX_QUEUE_SIZE", "900"}}, options).batch;
  EXPECT_EQ(batch.schedule_delay_ms, 250U);
  EXPECT_EQ(batch.queue_spans_max, 900U);
  EXPECT_EQ(batch.batch_spans_max, BatchOptions::low_memory().batch_spans_max);
}

TEST(Overrides, ABatchIsNeverLargerThanTheQueueWhoeverSaidWhat) {
  Options options;
  options.batch.queue_spans_max = 100;
  EXPECT_EQ(settings_of({}, options).batch.batch_spans_max, 100U) << "the program's queue and the default batch";
  options.batch.batch_spans_max = 101;
  EXPECT_THAT(trace_settings_of(options, Environment::none()).error().message, HasSubstr("batch_spans_max is 101"));
  options.batch = {.batch_spans_max = 400};
  FakeEnvironment small(Variables{{"OTEL_BSP_MAX_QUEUE_SIZE", "64"}});
  EXPECT_EQ(trace_settings_of(options, small)->batch.batch_spans_max, 64U) << "no environment stops a program";
  EXPECT_THAT(small.warnings(), ElementsAre(AllOf(HasSubstr("OTEL_BSP_MAX_QUEUE_SIZE"), HasSubstr("batches of 400"))));
}

TEST(Overrides, WithoutEffectAreRefused) {
  for (const BatchOverrides& wrong :
       {BatchOverrides{.queue_spans_max = 0}, BatchOverrides{.batch_spans_max = 0},
        BatchOverrides{.schedule_delay_ms = 0}, BatchOverrides{.batch_bytes_max = 0},
        BatchOverrides{.queue_bytes_max = 0}, BatchOverrides{.exports_in_flight_max = 0}}) {
    Options options;
    options.batch = wrong;
    EXPECT_EQ(trace_settings_of(options, Environment::none()).error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Overrides, OfLimitsAreOverTheEnvironmentOverTheDefaults) {
  Options options;
  options.limits = {.event_count_max = 7, .span_bytes_max = 8192};
  const SpanLimits limits =
      wired({{"OTEL_SPAN_EVENT_COUNT_LIMIT", "5"}, {"OTEL_SPAN_LINK_COUNT_LIMIT", "6"}}, options).provider.limits;
  EXPECT_EQ(limits.event_count_max, 7U);
  EXPECT_EQ(limits.link_count_max, 6U);
  EXPECT_EQ(limits.attribute_count_max, 128U);
  EXPECT_EQ(limits.span_bytes_max, 8192U);
}

TEST(Customize, MayCaptureAndIsCopiedWithTheOptions) {
  int calls = 0;
  Options options;
  EXPECT_FALSE(options.customize);
  options.customize = [&calls, own = 0](TracerProviderOptions& provider) mutable {
    ++calls;
    provider.limits.link_count_max = static_cast<std::uint32_t>(++own);
  };
  const Options copy = options;
  EXPECT_EQ(wired({}, options).provider.limits.link_count_max, 1U);
  EXPECT_EQ(wired({}, options).provider.limits.link_count_max, 2U);
  EXPECT_EQ(wired({}, copy).provider.limits.link_count_max, 1U) << "a copy has its own";
  EXPECT_EQ(calls, 3);
  void (*none)(TracerProviderOptions&) = nullptr;
  options.customize = none;
  EXPECT_FALSE(options.customize);
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
  EXPECT_EQ(wiring->provider.processors.size(), 1U) << "what it would have written is counted as lost";
  EXPECT_THAT(fake.warnings(), ElementsAre(HasSubstr("otlp_file is ignored")));
}

}  // namespace
}  // namespace nanospan::setup
