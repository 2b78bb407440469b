// Without the interposed functions: the recording itself. With them: ../locks.cc.
#include "profile/locks/lock_sampler.h"

#include <gtest/gtest.h>

#include <cerrno>

#include <nanospan/span.h>
#include <nanospan/tracer.h>

#include "base/time.h"
#include "profile/locks/interpose.h"
#include "profile/record/stack_recorder.h"
#include "profile/unwind/loaded_code.h"
#include "tests/support/exporting_provider.h"

#pragma weak nanospan_lock_interposer_r1

namespace nanospan::profile {
namespace {

WindowValues sums() {
  WindowValues sums{};
  lock_sampler::snapshot().window.for_each([&](std::uint32_t, std::uint32_t, const WindowValues& values) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += values[i];
  });
  return sums;
}

TEST(LockSampler, CountsWaitsAndTheirTimeWithoutBias) {
  EXPECT_EQ(&nanospan_lock_interposer_r1, nullptr);
  EXPECT_FALSE(lock_sampler::is_linked());
  lock_waited(1'000'000, true);
  EXPECT_EQ(sums()[kMutexWaits], 0) << "without code there are no stacks";
  lock_sampler::set_code(std::make_shared<const CodeMap>(std::vector<ModulePtr>{}));
  lock_waited(1'000'000, true);
  lock_waited(2'000'000, false);
  EXPECT_EQ(sums(), (WindowValues{1, 1'000'000, 2, 3'000'000}));
  // Short ones: one in ten, for ten.
  for (int i = 0; i < 5000; ++i) lock_waited(lock_sampler::kRateNanos / 10, true);
  const auto waits = static_cast<double>(sums()[kMutexWaits] - 1);
  EXPECT_EQ(static_cast<std::int64_t>(waits) % 10, 0);
  EXPECT_GT(waits, 3500);
  EXPECT_LT(waits, 6500);
}

TEST(LockSampler, OfVeryManyWaitsFewAreRecordedAndStandForAll) {
  const WindowValues before = sums();
  const std::uint64_t samples = lock_sampler::snapshot().samples;
  constexpr std::int64_t kWaits = 300'000;
  for (std::int64_t i = 0; i < kWaits; ++i) lock_waited(lock_sampler::kRateNanos, true);
  // 64 of each thousandfold: the sum is off by 6 % (one standard deviation).
  EXPECT_NEAR(static_cast<double>(sums()[kMutexWaits] - before[kMutexWaits]), kWaits, kWaits * 0.4);
  EXPECT_NEAR(static_cast<double>(sums()[kMutexNanos] - before[kMutexNanos]), kWaits * 1e4, kWaits * 1e4 * 0.4);
  // In one second some 800; the loop takes no second, but may be in two.
  EXPECT_LT(lock_sampler::snapshot().samples - samples, 5000u);
}

TEST(LockSampler, LeavesErrnoAlone) {
  LoadedCode code;
  code.refresh();
  lock_sampler::set_code(code.map());
  const std::uint64_t before = lock_sampler::snapshot().samples;
  errno = 4711;
  lock_waited(3600 * base::kNanosPerSecond, true);
  EXPECT_EQ(errno, 4711);
  EXPECT_EQ(lock_sampler::snapshot().samples, before + 1);
}

TEST(StackRecorder, KnowsThatItIsBusyWithItself) {
  StackRecorder recorder;
  EXPECT_FALSE(StackRecorder::busy());
  {
    StackRecorder::Entered entered(recorder);
    EXPECT_TRUE(StackRecorder::busy());
    EXPECT_FALSE(entered.ready());
  }
  EXPECT_FALSE(StackRecorder::busy());
}

TEST(StackRecorder, PlacesAreStacksToTheRoot) {
  LoadedCode code;
  code.refresh();
  StackRecorder recorder;
  recorder.set_code(code.map());
  {
    StackRecorder::Entered entered(recorder);
    entered.add(entered.place(Registers::here(), 0), {7, 0, 0, 0});
  }
  const RecorderSnapshot now = recorder.snapshot();
  EXPECT_EQ(now.samples, 1u);
  now.window.for_each([&](std::uint32_t stack, std::uint32_t, const WindowValues& values) {
    EXPECT_EQ(values[0], 7);
    std::size_t depth = 0;
    for (; stack != StackStore::kEmpty; stack = now.store.node(stack).parent) ++depth;
    EXPECT_GT(depth, 5u);
  });
}

/// With `skipped` 2 it is the caller's caller: the same stack for two calls of one function.
[[gnu::noinline]] StackRecorder::Place record_here(StackRecorder& recorder, std::size_t skipped = 2) {
  StackRecorder::Entered entered(recorder);
  const StackRecorder::Place place = entered.place(Registers::here(), skipped);
  entered.add(place, {1, 0, 0, 0});
  return place;
}

void fill(StackRecorder& recorder, std::uint32_t entries) {
  StackRecorder::Entered entered(recorder);
  for (std::uint32_t i = 0; i < entries; ++i) entered.add({.stack = 1'000'000 + i, .labels = 0}, {});
}

TEST(StackRecorder, FullItStillCountsWhatItKnows) {
  LoadedCode code;
  code.refresh();
  StackRecorder recorder(100);
  recorder.set_code(code.map());
  const std::uint32_t known = record_here(recorder).stack;
  fill(recorder, 99);
  EXPECT_NE(known, StackStore::kOverflow);
  EXPECT_EQ(record_here(recorder).stack, known);
  EXPECT_EQ(recorder.snapshot().store.overflowed(), 0u);
  EXPECT_EQ(record_here(recorder, 0).stack, StackStore::kOverflow) << "a new one";
  EXPECT_EQ(recorder.snapshot().store.overflowed(), 1u);
  EXPECT_EQ(recorder.snapshot().samples, 3u);
}

TEST(StackRecorder, AlmostFullItDropsLabelsFirst) {
  LoadedCode code;
  code.refresh();
  StackRecorder recorder(100);
  recorder.set_code(code.map());
  fill(recorder, 80);
  ::nanospan::testing::ExportingProvider provider;
  Span span = provider.tracer().start_span("named");
  const Scope scope(Context().with_span(span));
  const StackRecorder::Place place = record_here(recorder);
  EXPECT_NE(place.stack, StackStore::kOverflow);
  EXPECT_EQ(place.labels, 0u);
  EXPECT_EQ(recorder.snapshot().store.overflowed(), 1u);
}

TEST(StackRecorder, RandomNumbersAreNeverZero) {
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double value = StackRecorder::uniform();
    ASSERT_GT(value, 0);
    ASSERT_LE(value, 1);
    sum += value;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.05);
}

}  // namespace
}  // namespace nanospan::profile
