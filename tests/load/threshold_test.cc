#include "load/threshold.h"

#include <gtest/gtest.h>

namespace nanospan::load {
namespace {

/// 98 answers in 10 ms, one in 200 ms, one 503 in 10 ms, in one second.
HttpLoadResult hundred_requests() {
  HttpLoadResult result;
  result.answered = 100;
  result.statuses = {{200, 99}, {503, 1}};
  result.nanos = base::kNanosPerSecond;
  for (int i = 0; i < 99; ++i) result.latency.add(10 * base::kNanosPerMilli);
  result.latency.add(200 * base::kNanosPerMilli);
  return result;
}

bool holds(std::string_view text) {
  const Result<Threshold> threshold = Threshold::parse(text);
  EXPECT_TRUE(threshold.ok()) << text;
  return threshold.ok() && threshold->holds(hundred_requests());
}

TEST(Threshold, HoldsLatenciesAgainstDurations) {
  EXPECT_TRUE(holds("p99<100ms"));
  EXPECT_FALSE(holds("p99.9<100ms"));
  EXPECT_TRUE(holds("p99.9 <= 0.2s"));
  EXPECT_TRUE(holds("max<=200ms"));
  EXPECT_FALSE(holds("max<200ms"));
  EXPECT_TRUE(holds("mean<12")) << "without a unit: milliseconds";
  EXPECT_FALSE(holds("p50<5000us"));
}

TEST(Threshold, HoldsRateAndErrors) {
  EXPECT_TRUE(holds("rate>99"));
  EXPECT_TRUE(holds("rate>=100/s"));
  EXPECT_FALSE(holds("rate>100"));
  EXPECT_TRUE(holds("errors<2%"));
  EXPECT_TRUE(holds("errors<=0.01"));
  EXPECT_FALSE(holds("errors<1%"));
}

TEST(Threshold, WhatNeverGotAnAnswerIsAnError) {
  HttpLoadResult result = hundred_requests();
  result.failed = 50;
  result.unsent = 50;
  EXPECT_EQ(result.error_share(), 101.0 / 200);
}

TEST(Threshold, SaysWhatWasMeasured) {
  EXPECT_EQ(Threshold::parse("max<1s")->measured(hundred_requests()), "200 ms");
  EXPECT_EQ(Threshold::parse("errors<1%")->measured(hundred_requests()), "1.00 %");
  EXPECT_EQ(Threshold::parse("rate>1")->measured(hundred_requests()), "100/s");
}

TEST(Threshold, WhatIsNoneIsRefusedWithTheForms) {
  for (const std::string_view text : {"", "p99", "p99=5ms", "p100<1ms", "p0<1ms", "q99<1ms", "p99<1min", "p99<-1ms",
                                      "errors<1ms", "rate>1%", "p9x<1ms", "p99<", "<5ms", "p99<1ms1"}) {
    const Result<Threshold> threshold = Threshold::parse(text);
    ASSERT_FALSE(threshold.ok()) << text;
    EXPECT_NE(threshold.error().message.find("\"" + std::string(text) + "\": it must be like p99<100ms"),
              std::string::npos);
  }
}

TEST(Latency, IsWrittenWithThreeDigitsThatMatter) {
  EXPECT_EQ(format_latency(420'000), "0.420 ms");
  EXPECT_EQ(format_latency(4.2e6), "4.20 ms");
  EXPECT_EQ(format_latency(42.42e6), "42.4 ms");
  EXPECT_EQ(format_latency(1.239e9), "1.24 s");
}

}  // namespace
}  // namespace nanospan::load
