#include "export/otlp/retry_backoff.h"

#include <gtest/gtest.h>

namespace nanospan::exporters {
namespace {

constexpr std::uint64_t kAllOnes = ~std::uint64_t{0};

TEST(RetryDelay, DoublesUpToTheMaximum) {
  // kAllOnes % (whole - half + 1) differs; the bounds are what matters.
  const std::uint64_t whole[] = {1000, 2000, 4000, 5000, 5000};
  for (unsigned failures = 1; failures <= 5; ++failures) {
    for (std::uint64_t random : {std::uint64_t{0}, std::uint64_t{777'777}, kAllOnes}) {
      const std::uint64_t delay = retry_delay(1000, 5000, failures, random, std::nullopt);
      EXPECT_GE(delay, whole[failures - 1] / 2);
      EXPECT_LE(delay, whole[failures - 1]);
    }
  }
}

TEST(RetryDelay, JitterReachesBothEnds) {
  EXPECT_EQ(retry_delay(1000, 5000, 1, 0, std::nullopt), 500U);
  EXPECT_EQ(retry_delay(1000, 5000, 1, 500, std::nullopt), 1000U);
}

TEST(RetryDelay, NeverLessThanTheReceiverAsked) {
  EXPECT_EQ(retry_delay(1000, 5000, 1, 0, 9000), 9000U);
  EXPECT_EQ(retry_delay(1000, 5000, 1, 0, 0), 500U);
}

TEST(RetryDelay, DoesNotOverflow) {
  EXPECT_LE(retry_delay(1, kAllOnes / 2, 1'000'000, kAllOnes, std::nullopt), kAllOnes / 2);
}

}  // namespace
}  // namespace nanospan::exporters
