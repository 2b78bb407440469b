// context/api-propagators.md "B3 Requirements" and the openzipkin/b3-propagation format.
#include <gtest/gtest.h>

#include "tests/support/map_carrier.h"

namespace nanospan {
namespace {

using testing::Headers;

constexpr std::string_view kTrace = "80f198ee56343ba864fe8b2a57d3eff7";
constexpr std::string_view kSpan = "e457b5a2e4d86bd1";
const std::string kIds = std::string(kTrace) + "-" + std::string(kSpan);

const TextMapPropagator& single() {
  static const PropagatorPtr instance = b3_propagator();
  return *instance;
}
const TextMapPropagator& multi() {
  static const PropagatorPtr instance = b3_multi_propagator();
  return *instance;
}
SpanContext from_single(const std::string& header) {
  return testing::extracted(single(), {{"b3", header}}).span_context();
}
Headers ids(Headers more = {}) {
  Headers headers = {{"X-B3-TraceId", std::string(kTrace)}, {"X-B3-SpanId", std::string(kSpan)}};
  headers.insert(headers.end(), more.begin(), more.end());
  return headers;
}
SpanContext from_multi(Headers headers) { return testing::extracted(multi(), std::move(headers)).span_context(); }
Context with_flags(std::uint8_t flags) {
  return Context::root().with_span_context(
      SpanContext(TraceId::from_hex(kTrace), SpanId::from_hex(kSpan), flags, false));
}

TEST(B3Single, Extract_IdsAndSamplingState) {
  const SpanContext parent = from_single(kIds + "-1");
  EXPECT_EQ(parent.trace_id().to_hex(), kTrace);
  EXPECT_EQ(parent.span_id().to_hex(), kSpan);
  EXPECT_TRUE(parent.is_sampled());
  EXPECT_TRUE(parent.is_remote());
  EXPECT_FALSE(from_single(kIds + "-0").is_sampled());
  EXPECT_TRUE(from_single(kIds + "-0").is_valid());
  EXPECT_TRUE(from_single(" " + kIds + "-1\t").is_sampled());
}

TEST(B3Single, Extract_ADeferredDecisionIsNotSampled) {
  EXPECT_TRUE(from_single(kIds).is_valid());
  EXPECT_FALSE(from_single(kIds).is_sampled());
}

TEST(B3Single, Extract_TheParentSpanIdIsOptionalAndNotUsed) {
  const SpanContext parent = from_single(kIds + "-1-05e3ac9a4f6e3b90");
  EXPECT_EQ(parent.span_id().to_hex(), kSpan);
  EXPECT_FALSE(from_single(kIds + "-1-05e3ac9a4f6e3b9").is_valid());
}

TEST(B3Single, Extract_A64BitTraceIdIsPaddedOnTheLeft) {
  EXPECT_EQ(from_single("64fe8b2a57d3eff7-e457b5a2e4d86bd1-1").trace_id().to_hex(), "000000000000000064fe8b2a57d3eff7");
}

TEST(B3Single, Extract_MalformedHeadersLeaveTheContext) {
  for (const std::string& header :
       {std::string("0"), std::string(""), std::string("-"), std::string("---"), kIds + "-", kIds + "-2", kIds + "-1-",
        kIds + "-1-05e3ac9a4f6e3b90-x", std::string(kTrace), "g" + kIds.substr(1), "80F198EE" + kIds.substr(8),
        std::string(32, '0') + "-" + std::string(kSpan) + "-1", std::string(kTrace) + "-0000000000000000-1",
        kIds.substr(1) + "-1"}) {
    EXPECT_EQ(from_single(header), SpanContext()) << header;
  }
}

TEST(B3Multi, Extract_IdsAndSamplingState) {
  EXPECT_TRUE(from_multi(ids({{"X-B3-Sampled", "1"}})).is_sampled());
  EXPECT_TRUE(from_multi(ids({{"x-b3-sampled", "true"}})).is_sampled());
  EXPECT_FALSE(from_multi(ids({{"X-B3-Sampled", "0"}})).is_sampled());
  EXPECT_TRUE(from_multi(ids({{"X-B3-Sampled", "false"}})).is_valid());
  EXPECT_TRUE(from_multi(ids()).is_valid());
  EXPECT_FALSE(from_multi(ids()).is_sampled());
  EXPECT_EQ(from_multi(ids({{"X-B3-Sampled", "d"}})), SpanContext());
  EXPECT_EQ(from_multi({{"X-B3-TraceId", std::string(kTrace)}}), SpanContext());
  EXPECT_EQ(from_multi({{"X-B3-SpanId", std::string(kSpan)}, {"X-B3-Sampled", "1"}}), SpanContext());
}

TEST(B3Multi, Extract_DebugWinsOverNotSampled) {
  EXPECT_TRUE(from_multi(ids({{"X-B3-Sampled", "0"}, {"X-B3-Flags", "1"}})).is_sampled());
  EXPECT_FALSE(from_multi(ids({{"X-B3-Flags", "0"}})).is_sampled());
}

// "MUST attempt to extract B3 encoded using single and multi-header formats. The single-header variant takes
// precedence."
TEST(B3Requirements, Extract_SingleTakesPrecedenceThenMulti) {
  Headers both = ids({{"X-B3-Sampled", "1"}, {"b3", "000000000000000000000000000000aa-00000000000000bb-0"}});
  for (const TextMapPropagator* propagator : {&single(), &multi()}) {
    EXPECT_EQ(testing::extracted(*propagator, both).span_context().span_id().to_hex(), "00000000000000bb");
  }
  both.back().second = "malformed";
  for (const TextMapPropagator* propagator : {&single(), &multi()}) {
    EXPECT_EQ(testing::extracted(*propagator, both).span_context().span_id().to_hex(), kSpan);
  }
}

TEST(B3Requirements, Inject_SingleByDefault) {
  EXPECT_EQ(testing::injected(single(), with_flags(1)), (Headers{{"b3", kIds + "-1"}}));
  EXPECT_EQ(testing::injected(single(), with_flags(0)), (Headers{{"b3", kIds + "-0"}}));
  EXPECT_TRUE(testing::injected(single(), Context::root()).empty());
}

// "MUST NOT propagate X-B3-ParentSpanId".
TEST(B3Requirements, Inject_MultiWithoutParentSpanId) {
  EXPECT_EQ(
      testing::injected(multi(), with_flags(1)),
      (Headers{{"x-b3-traceid", std::string(kTrace)}, {"x-b3-spanid", std::string(kSpan)}, {"x-b3-sampled", "1"}}));
  EXPECT_TRUE(testing::injected(multi(), Context::root()).empty());
}

// "MUST preserve a debug trace flag, if received, and propagate it with subsequent requests", and set sampled.
TEST(B3Requirements, DebugIsSampledAndIsSentOn) {
  for (const Context& context :
       {testing::extracted(single(), {{"b3", kIds + "-d"}}), testing::extracted(multi(), ids({{"X-B3-Flags", "1"}}))}) {
    EXPECT_TRUE(context.span_context().is_sampled());
    EXPECT_EQ(testing::injected(single(), context), (Headers{{"b3", kIds + "-d"}}));
    EXPECT_EQ(
        testing::injected(multi(), context),
        (Headers{{"x-b3-traceid", std::string(kTrace)}, {"x-b3-spanid", std::string(kSpan)}, {"x-b3-flags", "1"}}));
  }
}

TEST(B3Requirements, DebugDoesNotOutliveTheRequestThatAskedForIt) {
  const Context debug = testing::extracted(single(), {{"b3", kIds + "-d"}});
  const Context next = single().extract(debug, testing::MapCarrier(Headers{{"b3", kIds + "-1"}}));
  EXPECT_EQ(testing::injected(single(), next), (Headers{{"b3", kIds + "-1"}}));
}

TEST(B3Requirements, FieldsAreWhatInjectSets) {
  EXPECT_EQ(single().fields(), std::vector<std::string>{"b3"});
  EXPECT_EQ(multi().fields(), (std::vector<std::string>{"x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags"}));
}

}  // namespace
}  // namespace nanospan
