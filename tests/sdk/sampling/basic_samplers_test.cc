// trace/sdk.md "Built-in samplers"; trace/tracestate-probability-sampling.md (the 56-bit rule).
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sdk/sampling/threshold.h"
#include "tests/sdk/sampling/sampling_fixture.h"
#include "tests/support/exporting_provider.h"
#include "tests/support/said_lines.h"

namespace nanospan {
namespace {

using sdk::sampling_threshold;
using testing::ask;
using testing::parent_context;
using testing::trace_id_of;

constexpr std::uint64_t kRange = std::uint64_t{1} << 56;

TEST(SamplerAlwaysOn, SamplesWhateverTheParentSays) {
  const SamplerPtr sampler = always_on_sampler();
  for (const bool sampled : {false, true}) {
    const SamplingResult result = ask(*sampler, {.parent = parent_context(sampled, true)});
    EXPECT_EQ(result.decision, SamplingDecision::kRecordAndSample);
    EXPECT_TRUE(result.attributes.empty());
    EXPECT_FALSE(result.trace_state.has_value()) << "the parent's is kept";
  }
  EXPECT_EQ(sampler->description(), "AlwaysOnSampler");
  EXPECT_EQ(sampler->fixed_rule()->threshold, 0U);
  EXPECT_FALSE(sampler->fixed_rule()->follow_parent);
}

TEST(SamplerAlwaysOff, DropsWhateverTheParentSays) {
  const SamplerPtr sampler = always_off_sampler();
  for (const bool sampled : {false, true}) {
    EXPECT_EQ(ask(*sampler, {.parent = parent_context(sampled, true)}).decision, SamplingDecision::kDrop);
  }
  EXPECT_EQ(sampler->description(), "AlwaysOffSampler");
  EXPECT_EQ(sampler->fixed_rule()->threshold, kRange);
}

TEST(SamplerTraceIdRatioBased, DescriptionHasTheRatioAsADecimalNumber) {
  EXPECT_EQ(trace_id_ratio_sampler(0.0001)->description(), "TraceIdRatioBased{0.000100}");
  EXPECT_EQ(trace_id_ratio_sampler(0.5)->description(), "TraceIdRatioBased{0.500000}");
  EXPECT_EQ(trace_id_ratio_sampler(1)->description(), "TraceIdRatioBased{1.000000}");
  // "The precision SHOULD be high enough to identify when Samplers have different ratios."
  EXPECT_EQ(trace_id_ratio_sampler(0.00000025)->description(), "TraceIdRatioBased{0.00000025}");
}

TEST(SamplerTraceIdRatioBased, RatiosOutsideTheRangeAreClamped) {
  EXPECT_EQ(trace_id_ratio_sampler(-0.5)->fixed_rule()->threshold, kRange);
  EXPECT_EQ(trace_id_ratio_sampler(1.5)->fixed_rule()->threshold, 0U);
  EXPECT_EQ(trace_id_ratio_sampler(std::nan(""))->fixed_rule()->threshold, kRange);
  EXPECT_EQ(trace_id_ratio_sampler(std::numeric_limits<double>::infinity())->fixed_rule()->threshold, 0U);
}

// tracestate-probability-sampling.md: T = round((1 - p) * 2^56); vectors of its table, rounded to their digits.
TEST(SamplingThreshold, VectorsOfTheSpecification) {
  struct Vector {
    double one_in;
    std::uint64_t digits;
    int count;
  };
  for (const Vector& v : {Vector{2, 0x8, 1},
                          {3, 0xaaab, 4},
                          {4, 0xc, 1},
                          {5, 0xcccd, 4},
                          {8, 0xe, 1},
                          {10, 0xe666, 4},
                          {16, 0xf, 1},
                          {100, 0xfd70a, 5},
                          {1e3, 0xffbe77, 6},
                          {1e4, 0xfff9724, 7},
                          {1e5, 0xffff583a, 8},
                          {1e6, 0xffffef39, 8}}) {
    const int shift = 56 - 4 * v.count;
    const std::uint64_t rounded = (sampling_threshold(1 / v.one_in) + (std::uint64_t{1} << (shift - 1))) >> shift;
    EXPECT_EQ(rounded, v.digits) << v.one_in;
  }
  EXPECT_EQ(sampling_threshold(1), 0U);
}

TEST(SamplingThreshold, TheSmallestProbabilityIsOneIn2To56) {
  EXPECT_EQ(sampling_threshold(std::ldexp(1.0, -56)), kRange - 1);
  EXPECT_EQ(sampling_threshold(std::ldexp(1.0, -58)), kRange);
  EXPECT_EQ(sampling_threshold(1 - std::ldexp(1.0, -53)), 8U);
}

TEST(SamplerTraceIdRatioBased, SamplesIffRandomnessReachesTheThreshold) {
  const SamplerPtr sampler = trace_id_ratio_sampler(0.25);
  const std::uint64_t threshold = sampler->fixed_rule()->threshold;
  EXPECT_EQ(threshold, kRange / 4 * 3);
  const auto decide = [&](std::uint64_t randomness) {
    return ask(*sampler, {.trace_id = trace_id_of(randomness)}).decision == SamplingDecision::kRecordAndSample;
  };
  EXPECT_FALSE(decide(0));
  EXPECT_FALSE(decide(threshold - 1));
  EXPECT_TRUE(decide(threshold));
  EXPECT_TRUE(decide(kRange - 1));
}

// W3C Level 2: only the last seven bytes are promised to be random.
TEST(SamplerTraceIdRatioBased, OnlyTheLow56BitsCount) {
  EXPECT_EQ(sdk::sampling_randomness(TraceId::from_hex("ffffffffffffffffff00000000000001")), 1U);
  EXPECT_EQ(sdk::sampling_randomness(TraceId::from_hex("00000000000000000123456789abcdef")), 0x23456789abcdefU);
}

// "MUST ignore the parent SampledFlag."
TEST(SamplerTraceIdRatioBased, IgnoresTheParent) {
  const SamplerPtr sampler = trace_id_ratio_sampler(0.5);
  for (const bool sampled : {false, true}) {
    EXPECT_EQ(ask(*sampler, {.parent = parent_context(sampled, true), .trace_id = trace_id_of(kRange - 1)}).decision,
              SamplingDecision::kRecordAndSample);
    EXPECT_EQ(ask(*sampler, {.parent = parent_context(sampled, true), .trace_id = trace_id_of(0)}).decision,
              SamplingDecision::kDrop);
  }
}

// The decision by the trace id alone: `rv` and `th` of the `ot` member belong to ProbabilitySampler.
// trace/sdk.md "TraceIdRatioBased": it SHOULD be warned where it decides for a span that is no root.
TEST(SamplerTraceIdRatioBased, WarnsOnceWhereItDecidesForASpanWithAParent) {
  const testing::SaidLines said;
  const SamplerPtr sampler = trace_id_ratio_sampler(0.5);
  ask(*sampler);
  ask(*trace_id_ratio_sampler(1), {.parent = testing::parent_context(true, true)});
  EXPECT_TRUE(said.all().empty()) << "a root, and a ratio that decides nothing";
  for (int i = 0; i < 3; ++i) ask(*sampler, {.parent = testing::parent_context(true, true)});
  ASSERT_EQ(said.all().size(), 1U);
  EXPECT_TRUE(said.all()[0].starts_with("sampler: TraceIdRatioBased decides for a span that has a parent"));
}

// The same where the inlined path decides, which asks no sampler.
TEST(SamplerTraceIdRatioBased, WarnsOnTheInlinedPathToo) {
  const testing::SaidLines said;
  TracerProviderOptions options;
  options.sampler = trace_id_ratio_sampler(1e-3);
  testing::ExportingProvider sdk(std::move(options));
  const auto sampled = testing::trace_id_of((std::uint64_t{1} << 56) - 1);
  const auto start = [&](const Context& parent) { sdk.tracer().start_span("x", {.parent = &parent}).end(); };
  const auto child_of = [&](std::uint8_t flags) {
    return Context::root().with_span_context(SpanContext(sampled, SpanId::from_hex("00000000000000aa"), flags, false));
  };
  start(Context::root());
  sdk.provider().flush();
  EXPECT_TRUE(said.all().empty());
  for (int i = 0; i < 3; ++i) start(child_of(TraceFlags::kSampled));
  sdk.provider().flush();
  EXPECT_EQ(said.all().size(), 1U);
}

TEST(SamplerTraceIdRatioBased, LooksAtTheTraceIdOnlyAndLeavesTracestate) {
  const Context parent = parent_context(true, true, TraceState::parse("ot=rv:ffffffffffffff;th:8,x=1"));
  const SamplingResult result = ask(*trace_id_ratio_sampler(0.5), {.parent = parent, .trace_id = trace_id_of(0)});
  EXPECT_EQ(result.decision, SamplingDecision::kDrop);
  EXPECT_FALSE(result.trace_state.has_value());
}

// "A TraceIDRatioBased sampler with a given sampling rate MUST also sample all traces that any sampler with a lower
// sampling rate would sample."
TEST(SamplerTraceIdRatioBased, AHigherRatioSamplesASuperset) {
  std::uint64_t randomness = 0x9E3779B97F4A7C15;
  for (int i = 0; i < 10'000; ++i) {
    randomness = randomness * 6364136223846793005U + 1442695040888963407U;
    const TraceId id = trace_id_of(randomness >> 8);
    bool sampled_by_lower = false;
    for (const double ratio : {0.0, 0.001, 0.1, 0.5, 0.9, 1.0}) {
      const bool sampled = ask(*trace_id_ratio_sampler(ratio), {.trace_id = id}).decision != SamplingDecision::kDrop;
      EXPECT_TRUE(sampled || !sampled_by_lower);
      sampled_by_lower = sampled;
    }
    EXPECT_TRUE(sampled_by_lower) << "ratio 1 samples all";
  }
}

// trace/sdk.md "AlwaysRecord" (T64).
TEST(SamplerAlwaysRecord, TurnsDropIntoRecordOnlyAndChangesNothingElse) {
  for (const auto& [inner, outer] : {std::pair{SamplingDecision::kDrop, SamplingDecision::kRecordOnly},
                                     {SamplingDecision::kRecordOnly, SamplingDecision::kRecordOnly},
                                     {SamplingDecision::kRecordAndSample, SamplingDecision::kRecordAndSample}}) {
    SamplingResult result{.decision = inner, .trace_state = TraceState::parse("a=1")};
    result.attributes.add("who", "inner");
    const SamplerPtr sampler = always_record_sampler(std::make_shared<testing::NamedSampler>("Inner", result));
    const SamplingResult got = ask(*sampler);
    EXPECT_EQ(got.decision, outer);
    EXPECT_EQ(testing::who(got), "inner");
    EXPECT_EQ(got.trace_state, TraceState::parse("a=1"));
    EXPECT_EQ(sampler->description(), "AlwaysRecord{Inner}");
    EXPECT_FALSE(sampler->fixed_rule().has_value()) << "RECORD_ONLY is no fixed rule";
  }
}

}  // namespace
}  // namespace nanospan
