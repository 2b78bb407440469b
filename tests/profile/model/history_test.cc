#include "profile/model/history.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace nanospan::profile {
namespace {

constexpr std::uint64_t kSecond = base::kNanosPerSecond;

void add(History& history, std::uint64_t second, CodePoint leaf, std::int64_t count = 1) {
  const std::uint32_t stack = history.store().stack(std::array<CodePoint, 3>{leaf, 2, 1});
  LabelSet labels;
  labels.thread = history.store().text("worker");
  history.add(second * kSecond, stack, history.store().labels(labels), {count, count * 10'000'000, 0, 0});
}

std::int64_t nanos_of(const Window& window) {
  std::int64_t sum = 0;
  window.for_each([&](std::uint32_t, std::uint32_t, const WindowValues& values) { sum += values[1]; });
  return sum;
}

TEST(History, SumsTheBucketsOfARange) {
  History history({});
  for (std::uint64_t second = 1000; second < 1060; ++second) add(history, second, 7 + second % 3);
  EXPECT_EQ(nanos_of(history.between(0, 2000 * kSecond).window), 600'000'000);
  const History::Range some = history.between(1000 * kSecond, 1005 * kSecond);
  EXPECT_EQ(nanos_of(some.window), 110'000'000) << "the whole bucket, which begins with its first sample";
  EXPECT_EQ(some.from, 1000 * kSecond);
  EXPECT_EQ(some.to, 1010 * kSecond);
  EXPECT_TRUE(history.between(5000 * kSecond, 6000 * kSecond).window.empty());
}

TEST(History, TheOldestLeaves) {
  History history({});
  for (std::uint64_t second = 0; second < 4000; second += 5) add(history, 1000 + second, 7);
  EXPECT_TRUE(history.between(0, 3000 * kSecond).window.empty());
  EXPECT_FALSE(history.between(4500 * kSecond, 5000 * kSecond).window.empty());
  EXPECT_LE(history.buckets(), 93u);
}

TEST(History, StaysWithinItsBytesWhateverComes) {
  HistoryOptions options;
  options.bytes_max = 1u << 20;
  History history(options);
  for (std::uint64_t i = 0; i < 300'000; ++i) {
    add(history, 1000 + i / 100, 100 + i);  // a stack of its own each time
    if (i % 1000 == 0) {
      ASSERT_LE(history.bytes(), options.bytes_max) << i;
    }
  }
  const History::Range last = history.between((1000 + 2990) * kSecond, 9000 * kSecond);
  EXPECT_FALSE(last.window.empty()) << "the newest is there";
  // And its stacks are whole.
  last.window.for_each([&](std::uint32_t stack, std::uint32_t, const WindowValues&) {
    std::size_t depth = 0;
    for (; stack > StackStore::kOverflow; stack = history.store().node(stack).parent) ++depth;
    EXPECT_TRUE(depth == 3 || depth == 0);
  });
}

TEST(History, AQuarterOfAnHourOfSixteenBusyThreadsIsThere) {
  History history({});
  LabelSet labels;
  for (std::uint64_t sample = 0; sample < 16 * 100 * 900; ++sample) {
    labels.thread = history.store().text("worker-" + std::to_string(sample % 16));
    const CodePoint leaf = 100 + sample * 7919 % 1000;  // a thousand stacks
    std::array<CodePoint, 8> points{leaf};
    for (std::size_t i = 1; i < points.size(); ++i) points[i] = leaf / i;
    const std::uint32_t stack = history.store().stack(points);
    history.add((1000 * 1600 + sample) * kSecond / 1600, stack, history.store().labels(labels), {1, 10'000'000, 0, 0});
  }
  EXPECT_LE(history.bytes(), HistoryOptions().bytes_max);
  EXPECT_EQ(nanos_of(history.between(0, 9000 * kSecond).window), std::int64_t{16} * 100 * 900 * 10'000'000);
}

TEST(History, LabelsSurviveARebuiltStore) {
  HistoryOptions options;
  options.bytes_max = 256u << 10;
  History history(options);
  for (std::uint64_t i = 0; i < 50'000; ++i) add(history, 1000 + i / 50, 100 + i % 5'000);
  const History::Range range = history.between(0, 9000 * kSecond);
  bool labelled = false;
  range.window.for_each([&](std::uint32_t, std::uint32_t labels, const WindowValues&) {
    labelled = labelled || history.store().text_of(history.store().labels_of(labels).thread) == "worker";
  });
  EXPECT_TRUE(labelled);
}

TEST(History, AClockThatGoesBackOpensANewBucket) {
  History history({});
  add(history, 2000, 7);
  add(history, 1000, 7);
  add(history, 1001, 7);
  EXPECT_EQ(nanos_of(history.between(0, 3000 * kSecond).window), 30'000'000);
}

}  // namespace
}  // namespace nanospan::profile
