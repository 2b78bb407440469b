// The ticker and real threads, at moments that the test names.
#include "profile/wall_ticker.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "profile/sampler/proc.h"
#include "tests/profile/busy_threads.h"

namespace nanospan::profile {
namespace {

constexpr std::uint64_t kVisitNanos = 10 * base::kNanosPerMilli;

/// A sleeper, visited whenever the test says so; no other thread is, as they would take turns.
struct Visits {
  Visits() {
    std::vector<std::int32_t> others;
    for_each_thread([&](std::int32_t tid) {
      if (thread_name(tid) != "sleeper") others.push_back(tid);
    });
    auto made = Sampler::create(others);
    EXPECT_TRUE(made.ok());
    sampler = std::move(made).value();
    EXPECT_TRUE(sampler->start(0).ok());
    // The sleeper of the test before may be about to go.
    while (sampler->threads().size() != 1) sampler->rescan([](const SampledThread&, const Sample&) {});
    await_sleep();
  }
  void visit() {
    ticker.tick(*sampler, now += kVisitNanos, [this](const WallTicker::Place& place, std::uint64_t nanos) {
      charged.push_back({place.stack, nanos});
    });
  }
  /// The sleeper's answer is there, and is told the ticker, or lost. What it returns is the time charged to it.
  std::uint64_t await_answer(bool is_lost = false) {
    std::uint64_t nanos = 0;
    for (bool is_there = false; !is_there;) {
      sampler->drain([&](const SampledThread& thread, const Sample& sample) {
        is_there = true;
        EXPECT_EQ(sample.kind, SampleKind::kWall);
        if (!is_lost) nanos = ticker.answered(thread.tid, {.stack = 7, .labels = 8, .labels_with_ids = 9});
      });
    }
    await_sleep();
    return nanos;
  }
  /// Until it sleeps and goes on sleeping: what woke it may have more to do.
  void await_sleep() const {
    constexpr int kLooks = 100;
    const std::int32_t tid = sampler->threads().front().tid;
    std::uint64_t used = 0;
    for (int calm = 0; calm < kLooks; std::this_thread::yield()) {
      const std::uint64_t used_before = std::exchange(used, thread_cpu_nanos(tid));
      calm = used == used_before && thread_state(tid) == "sleeping" ? calm + 1 : 0;
    }
  }

  const testing::IdleThread sleeper{"sleeper"};
  std::unique_ptr<Sampler> sampler;
  WallTicker ticker;
  base::MonotonicNanos now = base::kNanosPerSecond;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> charged;  // stack, nanoseconds
};

class WallTickerTest : public ::testing::Test {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "ThreadSanitizer keeps signals back until the thread makes a system call that it sees";
#endif
  }
};

TEST_F(WallTickerTest, ASleeperAnswersOnceAndIsChargedFromThenOn) {
  Visits visits;
  visits.visit();
  EXPECT_EQ(visits.await_answer(), 0u) << "no time has passed since the first visit";
  for (int i = 0; i < 3; ++i) visits.visit();
  const std::vector<std::pair<std::uint32_t, std::uint64_t>> three_visits(3, {7, kVisitNanos});
  EXPECT_EQ(visits.charged, three_visits);
  EXPECT_EQ(visits.sampler->counters().samples, 1u);
}

TEST_F(WallTickerTest, AQuestionThatIsLostIsAskedAgain) {
  Visits visits;
  visits.visit();
  visits.await_answer(true);
  visits.visit();
  EXPECT_EQ(visits.await_answer(), kVisitNanos) << "with the time of both visits";
  visits.visit();
  EXPECT_EQ(visits.charged.size(), 1u);
}

TEST_F(WallTickerTest, WhoseNumbersAreVoidIsAskedAgain) {
  Visits visits;
  visits.visit();
  visits.await_answer();
  visits.ticker.forget_places();
  visits.visit();
  EXPECT_TRUE(visits.charged.empty());
  EXPECT_EQ(visits.await_answer(), kVisitNanos);
}

}  // namespace
}  // namespace nanospan::profile
