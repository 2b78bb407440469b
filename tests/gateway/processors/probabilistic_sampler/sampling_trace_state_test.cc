// Tracestates taken apart and put together.
#include "gateway/processors/probabilistic_sampler/sampling_trace_state.h"

#include <gtest/gtest.h>

namespace nanospan::gateway {
namespace {

TEST(SamplingTraceState, TakesOtApartAndKeepsTheRest) {
  const auto state = parse_sampling_trace_state("vendor=abc, ot=th:c;x:1;rv:0123456789abcd ,,t1@sys=a b");
  ASSERT_TRUE(state);
  EXPECT_EQ(*state->threshold, 0xc0'0000'0000'0000u);
  EXPECT_EQ(*state->randomness, 0x0123456789abcdu);
  EXPECT_EQ(state->text(), "ot=rv:0123456789abcd;th:c;x:1,vendor=abc,t1@sys=a b");
}

TEST(SamplingTraceState, NothingIsEmpty) {
  EXPECT_EQ(parse_sampling_trace_state("")->text(), "");
  EXPECT_EQ(parse_sampling_trace_state(" , ")->text(), "");
}

// What a sampler adds must not make the next one refuse the whole: of what no longer fits the end goes.
TEST(SamplingTraceState, WhatIsWrittenStaysWithinTheLimits) {
  const auto with_threshold = [](const std::string& text) {
    auto state = parse_sampling_trace_state(text).value();
    state.threshold = 0xc0'0000'0000'0000u;
    return state.text();
  };
  const std::string long_part = "x:" + std::string(200, 'y');
  EXPECT_EQ(with_threshold("ot=" + long_part + ";z:" + std::string(50, 'y')), "ot=th:c;" + long_part);
  std::string many = "a0=1";
  for (int i = 1; i < 31; ++i) many += ",a" + std::to_string(i) + "=1";
  EXPECT_EQ(with_threshold(many), "ot=th:c," + many.substr(0, many.rfind(',')));
  std::string full = "a=" + std::string(250, 'v');
  for (const char* key : {",b=", ",c=", ",d="}) full += key + std::string(250, 'v');
  EXPECT_EQ(with_threshold(full), "ot=th:c," + full) << full.size();
  full += ",e=x";
  EXPECT_EQ(with_threshold(full + "yzxyz"), "ot=th:c," + full.substr(0, full.rfind(',')));
}

TEST(SamplingTraceState, RefusesWhatTheCollectorRefuses) {
  const std::string long_value(257, 'v');
  for (const std::string& text :
       {std::string("x"), std::string("=x"), std::string("X=1"), std::string("a="), std::string("a=b=c"),
        "a=" + long_value, std::string("@s=1"), std::string("t@=1"), std::string("t@1=1"), std::string("ot=th"),
        std::string("ot=th:"), std::string("ot=th:xyz"), std::string("ot=rv:123"), std::string("ot=TH:1"),
        std::string("ot=a:b c"), "ot=x:" + std::string(255, 'y'), std::string(1025, ' ')}) {
    EXPECT_FALSE(parse_sampling_trace_state(text)) << text;
  }
  std::string many = "a=1";
  for (int i = 0; i < 30; ++i) many += ",b=1";
  EXPECT_TRUE(parse_sampling_trace_state(many));
  EXPECT_FALSE(parse_sampling_trace_state(many + ",c=1"));
}

}  // namespace
}  // namespace nanospan::gateway
