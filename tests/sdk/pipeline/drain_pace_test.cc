// How often the rings are looked at, and how often a producer has to wake the thread that does, in simulated time.
#include "sdk/pipeline/drain_pace.h"

#include <gtest/gtest.h>

namespace nanospan::sdk {
namespace {

constexpr std::uint64_t kLimit = 1250 * base::kNanosPerMilli;  // of the default schedule delay

DrainPace pace_at_the_limit() {
  DrainPace pace;
  for (int round = 0; round < 100; ++round) pace.lengthen(kLimit);
  EXPECT_EQ(pace.interval(), kLimit);
  return pace;
}

/// Wakes by a thread that fills its ring at so many bytes a second, and the longest sleep of the last rounds.
struct Filled {
  int wakes = 0;
  std::uint64_t last_sleep = 0;
};
Filled fill(DrainPace& pace, std::uint64_t ring_bytes, std::uint64_t bytes_per_second, std::uint64_t nanos) {
  Filled filled;
  const std::uint64_t to_watermark = watermark_bytes(ring_bytes) * base::kNanosPerSecond / bytes_per_second + 1;
  for (std::uint64_t now = 0; now < nanos; now += filled.last_sleep) {
    filled.last_sleep = std::min(pace.interval(), to_watermark);
    if (pace.interval() > to_watermark) ++filled.wakes;
    pace.lengthen(kLimit);
    pace.see(ring_bytes, filled.last_sleep * bytes_per_second / base::kNanosPerSecond);
  }
  return filled;
}

// GOALS S7: at most one wake in 20,000 spans, here of 560 bytes, after a time with few.
TEST(DrainPace, ABurstWakesTheThreadOnce) {
  for (const std::uint64_t spans_per_second : {100'000U, 400'000U}) {
    DrainPace pace = pace_at_the_limit();
    const Filled filled = fill(pace, kLastRingBytes, spans_per_second * 560, 200 * base::kNanosPerMilli);
    EXPECT_EQ(filled.wakes, 1) << spans_per_second;
  }
}

TEST(DrainPace, InTheLongRunASixteenthOfTheRingWaits) {
  DrainPace pace = pace_at_the_limit();
  const std::uint64_t to_sixteenth = kLastRingBytes / 16 * base::kNanosPerSecond / 56'000'000;
  const Filled filled = fill(pace, kLastRingBytes, 56'000'000, base::kNanosPerSecond);
  EXPECT_GT(filled.last_sleep, to_sixteenth / 2);
  EXPECT_LT(filled.last_sleep, to_sixteenth * 5 / 4);
}

TEST(DrainPace, AFewSpansAreNoReasonToComeMoreOften) {
  DrainPace pace = pace_at_the_limit();
  pace.see(kFirstRingBytes, 2047);
  pace.see(kLastRingBytes, kLastRingBytes / 16 - 1);
  EXPECT_EQ(pace.interval(), kLimit);
  pace.see(kFirstRingBytes, 2048);
  EXPECT_EQ(pace.interval(), kLimit / 2);
}

TEST(DrainPace, HalfOfASmallRingIsNoMoreThanASixteenthAsItGrows) {
  DrainPace pace = pace_at_the_limit();
  pace.see(kFirstRingBytes, kFirstRingBytes / 2);
  EXPECT_EQ(pace.interval(), kLimit / 2);
}

TEST(DrainPace, HalfOfTheLargestRingIsHalfOfTheFirstSleep) {
  DrainPace pace = pace_at_the_limit();
  pace.see(kLastRingBytes, kLastRingBytes / 2);
  EXPECT_EQ(pace.interval(), DrainPace::kFirst / 2);
}

TEST(DrainPace, SleepsStayWithinTheirBounds) {
  DrainPace pace;
  for (int round = 0; round < 20; ++round) pace.see(kLastRingBytes, kLastRingBytes);
  EXPECT_EQ(pace.interval(), DrainPace::kShortest);
  pace.begin(kLimit);
  EXPECT_EQ(pace.interval(), DrainPace::kFirst);
  pace.begin(DrainPace::kShortest);
  EXPECT_EQ(pace.interval(), DrainPace::kShortest) << "low_latency";
}

}  // namespace
}  // namespace nanospan::sdk
