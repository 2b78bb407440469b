// Each OTEL_* variable of traces: a valid value, an empty one, one that cannot be understood.
#include "setup/trace_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nanospan/diagnostics.h>

#include "sdk/diagnostics.h"
#include "tests/setup/fake_environment.h"

namespace nanospan::setup {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct ReadTrace {
  TraceSettings settings;
  std::vector<std::string> warnings;
};
ReadTrace read_trace(Variables variables, const BatchOptions& preset = {}) {
  FakeEnvironment fake(std::move(variables));
  TraceSettings settings = read_trace_settings(fake, preset);
  return {std::move(settings), fake.warnings()};
}

// ---- numbers -----------------------------------------------------------------------------------------------------

struct Number {
  const char* name;
  std::uint64_t (*get)(const TraceSettings&);
  std::uint64_t fallback;
  bool zero_is_legal;
};
class NumberVariable : public ::testing::TestWithParam<Number> {};
INSTANTIATE_TEST_SUITE_P(
    Environment, NumberVariable,
    ::testing::Values(
        Number{"OTEL_BSP_SCHEDULE_DELAY", [](const TraceSettings& s) { return s.batch.schedule_delay_ms; }, 5000,
               false},
        Number{"OTEL_BSP_EXPORT_TIMEOUT", [](const TraceSettings& s) { return s.batch.export_timeout_ms; }, 30000,
               true},
        Number{"OTEL_BSP_MAX_QUEUE_SIZE",
               [](const TraceSettings& s) -> std::uint64_t { return s.batch.queue_spans_max; }, 2048, false},
        Number{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
               [](const TraceSettings& s) -> std::uint64_t { return s.batch.batch_spans_max; }, 512, false},
        Number{"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
               [](const TraceSettings& s) -> std::uint64_t { return s.limits.attribute_count_max; }, 128, true},
        Number{"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
               [](const TraceSettings& s) -> std::uint64_t { return s.limits.attribute_value_length_max; },
               SpanLimits::kUnlimited, true},
        Number{"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
               [](const TraceSettings& s) -> std::uint64_t { return s.limits.attribute_value_length_max; },
               SpanLimits::kUnlimited, true},
        Number{"OTEL_ATTRIBUTE_COUNT_LIMIT",
               [](const TraceSettings& s) -> std::uint64_t { return s.limits.attribute_count_max; }, 128, true},
        Number{"OTEL_SPAN_EVENT_COUNT_LIMIT",
               [](const TraceSettings& s) -> std::uint64_t { return s.limits.event_count_max; }, 128, true},
        Number{"OTEL_SPAN_LINK_COUNT_LIMIT",
               [](const TraceSettings& s) -> std::uint64_t { return s.limits.link_count_max; }, 128, true},
        Number{"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
               [](const TraceSettings& s) -> std::uint64_t { return s.limits.attribute_per_event_count_max; }, 128,
               true},
        Number{"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
               [](const TraceSettings& s) -> std::uint64_t { return s.limits.attribute_per_link_count_max; }, 128,
               true}));

TEST_P(NumberVariable, ValidIsTaken) {
  const ReadTrace got = read_trace({{GetParam().name, "77"}});
  EXPECT_EQ(GetParam().get(got.settings), 77U);
}

TEST_P(NumberVariable, EmptyIsUnset) {
  const ReadTrace got = read_trace({{GetParam().name, ""}});
  EXPECT_EQ(GetParam().get(got.settings), GetParam().fallback);
  EXPECT_THAT(got.warnings, IsEmpty());
}

TEST_P(NumberVariable, InvalidIsWarnedAboutAndIgnored) {
  for (const char* value : {"-5", "many", "99999999999"}) {
    const ReadTrace got = read_trace({{GetParam().name, value}});
    EXPECT_EQ(GetParam().get(got.settings), GetParam().fallback);
    EXPECT_THAT(got.warnings, ::testing::Contains(HasSubstr(std::string(GetParam().name) + ": \"" + value)));
  }
}

TEST_P(NumberVariable, ZeroIsLegalForLimitsAndTimeoutsOnly) {
  const ReadTrace got = read_trace({{GetParam().name, "0"}});
  EXPECT_EQ(GetParam().get(got.settings), GetParam().zero_is_legal ? 0 : GetParam().fallback);
  EXPECT_EQ(got.warnings.empty(), GetParam().zero_is_legal);
}

TEST(Limits, SpecificWinsOverGeneralWhichAppliesToEventsAndLinksToo) {
  const ReadTrace got = read_trace({{"OTEL_ATTRIBUTE_COUNT_LIMIT", "5"},
                                    {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "9"},
                                    {"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "7"},
                                    {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "100"},
                                    {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "10"}});
  EXPECT_EQ(got.settings.limits.attribute_count_max, 9U);
  EXPECT_EQ(got.settings.limits.attribute_per_event_count_max, 5U);
  EXPECT_EQ(got.settings.limits.attribute_per_link_count_max, 7U);
  EXPECT_EQ(got.settings.limits.attribute_value_length_max, 10U);
}

TEST(Batch, LargerThanTheQueueIsClamped) {
  const ReadTrace got = read_trace({{"OTEL_BSP_MAX_QUEUE_SIZE", "100"}, {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "200"}});
  EXPECT_EQ(got.settings.batch.batch_spans_max, 100U);
  EXPECT_THAT(got.warnings,
              ElementsAre("OTEL_BSP_MAX_EXPORT_BATCH_SIZE: 200 is larger than the queue, whose size, 100, is "
                          "used; OTEL_BSP_MAX_QUEUE_SIZE makes that larger"));
  const ReadTrace silent = read_trace({{"OTEL_BSP_MAX_QUEUE_SIZE", "100"}});
  EXPECT_EQ(silent.settings.batch.batch_spans_max, 100U);
  EXPECT_THAT(silent.warnings, IsEmpty()) << "the user did not ask for a batch size";
}

TEST(Batch, OverridesThePreset) {
  const ReadTrace got = read_trace({{"OTEL_BSP_SCHEDULE_DELAY", "9"}}, BatchOptions::low_latency());
  EXPECT_EQ(got.settings.batch.schedule_delay_ms, 9U);
  EXPECT_EQ(got.settings.batch.batch_spans_max, 128U);
}

// ---- OTEL_SDK_DISABLED, OTEL_CONFIG_FILE, OTEL_LOG_LEVEL ---------------------------------------------------------

TEST(SdkDisabled, TrueOnly) {
  EXPECT_FALSE(read_trace({}).settings.disabled);
  EXPECT_FALSE(read_trace({{"OTEL_SDK_DISABLED", ""}}).settings.disabled);
  EXPECT_TRUE(read_trace({{"OTEL_SDK_DISABLED", "TRUE"}}).settings.disabled);
  const ReadTrace odd = read_trace({{"OTEL_SDK_DISABLED", "1"}});
  EXPECT_FALSE(odd.settings.disabled);
  EXPECT_THAT(odd.warnings, ElementsAre(HasSubstr("\"1\"")));
}

TEST(ConfigFile, IsNotInThisBuild) {
  EXPECT_THAT(read_trace({{"OTEL_CONFIG_FILE", "/etc/otel.yaml"}}).warnings,
              ElementsAre(HasSubstr("not in this build")));
}

// configuration/sdk-environment-variables.md: what the program says wins over the environment.
TEST(LogLevel, NoneSilencesTheDefaultHandlerOnlyAndUnknownIsWarnedAbout) {
  int lines = 0;
  const auto count = [&lines](std::string_view, std::string_view) { ++lines; };
  set_error_handler(count);
  FakeEnvironment info(Variables{{"OTEL_LOG_LEVEL", "info"}}), odd(Variables{{"OTEL_LOG_LEVEL", "Loud"}}),
      none(Variables{{"OTEL_LOG_LEVEL", "None"}});
  apply_log_level(info);
  EXPECT_THAT(info.warnings(), IsEmpty());
  apply_log_level(odd);
  EXPECT_THAT(odd.warnings(), ElementsAre(HasSubstr("\"Loud\"")));
  apply_log_level(none);
  sdk::report("log_level_test", "the handler that was there before");
  EXPECT_EQ(lines, 1);
  set_error_handler(count);
  sdk::report("log_level_test", "one that comes after");
  EXPECT_EQ(lines, 2);
  set_error_handler(nullptr);
  ::testing::internal::CaptureStderr();
  sdk::report("log_level_test", "is not heard");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  apply_log_level(Environment::none());
}

TEST(LogLevel, ADefaultHandlerMadeSilentSpeaksAgainAfterAStartWithoutIt) {
  FakeEnvironment off(Variables{{"OTEL_LOG_LEVEL", "off"}});
  apply_log_level(off);
  apply_log_level(Environment::none());
  ::testing::internal::CaptureStderr();
  sdk::report("log_level_test", "is heard");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "nanospan: log_level_test: is heard\n");
}

// ---- resource ----------------------------------------------------------------------------------------------------

std::vector<std::string> resource_of(Variables variables) {
  std::vector<std::string> out;
  for (const Attribute& attribute : read_trace(std::move(variables)).settings.resource) {
    out.push_back(std::string(attribute.key) + "=" + std::string(attribute.value.as_string()));
  }
  return out;
}

TEST(ResourceAttributes, ServiceNameWins) {
  EXPECT_THAT(resource_of({}), IsEmpty());
  EXPECT_THAT(resource_of({{"OTEL_RESOURCE_ATTRIBUTES", "service.name=a,env=x%2Cy"}}),
              ElementsAre("service.name=a", "env=x,y"));
  EXPECT_THAT(resource_of({{"OTEL_RESOURCE_ATTRIBUTES", "service.name=a"}, {"OTEL_SERVICE_NAME", "b"}}),
              ElementsAre("service.name=b"));
}

TEST(ResourceAttributes, AnyErrorDiscardsTheWholeVariable) {
  const ReadTrace got = read_trace({{"OTEL_RESOURCE_ATTRIBUTES", "good=1,bad=%zz"}, {"OTEL_SERVICE_NAME", "b"}});
  EXPECT_EQ(got.settings.resource.size(), 1U);
  EXPECT_THAT(got.warnings, ElementsAre(HasSubstr("OTEL_RESOURCE_ATTRIBUTES: entry 2")));
}

// ---- OTEL_PROPAGATORS --------------------------------------------------------------------------------------------

std::vector<std::string> fields_of(const ReadTrace& got) {
  return got.settings.propagator != nullptr ? got.settings.propagator->fields() : std::vector<std::string>{};
}

TEST(Propagators, DefaultIsTraceContextAndBaggage) {
  for (const char* value : {"", "baggage,tracecontext", "TraceContext, Baggage, tracecontext"}) {
    const ReadTrace got = read_trace({{"OTEL_PROPAGATORS", value}});
    EXPECT_THAT(fields_of(got), ::testing::UnorderedElementsAre("traceparent", "tracestate", "baggage"));
    EXPECT_THAT(got.warnings, IsEmpty());
  }
}

TEST(Propagators, EachIsKnown) {
  EXPECT_THAT(fields_of(read_trace({{"OTEL_PROPAGATORS", "b3"}})), ElementsAre("b3"));
  EXPECT_THAT(fields_of(read_trace({{"OTEL_PROPAGATORS", "b3multi"}})), ::testing::Contains("x-b3-traceid"));
  EXPECT_THAT(fields_of(read_trace({{"OTEL_PROPAGATORS", "none"}})), IsEmpty());
}

TEST(Propagators, UnknownIsWarnedAboutAndTheOthersStay) {
  const ReadTrace got = read_trace({{"OTEL_PROPAGATORS", "b3,Smoke,Jaeger"}});
  EXPECT_THAT(fields_of(got), ElementsAre("b3"));
  EXPECT_THAT(got.warnings, ElementsAre(HasSubstr("\"Smoke\""), HasSubstr("Jaeger is not in this build")));
}

// ---- OTEL_TRACES_EXPORTER ----------------------------------------------------------------------------------------

TEST(TracesExporter, EachIsKnown) {
  using Kind = ExporterKind;
  const struct {
    const char* value;
    std::vector<Kind> kinds;
  } rows[] = {{"", {Kind::kOtlp}},
              {"otlp", {Kind::kOtlp}},
              {"Console", {Kind::kConsole}},
              {"otlp,console,otlp", {Kind::kOtlp, Kind::kConsole}},
              {"otlp/stdout", {Kind::kOtlpStdout}},
              {"otlp_file", {Kind::kOtlpFile}},
              {"none", {}}};
  for (const auto& row : rows) {
    const ReadTrace got = read_trace({{"OTEL_TRACES_EXPORTER", row.value}});
    EXPECT_EQ(got.settings.exporters, row.kinds) << row.value;
    EXPECT_THAT(got.warnings, IsEmpty());
  }
}

TEST(TracesExporter, UnknownIsWarnedAboutAndTheDefaultStays) {
  for (const char* value : {"Zipkin", "jaeger", "logging", "Carrier-Pigeon"}) {
    const ReadTrace got = read_trace({{"OTEL_TRACES_EXPORTER", value}});
    EXPECT_THAT(got.settings.exporters, ElementsAre(ExporterKind::kOtlp));
    EXPECT_THAT(got.warnings, ElementsAre(HasSubstr(value)));
  }
}

// ---- OTEL_TRACES_SAMPLER -----------------------------------------------------------------------------------------

std::string sampler_of(Variables variables) {
  const SamplerPtr sampler = read_trace(std::move(variables)).settings.sampler;
  return sampler != nullptr ? sampler->description() : "default";
}

TEST(TracesSampler, EachIsKnown) {
  EXPECT_EQ(sampler_of({}), "default");
  EXPECT_EQ(sampler_of({{"OTEL_TRACES_SAMPLER", ""}}), "default");
  EXPECT_EQ(sampler_of({{"OTEL_TRACES_SAMPLER", "always_on"}}), "AlwaysOnSampler");
  EXPECT_EQ(sampler_of({{"OTEL_TRACES_SAMPLER", "Always_Off"}}), "AlwaysOffSampler");
  EXPECT_THAT(sampler_of({{"OTEL_TRACES_SAMPLER", "traceidratio"}, {"OTEL_TRACES_SAMPLER_ARG", "0.25"}}),
              HasSubstr("TraceIdRatioBased{0.25"));
  EXPECT_THAT(sampler_of({{"OTEL_TRACES_SAMPLER", "parentbased_always_on"}}), HasSubstr("ParentBased"));
  EXPECT_THAT(sampler_of({{"OTEL_TRACES_SAMPLER", "parentbased_always_off"}}), HasSubstr("AlwaysOffSampler"));
  EXPECT_THAT(sampler_of({{"OTEL_TRACES_SAMPLER", "parentbased_traceidratio"}, {"OTEL_TRACES_SAMPLER_ARG", "0.5"}}),
              HasSubstr("TraceIdRatioBased{0.5"));
}

TEST(TracesSampler, ArgumentThatIsNoRatioIsIgnoredAndEverythingSampled) {
  for (const char* value : {"2", "-1", "half", "nan"}) {
    const ReadTrace got = read_trace({{"OTEL_TRACES_SAMPLER", "traceidratio"}, {"OTEL_TRACES_SAMPLER_ARG", value}});
    EXPECT_THAT(got.settings.sampler->description(), HasSubstr("TraceIdRatioBased{1"));
    EXPECT_THAT(got.warnings, ElementsAre(HasSubstr("OTEL_TRACES_SAMPLER_ARG")));
  }
  EXPECT_THAT(read_trace({{"OTEL_TRACES_SAMPLER", "always_on"}, {"OTEL_TRACES_SAMPLER_ARG", "x"}}).warnings, IsEmpty());
}

TEST(TracesSampler, UnknownIsWarnedAboutAndTheDefaultStays) {
  for (const char* value : {"jaeger_remote", "parentbased_jaeger_remote", "xray", "Sometimes"}) {
    const ReadTrace got = read_trace({{"OTEL_TRACES_SAMPLER", value}});
    EXPECT_EQ(got.settings.sampler, nullptr);
    EXPECT_EQ(got.warnings.size(), 1U) << value;
  }
}

}  // namespace
}  // namespace nanospan::setup
