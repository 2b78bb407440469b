// Bits that differ.
#include "base/jitter.h"

#include <gtest/gtest.h>

#include <set>

namespace nanospan::base {
namespace {

TEST(Jitter, NoTwoAreAlikeAndBothHalvesOfTheRangeAreHit) {
  std::set<std::uint64_t> seen;
  int high = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t bits = jitter_bits();
    seen.insert(bits);
    high += bits >> 63 != 0 ? 1 : 0;
  }
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_GT(high, 350);  // ten standard deviations
  EXPECT_LT(high, 650);
}

}  // namespace
}  // namespace nanospan::base
