#include "sdk/runtime/ticks.h"

#include <gtest/gtest.h>

namespace nanospan::sdk {
namespace {

constexpr std::uint64_t kSecond = base::kNanosPerSecond;
constexpr std::uint64_t kMilli = base::kNanosPerMilli;

// A counter of 2 ticks a nanosecond that began at 1,000,000 when the wall clock showed one second.
TickSample at(std::uint64_t nanos, std::int64_t wall_error = 0) {
  return {1'000'000 + 2 * nanos, kSecond + nanos + static_cast<std::uint64_t>(wall_error)};
}

TEST(TickClock, AnUntrustedCounterIsNeverUsed) {
  TickClock clock(false);
  EXPECT_FALSE(clock.due(kSecond));
  EXPECT_FALSE(clock.refine(at(0)));
  EXPECT_FALSE(clock.refine(at(kSecond)));
  EXPECT_EQ(clock.scale(), nullptr);
}

TEST(TickClock, CalibratesOnceTwentyMillisecondsHavePassed) {
  TickClock clock(true);
  EXPECT_TRUE(clock.due(kSecond));
  clock.refine(at(0));
  EXPECT_EQ(clock.scale(), nullptr);
  EXPECT_FALSE(clock.refine(at(1 * kMilli))) << "too close to tell the rate";
  EXPECT_TRUE(clock.refine(at(20 * kMilli)));
  ASSERT_NE(clock.scale(), nullptr);
  EXPECT_EQ(clock.scale()->unix_nanos(at(30 * kMilli).ticks), kSecond + 30 * kMilli);
  EXPECT_EQ(clock.scale()->duration(2000), 1000U);
}

TEST(TickClock, AnErrorIsSlewedNeverStepped) {
  TickClock clock(true);
  clock.refine(at(0));
  clock.refine(at(20 * kMilli));
  const TickSample late = at(10 * kSecond, 1 * kMilli);  // the wall clock was set forward a little
  const base::UnixNanos before = clock.scale()->unix_nanos(late.ticks);
  EXPECT_TRUE(clock.refine(late));
  EXPECT_EQ(clock.scale()->unix_nanos(late.ticks), before) << "continuous where the scales meet";
  const base::UnixNanos after = clock.scale()->unix_nanos(at(20 * kSecond).ticks);
  EXPECT_GT(after, kSecond + 20 * kSecond) << "and on its way to the wall clock";
  EXPECT_EQ(clock.steps(), 0U);
}

TEST(TickClock, AJumpOfMoreThanASecondIsFollowedAtOnceAndCounted) {
  TickClock clock(true);
  clock.refine(at(0));
  clock.refine(at(20 * kMilli));
  const TickSample resumed = at(10 * kSecond, 3600 * static_cast<std::int64_t>(kSecond));
  EXPECT_TRUE(clock.refine(resumed));
  EXPECT_EQ(clock.scale()->unix_nanos(resumed.ticks), resumed.unix_nanos);
  EXPECT_EQ(clock.steps(), 1U);
}

TEST(TickClock, ACounterThatRunsBackwardsChangesNothing) {
  TickClock clock(true);
  clock.refine(at(kSecond));
  clock.refine(at(2 * kSecond));
  const auto* scale = clock.scale();
  EXPECT_FALSE(clock.refine({5, kSecond * 100}));
  EXPECT_EQ(clock.scale(), scale);
}

TEST(TickClock, TheProcesssClockAgreesWithTheKernel) {
  const base::UnixNanos before = base::system_clock().unix_now();
  const base::UnixNanos now = unix_now();
  const base::UnixNanos after = base::system_clock().unix_now();
  EXPECT_GE(now + kSecond, before);
  EXPECT_LE(now, after + kSecond);
}

}  // namespace
}  // namespace nanospan::sdk
