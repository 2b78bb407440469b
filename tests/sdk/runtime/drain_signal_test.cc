#include "sdk/runtime/drain_signal.h"

#include <poll.h>

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace nanospan::sdk {
namespace {

using Sleep = DrainSignal::Sleep;

std::atomic<int> starts{0};

class DrainSignalTest : public ::testing::Test {
 protected:
  DrainSignalTest() {
    starts = 0;
    EXPECT_TRUE(signal_.open());
    signal_.set_starter([] { ++starts; });
  }
  ~DrainSignalTest() override { signal_.reset_after_fork(); }
  bool readable() const {
    pollfd fd{signal_.fd(), POLLIN, 0};
    return ::poll(&fd, 1, 0) == 1;
  }

  DrainSignal signal_;
};

TEST_F(DrainSignalTest, TheFirstSpanStartsTheThread) {
  signal_.wake_if_sleeping(false);
  EXPECT_EQ(starts, 1);
  EXPECT_FALSE(readable());
}

TEST_F(DrainSignalTest, AShortSleepIsCutByAFillingRingOnly) {
  signal_.set_sleep(Sleep::kShort);
  signal_.wake_if_sleeping(false);
  EXPECT_FALSE(readable());
  signal_.wake_if_sleeping(true);
  EXPECT_TRUE(readable());
  signal_.clear();
  EXPECT_FALSE(readable());
}

TEST_F(DrainSignalTest, ADeepSleepIsCutByAnySpan) {
  signal_.set_sleep(Sleep::kDeep);
  signal_.wake_if_sleeping(false);
  EXPECT_TRUE(readable());
}

TEST_F(DrainSignalTest, WhoIsAwakeIsNotWoken) {
  signal_.set_sleep(Sleep::kAwake);
  signal_.wake_if_sleeping(true);
  signal_.wake();
  EXPECT_FALSE(readable());
  EXPECT_EQ(signal_.wakes(), 0U);
  EXPECT_EQ(starts, 0);
}

TEST_F(DrainSignalTest, OfManyWhoWakeOneWritesAndOneStarts) {
  for (const Sleep sleep : {Sleep::kAbsent, Sleep::kDeep}) {
    signal_.set_sleep(sleep);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) threads.emplace_back([this] { signal_.wake(); });
    for (auto& thread : threads) thread.join();
  }
  EXPECT_EQ(signal_.wakes(), 2U);
  EXPECT_EQ(starts, 1);
}

TEST_F(DrainSignalTest, AForkedChildHasNoThreadAndNoDescriptor) {
  signal_.set_sleep(Sleep::kDeep);
  signal_.reset_after_fork();
  EXPECT_EQ(signal_.fd(), -1);
  signal_.wake_if_sleeping(false);
  EXPECT_EQ(starts, 1);
}

}  // namespace
}  // namespace nanospan::sdk
