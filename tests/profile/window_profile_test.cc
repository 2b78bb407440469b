#include "profile/window_profile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace nanospan::profile {
namespace {

std::string types_of(const Profile& profile) {
  std::string text;
  for (const ValueType& type : profile.types) text += type.type + "/" + type.unit + " ";
  return text + "default " + profile.types.at(profile.default_type).type + ", period " +
         std::to_string(profile.period) + " " + profile.period_type.type + "/" + profile.period_type.unit;
}

bool says(const Profile& profile, const std::string& comment) {
  return std::find(profile.comments.begin(), profile.comments.end(), comment) != profile.comments.end();
}

Profile sampled(WindowKind kind, const Sampling& sampling) {
  StackStore store(1 << 16);
  Window window;
  const std::array<CodePoint, 1> point = {0x1234};
  window.add(store.stack(point), store.labels({}), {3, 30'000'000, 0, 0});
  Symbolizer symbolizer;
  Profile profile;
  fill_sampled(kind, window, store, sampling, symbolizer, profile);
  return profile;
}

Profile recorded(WindowKind kind) {
  RecorderSnapshot now{StackStore(1 << 16), {}, 7};
  Window window;
  const std::array<CodePoint, 1> point = {0x1234};
  window.add(now.store.stack(point), now.store.labels({}), {1, 2, 3, 4});
  Symbolizer symbolizer;
  Profile profile;
  fill_recorded(kind, window, now, 4096, symbolizer, profile);
  return profile;
}

TEST(WindowProfile, SampledTimeHasItsPeriod) {
  Sampling sampling;
  sampling.hz = 100;
  sampling.wall_tick_nanos = 20'000'000;
  const Profile cpu = sampled(WindowKind::kCpu, sampling);
  EXPECT_EQ(types_of(cpu), "samples/count cpu/nanoseconds default cpu, period 10000000 cpu/nanoseconds");
  ASSERT_EQ(cpu.samples.size(), 1u);
  EXPECT_EQ(cpu.samples[0].values, (std::vector<std::int64_t>{3, 30'000'000}));
  EXPECT_EQ(types_of(sampled(WindowKind::kWall, sampling)),
            "samples/count wall/nanoseconds default wall, period 20000000 wall/nanoseconds");
  sampling.hz = 0;
  EXPECT_EQ(sampled(WindowKind::kCpu, sampling).period, 0) << "it has stopped meanwhile";
}

TEST(WindowProfile, ThreadsAreCounted) {
  EXPECT_EQ(types_of(sampled(WindowKind::kThreads, {})),
            "threads/count cpu/nanoseconds default threads, period 1 threads/count");
}

TEST(WindowProfile, TheCommentsSayWhatSamplingTookAndLost) {
  Sampling sampling;
  sampling.signal = 27;
  sampling.history_bytes = 8548;
  sampling.counters.samples = 4;
  sampling.counters.handler_nanos = 14'002;
  sampling.counters.dropped_ring_full = 5;
  sampling.counters.truncated = 6;
  const Profile profile = sampled(WindowKind::kCpu, sampling);
  for (const char* comment : {"signal=27", "samples=4", "handler_ns_per_sample=3500", "dropped_ring_full=5",
                              "stacks_truncated=6", "stacks_without_room=0", "history_bytes=8548"}) {
    EXPECT_TRUE(says(profile, comment)) << comment;
  }
  EXPECT_TRUE(says(sampled(WindowKind::kCpu, {}), "handler_ns_per_sample=0"));
}

TEST(WindowProfile, MemoryHasGosFourValues) {
  const Profile heap = recorded(WindowKind::kHeap);
  EXPECT_EQ(types_of(heap),
            "alloc_objects/count alloc_space/bytes inuse_objects/count inuse_space/bytes default inuse_space, "
            "period 4096 space/bytes");
  ASSERT_EQ(heap.samples.size(), 1u);
  EXPECT_EQ(heap.samples[0].values.size(), 4u);
  EXPECT_TRUE(says(heap, "samples=7"));
}

TEST(WindowProfile, WaitsAreThoseForMutexesOrAll) {
  const Profile mutex = recorded(WindowKind::kMutex), block = recorded(WindowKind::kBlock);
  constexpr const char* kTypes = "contentions/count delay/nanoseconds default delay, period 1 contentions/count";
  EXPECT_EQ(types_of(mutex), kTypes);
  EXPECT_EQ(types_of(block), kTypes);
  EXPECT_NE(mutex.samples.at(0).values, block.samples.at(0).values);
}

}  // namespace
}  // namespace nanospan::profile
