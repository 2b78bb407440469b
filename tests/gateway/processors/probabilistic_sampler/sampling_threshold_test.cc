// Thresholds against values of the specification and of the Collector's own tests.
#include "gateway/processors/probabilistic_sampler/sampling_threshold.h"

#include <gtest/gtest.h>

namespace nanospan::gateway {
namespace {

TEST(SamplingThreshold, RoundsAsTheCollector) {
  EXPECT_EQ(threshold_text(threshold_of(1, 4)), "0");
  EXPECT_EQ(threshold_text(threshold_of(0.5, 4)), "8");
  EXPECT_EQ(threshold_text(threshold_of(0.25, 4)), "c");
  EXPECT_EQ(threshold_text(threshold_of(0.1, 4)), "e666");
  EXPECT_EQ(threshold_text(threshold_of(0.01, 4)), "fd70a") << "the F in front is not significant";
  EXPECT_EQ(threshold_text(threshold_of(0.05, 4)), "f3333");
  EXPECT_EQ(threshold_text(threshold_of(1.0 / 3, 14)), "aaaaaaaaaaaaac");
  EXPECT_EQ(threshold_text(threshold_of(0.99, 4)), "028f6") << "zeros in front are not significant";
  EXPECT_EQ(threshold_of(0, 4), kNeverSample);
  EXPECT_EQ(threshold_of(kProbabilityMin, 14), kNeverSample - 1);
  EXPECT_DOUBLE_EQ(probability_of(threshold_of(0.25, 4)), 0.25);
}

TEST(SamplingThreshold, TextsAreReadAsTheyAreWritten) {
  for (const std::string text : {"0", "8", "c", "e666", "028f6", "fffffffffffffe"})
    EXPECT_EQ(threshold_text(parse_threshold(text).value()), text);
  EXPECT_EQ(parse_threshold("c").value(), 0xc0'0000'0000'0000u);
  for (const std::string_view text : {"", "g", "0123456789abcde", "-1", "0x1"})
    EXPECT_FALSE(parse_threshold(text).ok());
  EXPECT_EQ(randomness_text(parse_randomness("00000000000abc").value()), "00000000000abc");
  for (const std::string_view text : {"", "abc", "0123456789abcde", "0123456789abcg"})
    EXPECT_FALSE(parse_randomness(text).ok());
}

TEST(SamplingThreshold, RandomnessOfTraceIds) {
  const std::string id("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10", 16);
  EXPECT_EQ(randomness_text(trace_id_randomness(id)), "0a0b0c0d0e0f10");
}

// FNV-1a of "\0\0\0\0" and sixteen zero bytes, by hand: 20 multiplications of the offset basis.
TEST(SamplingThreshold, HashedRandomness) {
  std::uint32_t hash = 2'166'136'261U;
  for (int i = 0; i < 20; ++i) hash *= 16'777'619U;
  const std::string zeros(16, '\0');
  EXPECT_EQ(hashed_randomness(zeros, 0) & 0x3FFF, hash & 0x3FFF);
  EXPECT_EQ(hashed_randomness(zeros, 0) >> 42, 0x3FFF - (hash & 0x3FFF));
  EXPECT_NE(hashed_randomness(zeros, 1), hashed_randomness(zeros, 0));
  EXPECT_EQ(hash_threshold_of(100), kAlwaysSample);
  EXPECT_EQ(hash_threshold_of(200), kAlwaysSample);
  EXPECT_EQ(hash_threshold_of(0.0001F), kNeverSample);
  EXPECT_EQ(hash_threshold_of(50) >> 42, 0x2000u);
}

}  // namespace
}  // namespace nanospan::gateway
