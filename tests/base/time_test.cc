#include "base/time.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace nanospan::base {
namespace {

TEST(Deadline, CountsDownAndPasses) {
  testing::FakeClock clock;
  const Deadline deadline = Deadline::after(clock, 100);
  EXPECT_EQ(deadline.left(clock.monotonic_now()), 100U);
  clock.advance(99);
  EXPECT_FALSE(deadline.passed(clock.monotonic_now()));
  clock.advance(1);
  EXPECT_TRUE(deadline.passed(clock.monotonic_now()));
  EXPECT_EQ(deadline.left(clock.monotonic_now()), 0U);
}

TEST(Deadline, NeverIsNeverPassedAndTooFarIsNever) {
  testing::FakeClock clock;
  EXPECT_FALSE(Deadline::never().passed(kNever - 1));
  EXPECT_EQ(Deadline::never().left(5), kNever);
  EXPECT_EQ(Deadline::after(clock, kNever).at, kNever);
}

TEST(SystemClock, GoesForward) {
  const Clock& clock = system_clock();
  const MonotonicNanos before = clock.monotonic_now();
  EXPECT_GE(clock.monotonic_now(), before);
  EXPECT_GT(clock.unix_now(), 1'700'000'000 * kNanosPerSecond);
}

}  // namespace
}  // namespace nanospan::base
