// The cases of the W3C trace-context conformance suite (w3c/trace-context, test/test.py, Level 2, strict), each under
// its name there, and the rules of the recommendation that the suite does not ask about. A service that starts a child
// of the extracted context and injects that is stood in for by "extract, replace the span id, inject".
#include <gtest/gtest.h>

#include "tests/support/map_carrier.h"

namespace nanospan {
namespace {

using testing::Headers;
using testing::MapCarrier;

constexpr std::string_view kTrace = "12345678901234567890123456789012";
constexpr std::string_view kHeaderParent = "1234567890123456";
const std::string kSampled = "00-12345678901234567890123456789012-1234567890123456-01";
const std::string kUnsampled = "00-12345678901234567890123456789012-1234567890123456-00";

const TextMapPropagator& propagator() {
  static const PropagatorPtr instance = trace_context_propagator();
  return *instance;
}

Context extract(Headers headers) { return testing::extracted(propagator(), std::move(headers)); }
SpanContext parent_of(std::string_view trace_parent) {
  return extract({{"traceparent", std::string(trace_parent)}}).span_context();
}
bool accepted(std::string_view trace_parent) {
  const SpanContext parent = parent_of(trace_parent);
  return parent.is_valid() && parent.trace_id().to_hex() == kTrace && parent.is_remote();
}
TraceState state_of(Headers headers) {
  headers.insert(headers.begin(), {"traceparent", kUnsampled});
  const Context context = extract(std::move(headers));
  EXPECT_EQ(context.span_context().trace_id().to_hex(), kTrace);
  return context.span_context().trace_state();
}

TEST(TraceContextLevel2, BothTraceparentAndTracestateMissing) { EXPECT_FALSE(extract({}).span_context().is_valid()); }

TEST(TraceContextLevel2, TraceparentIncludedTracestateMissing) {
  const SpanContext parent = parent_of(kSampled);
  EXPECT_EQ(parent.trace_id().to_hex(), kTrace);
  EXPECT_EQ(parent.span_id().to_hex(), kHeaderParent);
  EXPECT_TRUE(parent.is_sampled());
  EXPECT_TRUE(parent.is_remote());
  EXPECT_TRUE(parent.trace_state().empty());
}

TEST(TraceContextLevel2, TraceparentDuplicated) {
  const std::string other = "00-12345678901234567890123456789011-1234567890123456-01";
  EXPECT_FALSE(extract({{"traceparent", other}, {"traceparent", kSampled}}).span_context().is_valid());
}

TEST(TraceContextLevel2, TraceparentHeaderName) {
  for (const std::string name : {"trace-parent", "trace.parent"}) {
    EXPECT_FALSE(extract({{name, kSampled}}).span_context().is_valid());
  }
}

TEST(TraceContextLevel2, TraceparentHeaderNameValidCasing) {
  for (const std::string name : {"TraceParent", "TrAcEpArEnT", "TRACEPARENT"}) {
    EXPECT_EQ(extract({{name, kSampled}}).span_context().trace_id().to_hex(), kTrace);
  }
}

TEST(TraceContextLevel2, TraceparentVersion0x00_NothingMayFollow) {
  EXPECT_FALSE(accepted(kSampled + "."));
  EXPECT_FALSE(accepted(kSampled + "-what-the-future-will-be-like"));
}

TEST(TraceContextLevel2, TraceparentVersion0xcc_TheFutureMayFollowAfterADash) {
  EXPECT_TRUE(accepted("cc-12345678901234567890123456789012-1234567890123456-01"));
  EXPECT_TRUE(accepted("cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like"));
  EXPECT_FALSE(accepted("cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-be-like"));
}

TEST(TraceContextLevel2, TraceparentVersion0xffIsInvalid) {
  EXPECT_FALSE(accepted("ff-12345678901234567890123456789012-1234567890123456-01"));
}

TEST(TraceContextLevel2, TraceparentVersionIllegalCharacters) {
  EXPECT_FALSE(accepted(".0-12345678901234567890123456789012-1234567890123456-01"));
  EXPECT_FALSE(accepted("0.-12345678901234567890123456789012-1234567890123456-01"));
  EXPECT_FALSE(accepted("CC-12345678901234567890123456789012-1234567890123456-01"));
}

TEST(TraceContextLevel2, TraceparentVersionTooLong) {
  EXPECT_FALSE(accepted("000-12345678901234567890123456789012-1234567890123456-01"));
  EXPECT_FALSE(accepted("0000-12345678901234567890123456789012-1234567890123456-01"));
}

TEST(TraceContextLevel2, TraceparentVersionTooShort) {
  EXPECT_FALSE(accepted("0-12345678901234567890123456789012-1234567890123456-01"));
}

TEST(TraceContextLevel2, TraceparentTraceIdAllZero) {
  EXPECT_FALSE(parent_of("00-00000000000000000000000000000000-1234567890123456-01").is_valid());
}

TEST(TraceContextLevel2, TraceparentTraceIdIllegalCharacters) {
  EXPECT_FALSE(parent_of("00-.2345678901234567890123456789012-1234567890123456-01").is_valid());
  EXPECT_FALSE(parent_of("00-1234567890123456789012345678901.-1234567890123456-01").is_valid());
  EXPECT_FALSE(parent_of("00-ABCDEF78901234567890123456789012-1234567890123456-01").is_valid());
}

TEST(TraceContextLevel2, TraceparentTraceIdTooLong) {
  EXPECT_FALSE(parent_of("00-123456789012345678901234567890123-1234567890123456-01").is_valid());
}

TEST(TraceContextLevel2, TraceparentTraceIdTooShort) {
  EXPECT_FALSE(parent_of("00-1234567890123456789012345678901-1234567890123456-01").is_valid());
}

TEST(TraceContextLevel2, TraceparentParentIdAllZero) {
  EXPECT_FALSE(accepted("00-12345678901234567890123456789012-0000000000000000-01"));
}

TEST(TraceContextLevel2, TraceparentParentIdIllegalCharacters) {
  EXPECT_FALSE(accepted("00-12345678901234567890123456789012-.234567890123456-01"));
  EXPECT_FALSE(accepted("00-12345678901234567890123456789012-123456789012345.-01"));
}

TEST(TraceContextLevel2, TraceparentParentIdTooLong) {
  EXPECT_FALSE(accepted("00-12345678901234567890123456789012-12345678901234567-01"));
}

TEST(TraceContextLevel2, TraceparentParentIdTooShort) {
  EXPECT_FALSE(accepted("00-12345678901234567890123456789012-123456789012345-01"));
}

TEST(TraceContextLevel2, TraceparentTraceFlagsIllegalCharacters) {
  EXPECT_FALSE(accepted("00-12345678901234567890123456789012-1234567890123456-.0"));
  EXPECT_FALSE(accepted("00-12345678901234567890123456789012-1234567890123456-0."));
}

TEST(TraceContextLevel2, TraceparentTraceFlagsTooLong) {
  EXPECT_FALSE(accepted("00-12345678901234567890123456789012-1234567890123456-001"));
}

TEST(TraceContextLevel2, TraceparentTraceFlagsTooShort) {
  EXPECT_FALSE(accepted("00-12345678901234567890123456789012-1234567890123456-1"));
}

TEST(TraceContextLevel2, TraceparentOwsHandling) {
  for (const std::string& text :
       {" " + kSampled, "\t" + kSampled, kSampled + " ", kSampled + "\t", "\t " + kSampled + " \t"}) {
    EXPECT_TRUE(accepted(text));
  }
}

TEST(TraceContextLevel2, TracestateIncludedTraceparentMissing) {
  EXPECT_TRUE(extract({{"tracestate", "foo=1"}}).span_context().trace_state().empty());
  EXPECT_TRUE(extract({{"tracestate", "foo=1,bar=2"}}).span_context().trace_state().empty());
}

// 3.3 "Processing Model": "If the vendor failed to parse traceparent, it MUST NOT attempt to parse tracestate."
TEST(TraceContextLevel2, TracestateIsIgnoredWithAMalformedTraceparent) {
  const Context context = extract({{"traceparent", "00-nonsense"}, {"tracestate", "foo=1"}});
  EXPECT_EQ(context.span_context(), SpanContext());
}

TEST(TraceContextLevel2, TracestateIncludedTraceparentIncluded) {
  const TraceState state = state_of({{"tracestate", "foo=1,bar=2"}});
  EXPECT_EQ(state.get("foo"), "1");
  EXPECT_EQ(state.get("bar"), "2");
}

TEST(TraceContextLevel2, TracestateHeaderName) {
  EXPECT_TRUE(state_of({{"trace-state", "foo=1"}}).empty());
  EXPECT_TRUE(state_of({{"trace.state", "foo=1"}}).empty());
}

TEST(TraceContextLevel2, TracestateHeaderNameValidCasing) {
  for (const std::string name : {"TraceState", "TrAcEsTaTe", "TRACESTATE"}) {
    EXPECT_EQ(state_of({{name, "foo=1"}}).get("foo"), "1");
  }
}

TEST(TraceContextLevel2, TracestateEmptyHeader) {
  EXPECT_TRUE(state_of({{"tracestate", ""}}).empty());
  EXPECT_EQ(state_of({{"tracestate", "foo=1"}, {"tracestate", ""}}).get("foo"), "1");
  EXPECT_EQ(state_of({{"tracestate", ""}, {"tracestate", "foo=1"}}).get("foo"), "1");
}

TEST(TraceContextLevel2, TracestateMultipleHeadersDifferentKeys) {
  const TraceState state =
      state_of({{"tracestate", "foo=1,bar=2"}, {"tracestate", "rojo=1,congo=2"}, {"tracestate", "baz=3"}});
  EXPECT_EQ(state.header(), "foo=1,bar=2,rojo=1,congo=2,baz=3");
}

TEST(TraceContextLevel2, TracestateDuplicatedKeys) {
  EXPECT_EQ(state_of({{"tracestate", "foo=1,foo=1"}}).header(), "foo=1");
  EXPECT_EQ(state_of({{"tracestate", "foo=1,foo=2"}}).header(), "foo=1");
  EXPECT_EQ(state_of({{"tracestate", "foo=1"}, {"tracestate", "foo=1"}}).header(), "foo=1");
  EXPECT_EQ(state_of({{"tracestate", "foo=1"}, {"tracestate", "foo=2"}}).header(), "foo=1");
}

TEST(TraceContextLevel2, TracestateAllAllowedCharacters) {
  const std::string key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
  std::string value;
  for (char c = 0x20; c <= 0x7E; ++c) {
    if (c != ',' && c != '=') value += c;
  }
  EXPECT_EQ(state_of({{"tracestate", key + "=" + value}}).get(key), value);
  const std::string with_vendor = key + "@a-z0-9_-*/";
  EXPECT_EQ(state_of({{"tracestate", with_vendor + "=" + value}}).get(with_vendor), value);
}

TEST(TraceContextLevel2, TracestateOwsHandling) {
  EXPECT_EQ(state_of({{"tracestate", "foo=1 \t , \t bar=2, \t baz=3"}}).header(), "foo=1,bar=2,baz=3");
  EXPECT_EQ(state_of({{"tracestate", "foo=1\t \t,\t \tbar=2,\t \tbaz=3"}}).header(), "foo=1,bar=2,baz=3");
  for (const std::string text : {" foo=1", "\tfoo=1", "foo=1 ", "foo=1\t", "\t foo=1 \t"}) {
    EXPECT_EQ(state_of({{"tracestate", text}}).get("foo"), "1");
  }
}

TEST(TraceContextLevel2, TracestateKeyIllegalCharacters) {
  for (const std::string text : {"foo =1", "FOO=1", "foo.bar=1"}) {
    EXPECT_TRUE(state_of({{"tracestate", text}}).empty()) << text;
  }
}

TEST(TraceContextLevel2, TracestateKeyIllegalVendorFormat) {
  for (const std::string key : {"foo@", "foo@@bar", "foo@bar@baz"}) {
    const TraceState state = state_of({{"tracestate", key + "=1,bar=2"}});
    EXPECT_EQ(state.get(key), "1");
    EXPECT_EQ(state.get("bar"), "2");
  }
  EXPECT_TRUE(state_of({{"tracestate", "@foo=1,bar=2"}}).empty());
}

TEST(TraceContextLevel2, TracestateMemberCountLimit) {
  Headers lines;
  for (int line = 0; line < 4; ++line) {
    std::string text;
    for (int i = line * 8 + 1; i <= line * 8 + 8; ++i) {
      text += (text.empty() ? "bar" : ",bar") + std::to_string(i) + "=" + std::to_string(i);
    }
    lines.emplace_back("tracestate", text);
  }
  const TraceState state = state_of(lines);
  EXPECT_EQ(state.get("bar1"), "1");
  EXPECT_EQ(state.get("bar32"), "32");
  lines.back().second += ",bar33=33";
  EXPECT_TRUE(state_of(lines).empty());
}

TEST(TraceContextLevel2, TracestateKeyLengthLimit) {
  const auto with_key = [](const std::string& key) {
    return state_of({{"tracestate", "foo=1"}, {"tracestate", key + "=1"}});
  };
  for (const std::string& key : {std::string(256, 'z'), std::string(241, 't') + "@" + std::string(14, 'v'),
                                 std::string(242, 't') + "@v", "t@" + std::string(15, 'v')}) {
    EXPECT_EQ(with_key(key).get("foo"), "1");
    EXPECT_EQ(with_key(key).get(key), "1");
  }
  EXPECT_TRUE(with_key(std::string(257, 'z')).empty());
}

TEST(TraceContextLevel2, TracestateValueIllegalCharacters) {
  EXPECT_TRUE(state_of({{"tracestate", "foo=bar=baz"}}).empty());
  EXPECT_TRUE(state_of({{"tracestate", "foo=,bar=3"}}).empty());
}

// AdvancedTest: several calls of one request carry its trace id and differ in the span id, which is the tracer's part.
TEST(TraceContextLevel2, MultipleRequestsWithValidTraceparent) {
  const Context context = extract({{"traceparent", kSampled}, {"tracestate", "foo=1"}});
  for (const std::string span : {"000000000000000a", "000000000000000b", "000000000000000c"}) {
    const SpanContext& parent = context.span_context();
    const Context child = context.with_span_context(
        SpanContext(parent.trace_id(), SpanId::from_hex(span), parent.trace_flags(), false, parent.trace_state()));
    EXPECT_EQ(
        testing::injected(propagator(), child),
        (Headers{{"traceparent", "00-12345678901234567890123456789012-" + span + "-01"}, {"tracestate", "foo=1"}}));
  }
}

TEST(TraceContextLevel2, MultipleRequestsWithoutTraceparent) {
  EXPECT_TRUE(testing::injected(propagator(), extract({})).empty());
}

TEST(TraceContextLevel2, MultipleRequestsWithIllegalTraceparent) {
  const Context context = extract({{"traceparent", "00-00000000000000000000000000000000-1234567890123456-01"}});
  EXPECT_TRUE(testing::injected(propagator(), context).empty());
}

TEST(TraceContextLevel2, PropagatesRandomFlag) {
  const Context context = extract({{"traceparent", "00-12345678901234567890123456789012-1234567890123456-02"}});
  EXPECT_TRUE(context.span_context().is_random());
  EXPECT_EQ(testing::injected(propagator(), context)[0].second.substr(53), "02");
}

// 3.2.2.5.3 "Other Flags": unknown bits "MUST be ignored" and sent as zero.
TEST(TraceContextLevel2, UnknownFlagsAreNotSent) {
  const Context context = extract({{"traceparent", "00-12345678901234567890123456789012-1234567890123456-ff"}});
  EXPECT_EQ(testing::injected(propagator(), context)[0].second.substr(53), "03");
}

// Nor do they reach the spans that become its children (OTLP Span.flags bits 0 to 7 are the W3C flags).
TEST(TraceContextLevel2, UnknownFlagsAreNotKept) {
  const Context context = extract({{"traceparent", "00-12345678901234567890123456789012-1234567890123456-ff"}});
  EXPECT_EQ(context.span_context().trace_flags(), TraceFlags::kSampled | TraceFlags::kRandom);
}

TEST(TraceContextLevel2, Version00IsAlwaysSent) {
  const Context context = extract({{"traceparent", "cc-12345678901234567890123456789012-1234567890123456-01-future"}});
  EXPECT_EQ(testing::injected(propagator(), context)[0].second, kSampled);
}

// 3.3.1.5 "tracestate Limits": whole members, at least 512 characters.
TEST(TraceContextLevel2, ATracestateThatServersWouldRefuseIsCutByWholeMembers) {
  std::string header = "small=1";
  for (int i = 0; i < 31; ++i) header += ",k" + std::to_string(i) + "=" + std::string(250, 'v');
  const Context context = extract({{"traceparent", kSampled}, {"tracestate", header}});
  EXPECT_EQ(context.span_context().trace_state().header(), header);
  const Headers sent = testing::injected(propagator(), context);
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_LE(sent[1].second.size(), 4096U);
  EXPECT_GE(sent[1].second.size(), 512U);
  EXPECT_EQ(TraceState::parse(sent[1].second).get("small"), "1");
}

// context/api-propagators.md "Extract": what cannot be read leaves the context as it was.
TEST(TraceContextLevel2, ExtractLeavesTheContextWhenThereIsNothingValid) {
  const SpanContext before(TraceId::from_hex(kTrace), SpanId::from_hex(kHeaderParent), 1, false);
  const Context context = Context::root().with_span_context(before);
  EXPECT_EQ(propagator().extract(context, MapCarrier()).span_context(), before);
  EXPECT_EQ(propagator().extract(context, MapCarrier(Headers{{"traceparent", "x"}})).span_context(), before);
}

TEST(TraceContextLevel2, ExtractKeepsTheValuesOfTheContext) {
  static constinit const ContextKey<int> key("key");
  const Context context =
      propagator().extract(Context::root().with(key(7)), MapCarrier(Headers{{"traceparent", kSampled}}));
  EXPECT_TRUE(context.span_context().is_valid());
  ASSERT_NE(context.get(key), nullptr);
  EXPECT_EQ(*context.get(key), 7);
}

TEST(TraceContextLevel2, FieldsAreTraceparentAndTracestate) {
  EXPECT_EQ(propagator().fields(), (std::vector<std::string>{"traceparent", "tracestate"}));
}

}  // namespace
}  // namespace nanospan
