#include <gtest/gtest.h>
#include <nanospan/baggage.h>

#include "tests/sdk/sampling/sampling_fixture.h"

namespace nanospan {
namespace {

using testing::ask;
using testing::named;
using testing::who;

TEST(SamplerRuleBased, TheFirstMatchingRuleDecides) {
  const SamplerPtr sampler = rule_based_sampler(
      {{.name_glob = "GET /health*", .sampler = named("health")}, {.name_glob = "GET *", .sampler = named("get")}},
      named("fallback"));
  EXPECT_EQ(who(ask(*sampler, {.name = "GET /healthz"})), "health");
  EXPECT_EQ(who(ask(*sampler, {.name = "GET /orders"})), "get");
  EXPECT_EQ(who(ask(*sampler, {.name = "POST /orders"})), "fallback");
}

TEST(SamplerRuleBased, AllConditionsThatAreSetMustHold) {
  const SamplerPtr sampler = rule_based_sampler({{.name_glob = "GET*",
                                                  .kind = SpanKind::kServer,
                                                  .attribute_key = "tenant",
                                                  .attribute_glob = "a?",
                                                  .sampler = named("rule")}},
                                                named("fallback"));
  const Attribute match[] = {{"tenant", "a1"}};
  const Attribute other[] = {{"tenant", "b1"}};
  EXPECT_EQ(who(ask(*sampler, {.name = "GET /", .kind = SpanKind::kServer, .attributes = Attributes(match)})), "rule");
  EXPECT_EQ(who(ask(*sampler, {.name = "PUT /", .kind = SpanKind::kServer, .attributes = Attributes(match)})),
            "fallback");
  EXPECT_EQ(who(ask(*sampler, {.name = "GET /", .kind = SpanKind::kClient, .attributes = Attributes(match)})),
            "fallback");
  EXPECT_EQ(who(ask(*sampler, {.name = "GET /", .kind = SpanKind::kServer, .attributes = Attributes(other)})),
            "fallback");
  EXPECT_EQ(who(ask(*sampler, {.name = "GET /", .kind = SpanKind::kServer})), "fallback");
}

TEST(SamplerRuleBased, AnAttributeMayMatchByItsPresence) {
  const SamplerPtr sampler =
      rule_based_sampler({{.attribute_key = "debug", .sampler = named("rule")}}, named("fallback"));
  const Attribute empty[] = {{"debug", AttributeValue()}};
  EXPECT_EQ(who(ask(*sampler, {.attributes = Attributes(empty)})), "rule");
  EXPECT_EQ(who(ask(*sampler)), "fallback");
}

TEST(SamplerRuleBased, ValuesAreMatchedAsTheirText) {
  const auto matches = [](std::string glob, const AttributeValue& value) {
    const Attribute attributes[] = {{"key", value}};
    const SamplerPtr sampler = rule_based_sampler(
        {{.attribute_key = "key", .attribute_glob = std::move(glob), .sampler = named("rule")}}, named("no"));
    return who(ask(*sampler, {.attributes = Attributes(attributes)})) == "rule";
  };
  EXPECT_TRUE(matches("5??", 503));
  EXPECT_TRUE(matches("true", true));
  EXPECT_TRUE(matches("0.5", 0.5));
  const std::int64_t numbers[] = {1, 2};
  EXPECT_TRUE(matches("[1,2]", std::span<const std::int64_t>(numbers)));
  EXPECT_FALSE(matches("[1,3]", std::span<const std::int64_t>(numbers)));
}

TEST(SamplerRuleBased, OfEqualKeysTheLastCounts) {
  const SamplerPtr sampler =
      rule_based_sampler({{.attribute_key = "k", .attribute_glob = "2", .sampler = named("rule")}}, named("no"));
  const Attribute attributes[] = {{"k", "1"}, {"k", "2"}};
  EXPECT_EQ(who(ask(*sampler, {.attributes = Attributes(attributes)})), "rule");
}

TEST(SamplerRuleBased, ARuleWithoutSamplerDropsAndTheDefaultFallbackSamples) {
  const SamplerPtr sampler = rule_based_sampler({{.name_glob = "noise"}});
  EXPECT_EQ(ask(*sampler, {.name = "noise"}).decision, SamplingDecision::kDrop);
  EXPECT_EQ(ask(*sampler, {.name = "signal"}).decision, SamplingDecision::kRecordAndSample);
}

TEST(SamplerRuleBased, IsAFixedRuleOnlyWithoutRules) {
  EXPECT_TRUE(rule_based_sampler({}, trace_id_ratio_sampler(0.5))->fixed_rule().has_value());
  EXPECT_FALSE(rule_based_sampler({{.name_glob = "x"}})->fixed_rule().has_value());
  EXPECT_EQ(rule_based_sampler({{.name_glob = "x"}})->description(),
            "RuleBased{AlwaysOffSampler,fallback:AlwaysOnSampler}");
}

// T54: a sampler sees the full parent Context, so it can decide by baggage; T53: it may replace the tracestate.
class TenantSampler final : public Sampler {
 public:
  SamplingResult should_sample(const SamplingParameters& parameters) const override {
    const std::string* tenant = Baggage::from(parameters.parent).get("tenant");
    SamplingResult result{.decision = tenant != nullptr ? SamplingDecision::kRecordAndSample : SamplingDecision::kDrop};
    if (tenant != nullptr) result.trace_state = parameters.parent.span_context().trace_state().set("shop", *tenant);
    return result;
  }
  std::string description() const override { return "Tenant"; }
};

TEST(SamplerUserDefined, ShouldSampleGetsTheFullParentContextAndMayModifyTracestate) {
  const SamplerPtr sampler = rule_based_sampler({}, std::make_shared<TenantSampler>());
  const Context plain = testing::parent_context(true, true, TraceState::parse("x=1"));
  EXPECT_EQ(ask(*sampler, {.parent = plain}).decision, SamplingDecision::kDrop);
  const SamplingResult result = ask(*sampler, {.parent = Baggage().set("tenant", "a").in(plain)});
  EXPECT_EQ(result.decision, SamplingDecision::kRecordAndSample);
  EXPECT_EQ(result.trace_state->header(), "shop=a,x=1");
}

}  // namespace
}  // namespace nanospan
