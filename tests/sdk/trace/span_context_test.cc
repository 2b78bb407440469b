// SpanContext and ids: trace/api.md "SpanContext", W3C Trace Context Level 2 "Trace Flags".
#include <gtest/gtest.h>

#include <nanospan/span_context.h>

namespace nanospan {
namespace {

const TraceId kContextTrace = TraceId::from_hex("0af7651916cd43dd8448eb211c80319c");
const SpanId kContextSpan = SpanId::from_hex("b7ad6b7169203331");

TEST(SpanContextApi, IsValidIfBothIdsAreNotZero) {
  EXPECT_TRUE(SpanContext(kContextTrace, kContextSpan, 0, false).is_valid());
  EXPECT_FALSE(SpanContext(kContextTrace, SpanId(), 1, false).is_valid());
  EXPECT_FALSE(SpanContext(TraceId(), kContextSpan, 1, false).is_valid());
  EXPECT_FALSE(SpanContext().is_valid());
}

TEST(SpanContextApi, KeepsTheTwoFlagsThatAreKnown) {
  const SpanContext context(kContextTrace, kContextSpan, 0xFF, true);
  EXPECT_EQ(context.trace_flags(), TraceFlags::kSampled | TraceFlags::kRandom);
  EXPECT_TRUE(context.is_sampled());
  EXPECT_TRUE(context.is_random());
  EXPECT_TRUE(context.is_remote());
  EXPECT_FALSE(SpanContext(kContextTrace, kContextSpan, TraceFlags::kRandom, false).is_sampled());
}

// trace/api.md "Retrieving the TraceId and SpanId": lower-case hex and binary.
TEST(SpanContextApi, IdsAreHexOrBytes) {
  EXPECT_EQ(kContextTrace.to_hex(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(kContextSpan.to_hex(), "b7ad6b7169203331");
  EXPECT_EQ(TraceId::from_bytes(kContextTrace.data()), kContextTrace);
  EXPECT_EQ(TraceId::from_hex("0AF7651916CD43DD8448EB211C80319C"), kContextTrace);
  for (const char* bad : {"", "0af7651916cd43dd8448eb211c80319", "0af7651916cd43dd8448eb211c80319c0",
                          "0af7651916cd43dd8448eb211c80319g"}) {
    EXPECT_FALSE(TraceId::from_hex(bad).is_valid()) << bad;
  }
}

}  // namespace
}  // namespace nanospan
