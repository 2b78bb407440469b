#include "load/latency_histogram.h"

#include <gtest/gtest.h>

namespace nanospan::load {
namespace {

TEST(LatencyHistogram, QuantilesAreWithinThreePercent) {
  LatencyHistogram histogram;
  for (std::uint64_t i = 1; i <= 100'000; ++i) histogram.add(i * 1000);
  for (const double share : {0.001, 0.5, 0.9, 0.99, 0.999}) {
    const double truth = share * 100'000 * 1000;
    EXPECT_GE(static_cast<double>(histogram.quantile(share)), truth);
    EXPECT_LE(static_cast<double>(histogram.quantile(share)), truth * 1.032);
  }
  EXPECT_EQ(histogram.quantile(1), 100'000'000u) << "never above the largest value";
  EXPECT_EQ(histogram.max(), 100'000'000u);
  EXPECT_EQ(histogram.mean(), 50'000'500);
}

TEST(LatencyHistogram, TwoAddUp) {
  LatencyHistogram one, two;
  one.add(10);
  two.add(20);
  two.add(std::uint64_t{1} << 63);
  one.add(two);
  EXPECT_EQ(one.count(), 3u);
  EXPECT_EQ(one.quantile(0.5), 20u);
  EXPECT_EQ(one.max(), std::uint64_t{1} << 63);
  EXPECT_EQ(one.count_up_to(9), 0u);
  EXPECT_EQ(one.count_up_to(20), 2u);
}

TEST(LatencyHistogram, TellsWhatCameSince) {
  LatencyHistogram histogram;
  histogram.add(5);
  const LatencyHistogram before = histogram;
  histogram.add(10);
  histogram.add(20);
  EXPECT_EQ(histogram.since(before).count(), 2u);
  EXPECT_EQ(histogram.since(before).quantile(0.5), 10u);
  EXPECT_EQ(histogram.since(before).mean(), 15);
}

TEST(LatencyHistogram, EmptyIsAllZero) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.quantile(0.99), 0u);
  EXPECT_EQ(histogram.mean(), 0);
}

}  // namespace
}  // namespace nanospan::load
