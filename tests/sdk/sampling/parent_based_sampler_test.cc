// trace/sdk.md "ParentBased".
#include <gtest/gtest.h>

#include "tests/sdk/sampling/sampling_fixture.h"

namespace nanospan {
namespace {

using testing::ask;
using testing::named;
using testing::parent_context;
using testing::who;

TEST(SamplerParentBased, AsksThePartForItsKindOfParent) {
  const SamplerPtr sampler = parent_based_sampler({.root = named("root"),
                                                   .remote_parent_sampled = named("remote sampled"),
                                                   .remote_parent_not_sampled = named("remote not sampled"),
                                                   .local_parent_sampled = named("local sampled"),
                                                   .local_parent_not_sampled = named("local not sampled")});
  EXPECT_EQ(who(ask(*sampler)), "root");
  EXPECT_EQ(who(ask(*sampler, {.parent = parent_context(true, true)})), "remote sampled");
  EXPECT_EQ(who(ask(*sampler, {.parent = parent_context(false, true)})), "remote not sampled");
  EXPECT_EQ(who(ask(*sampler, {.parent = parent_context(true, false)})), "local sampled");
  EXPECT_EQ(who(ask(*sampler, {.parent = parent_context(false, false)})), "local not sampled");
}

TEST(SamplerParentBased, AnInvalidParentIsNoParent) {
  const SamplerPtr sampler = parent_based_sampler({.root = named("root")});
  const Context invalid =
      Context::root().with_span_context(SpanContext(TraceId(), SpanId::from_hex("00000000000000aa"), 1, true));
  EXPECT_EQ(who(ask(*sampler, {.parent = invalid})), "root");
}

TEST(SamplerParentBased, DefaultsFollowTheParentAndSampleRoots) {
  const SamplerPtr sampler = parent_based_sampler();
  EXPECT_EQ(ask(*sampler).decision, SamplingDecision::kRecordAndSample);
  for (const bool is_remote : {false, true}) {
    EXPECT_EQ(ask(*sampler, {.parent = parent_context(true, is_remote)}).decision, SamplingDecision::kRecordAndSample);
    EXPECT_EQ(ask(*sampler, {.parent = parent_context(false, is_remote)}).decision, SamplingDecision::kDrop);
  }
}

TEST(SamplerParentBased, DescriptionNamesAllParts) {
  EXPECT_EQ(parent_based_sampler({.root = trace_id_ratio_sampler(0.25)})->description(),
            "ParentBased{root:TraceIdRatioBased{0.250000},remoteParentSampled:AlwaysOnSampler,"
            "remoteParentNotSampled:AlwaysOffSampler,localParentSampled:AlwaysOnSampler,"
            "localParentNotSampled:AlwaysOffSampler}");
}

TEST(SamplerParentBased, ReducesToOneRuleWhenItsPartsFollowTheParent) {
  const auto rule = parent_based_sampler({.root = trace_id_ratio_sampler(0.5)})->fixed_rule();
  ASSERT_TRUE(rule.has_value());
  EXPECT_TRUE(rule->follow_parent);
  EXPECT_EQ(rule->threshold, std::uint64_t{1} << 55);
  EXPECT_EQ(parent_based_sampler({.root = always_off_sampler()})->fixed_rule()->threshold, std::uint64_t{1} << 56);
  // Parts that are themselves parent based come to the same.
  EXPECT_TRUE(parent_based_sampler({.root = parent_based_sampler(),
                                    .remote_parent_sampled = parent_based_sampler(),
                                    .local_parent_not_sampled = parent_based_sampler()})
                  ->fixed_rule()
                  .has_value());
}

TEST(SamplerParentBased, IsNoFixedRuleWhenAPartDoesOtherwise) {
  EXPECT_FALSE(parent_based_sampler({.root = named("user's")})->fixed_rule().has_value());
  EXPECT_FALSE(parent_based_sampler({.remote_parent_sampled = trace_id_ratio_sampler(0.5)})->fixed_rule().has_value());
  EXPECT_FALSE(parent_based_sampler({.remote_parent_sampled = always_off_sampler()})->fixed_rule().has_value());
  EXPECT_FALSE(parent_based_sampler({.remote_parent_not_sampled = always_on_sampler()})->fixed_rule().has_value());
  EXPECT_FALSE(parent_based_sampler({.local_parent_sampled = named("user's")})->fixed_rule().has_value());
  EXPECT_FALSE(parent_based_sampler({.local_parent_not_sampled = always_record_sampler(always_off_sampler())})
                   ->fixed_rule()
                   .has_value());
}

// A fixed rule must be what should_sample() says, for every parent and id.
TEST(SamplerParentBased, TheFixedRuleEqualsTheAnswers) {
  for (const SamplerPtr& sampler : {always_on_sampler(), always_off_sampler(), trace_id_ratio_sampler(0.3),
                                    parent_based_sampler({.root = trace_id_ratio_sampler(0.3)})}) {
    const FixedSamplingRule rule = *sampler->fixed_rule();
    for (const Context& parent : {Context(), parent_context(true, true), parent_context(false, true),
                                  parent_context(true, false), parent_context(false, false)}) {
      for (const std::uint64_t randomness :
           {std::uint64_t{0}, rule.threshold - 1, rule.threshold, (std::uint64_t{1} << 56) - 1}) {
        const std::uint64_t bits = randomness & ((std::uint64_t{1} << 56) - 1);
        const bool by_rule = rule.follow_parent && parent.span_context().is_valid() ? parent.span_context().is_sampled()
                                                                                    : bits >= rule.threshold;
        const SamplingResult result = ask(*sampler, {.parent = parent, .trace_id = testing::trace_id_of(bits)});
        EXPECT_EQ(result.decision == SamplingDecision::kRecordAndSample, by_rule) << sampler->description();
        EXPECT_TRUE(result.attributes.empty());
        EXPECT_FALSE(result.trace_state.has_value());
      }
    }
  }
}

}  // namespace
}  // namespace nanospan
