#include "compare/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace nanospan::compare {
namespace {

std::vector<double> upwards(double first, std::size_t count) {
  std::vector<double> values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

/// By the definition: all ways to choose the first sample's places among the pooled values.
double p_by_enumeration(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> all = a;
  all.insert(all.end(), b.begin(), b.end());
  const auto u_of = [&](unsigned chosen) {
    double u = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = 0; j < all.size(); ++j) {
        if ((chosen >> i & 1U) == 0 || (chosen >> j & 1U) != 0) continue;
        u += all[i] > all[j] ? 1 : all[i] == all[j] ? 0.5 : 0;
      }
    }
    return u;
  };
  const double observed = u_of((1U << a.size()) - 1);
  double below = 0;
  double above = 0;
  double ways = 0;
  for (unsigned chosen = 0; chosen < 1U << all.size(); ++chosen) {
    if (static_cast<std::size_t>(__builtin_popcount(chosen)) != a.size()) continue;
    const double u = u_of(chosen);
    ways += 1;
    if (u <= observed) below += 1;
    if (u >= observed) above += 1;
  }
  return std::min(1.0, 2 * std::min(below, above) / ways);
}

TEST(Statistics, UTestGivesTheValuesOfTables) {
  // Complete separation: 2 / C(n1 + n2, n1).
  EXPECT_NEAR(u_test(upwards(1, 3), upwards(4, 3)), 0.1, 1e-12);
  EXPECT_NEAR(u_test(upwards(1, 5), upwards(6, 5)), 2.0 / 252, 1e-12);
  EXPECT_NEAR(u_test(upwards(1, 10), upwards(11, 10)), 2.0 / 184756, 1e-15);
  // Hollander and Wolfe, table 4.1 (permeability of the placenta), U = 15 of 10 x 5: two-sided exact p 0.2544.
  EXPECT_NEAR(u_test({0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46}, {1.15, 0.88, 0.90, 0.74, 1.21}),
              0.2544, 5e-5);
}

TEST(Statistics, UTestIsExactWithTiesToo) {
  const std::vector<std::pair<std::vector<double>, std::vector<double>>> pairs = {
      {{1, 2, 2, 3}, {2, 3, 3, 4}},
      {{1, 1, 1}, {1, 2, 2, 2, 2}},
      {{5, 5, 6, 7, 8}, {1, 2, 5, 5}},
      {{1}, {2}},
      {{3, 1, 2}, {1.5}},
      {{1, 1, 2, 2, 3, 3}, {2, 2, 3, 3, 4, 4}},
      {{0.5, 4, 2, 9, 7}, {1, 3, 8, 6, 5}},
  };
  for (const auto& [a, b] : pairs) {
    EXPECT_NEAR(u_test(a, b), p_by_enumeration(a, b), 1e-12);
    EXPECT_NEAR(u_test(b, a), u_test(a, b), 1e-12);
  }
}

TEST(Statistics, UTestOfEqualValuesSaysNothing) { EXPECT_EQ(u_test({4, 4, 4}, {4, 4}), 1); }

TEST(Statistics, UTestTakesTheNormalApproximationWhereTheSamplesAreLarge) {
  // Interleaved: no difference. Shifted by 20 places of 60: z = (u - 1800) / sigma, by hand.
  std::vector<double> a = upwards(0, 60);
  std::vector<double> b = upwards(20.5, 60);
  const double u = 40.0 * 39 / 2 + 40;  // pairs in which a value of a is above one of b... counted below
  double pairs = 0;
  for (const double x : a) {
    for (const double y : b) pairs += x > y ? 1 : 0;
  }
  EXPECT_NEAR(pairs, u - 40, 1e-9);
  const double sigma = std::sqrt(60.0 * 60.0 * 121.0 / 12.0);
  EXPECT_NEAR(u_test(a, b), std::erfc((1800 - pairs - 0.5) / sigma / std::sqrt(2.0)), 1e-12);
}

TEST(Statistics, ApproximationAndCountAgreeWhereTheyMeet) {
  const std::vector<double> a = upwards(0, 50);
  const std::vector<double> b = upwards(10.5, 50);
  std::vector<double> a_more = a;
  std::vector<double> b_more = b;
  a_more.push_back(25.25);
  b_more.push_back(35.25);
  EXPECT_NEAR(u_test(a, b), u_test(a_more, b_more), 0.003);
}

TEST(Statistics, MedianAndItsIntervalAreValuesOfTheSample) {
  // Binomial(10, 1/2): at most 1 below has probability 0.0107, at most 2 has 0.0547; so the 2nd to the 9th value.
  const Summary ten = summarize({10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 0.95);
  EXPECT_EQ(ten.median, 5.5);
  EXPECT_EQ(ten.low, 2);
  EXPECT_EQ(ten.high, 9);
  const Summary twenty = summarize(upwards(1, 20), 0.95);
  EXPECT_EQ(twenty.low, 6);
  EXPECT_EQ(twenty.high, 15);
  EXPECT_EQ(summarize({3, 1, 2}, 0.95).median, 2);
}

TEST(Statistics, TooFewValuesHaveNoInterval) {
  EXPECT_TRUE(std::isinf(summarize(upwards(1, 5), 0.95).low));
  EXPECT_TRUE(std::isinf(summarize({1}, 0.95).high));
  EXPECT_EQ(summarize(upwards(1, 6), 0.95).low, 1);
}

TEST(Statistics, HolmMultipliesTheLeastMost) {
  EXPECT_EQ(holm({}), std::vector<double>{});
  const std::vector<double> adjusted = holm({0.01, 0.04, 0.03, 0.005});
  EXPECT_NEAR(adjusted[3], 0.02, 1e-12);
  EXPECT_NEAR(adjusted[0], 0.03, 1e-12);
  EXPECT_NEAR(adjusted[2], 0.06, 1e-12);
  EXPECT_NEAR(adjusted[1], 0.06, 1e-12);  // 0.04, but never below one that was smaller
  EXPECT_EQ(holm({0.9, 0.8})[0], 1);
}

TEST(Statistics, GeometricMeanIsThatOfRatios) { EXPECT_NEAR(geometric_mean({1, 10, 100}), 10, 1e-12); }

TEST(Statistics, LeastPIsThatOfCompleteSeparation) {
  EXPECT_NEAR(u_test_least_p(4, 6), u_test(upwards(1, 4), upwards(5, 6)), 1e-12);
  EXPECT_EQ(u_test_least_p(1, 1), 1);
}

}  // namespace
}  // namespace nanospan::compare
