#include "sdk/runtime/threads.h"

#include <pthread.h>

#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nanospan/diagnostics.h>

#include "sdk/runtime/memory.h"
#include "sdk/runtime/ring.h"

namespace nanospan::sdk {
namespace {

using detail::Slab;
using detail::ThreadState;

// A slot that no provider of this program uses.
constexpr std::size_t kSlot = detail::kProviderSlots - 1;

bool push_one() {
  std::uint8_t frame[FrameHeader::kBytes + 8] = {};
  // Tracer 4095 does not exist: the drain, if it runs, throws the frame away.
  FrameHeader::make(FrameKind::kSpan, std::uint64_t{kSlot} << 56 | std::uint64_t{4095} << 32, sizeof frame)
      .write(frame);
  return push_frame_here(frame, sizeof frame, kSlot);
}

template <class Body>
void on_a_thread(Body&& body) {
  std::thread(std::forward<Body>(body)).join();
}

TEST(Threads, AStateGoesFromAThreadThatExitsToTheNext) {
  std::set<ThreadState*> states;
  for (int i = 0; i < 50; ++i) {
    on_a_thread([&] {
      ThreadState* state = thread_state();
      ASSERT_NE(state, nullptr);
      EXPECT_EQ(state, thread_state()) << "it stays the thread's";
      EXPECT_EQ(detail::thread_locals().state, state);
      states.insert(state);
    });
  }
  EXPECT_LE(states.size(), 2U);
}

TEST(Threads, LiveThreadsHaveStatesOfTheirOwn) {
  ThreadState* mine = thread_state();
  on_a_thread([&] { EXPECT_NE(thread_state(), mine); });
  EXPECT_EQ(thread_state(), mine);
}

TEST(Threads, WhatEndsOnAnyThreadIsCountedOnceAndForEver) {
  const std::uint64_t before = ended_spans(kSlot), dropped_before = ring_drops(kSlot);
  for (int i = 0; i < 10; ++i) on_a_thread([] { EXPECT_TRUE(push_one()); });
  push_one();
  EXPECT_EQ(ended_spans(kSlot), before + 11);
  EXPECT_EQ(ring_drops(kSlot), dropped_before);
}

TEST(Threads, ASlabComesBackToItsOwnerFromAnyThread) {
  const std::uint64_t before = thread_state()->slabs;  // tests before this one may have left many
  for (int i = 0; i < 1000; ++i) {
    Slab* slab = take_slab();
    ASSERT_NE(slab, nullptr);
    EXPECT_EQ(slab->owner, thread_state());
    on_a_thread([slab] { give_back_slab(slab); });
  }
  EXPECT_LE(thread_state()->slabs, before + 64) << "the same few go round";
}

TEST(Threads, ManyThreadsGiveBackAtOnce) {
  constexpr std::size_t kThreads = 4, kRounds = 50, kEach = 100;
  const std::uint64_t before = thread_state()->slabs;
  for (std::size_t round = 0; round < kRounds; ++round) {
    std::vector<std::vector<Slab*>> shares(kThreads);
    for (auto& share : shares) {
      for (std::size_t i = 0; i < kEach; ++i) share.push_back(take_slab());
    }
    std::vector<std::thread> threads;
    for (auto& share : shares) {
      threads.emplace_back([&share] {
        for (Slab* slab : share) give_back_slab(slab);
      });
    }
    for (auto& thread : threads) thread.join();
  }
  EXPECT_LE(thread_state()->slabs, before + kThreads * kEach + 64) << "none is lost on the way";
}

TEST(Threads, ASuppressedThreadHasNoStateAndGoesByTheSharedOne) {
  on_a_thread([] {
    const SuppressTracing suppress;
    EXPECT_EQ(thread_state(), nullptr);
    Slab* slab = take_slab();
    ASSERT_NE(slab, nullptr);
    const std::uint64_t before = ended_spans(kSlot);
    EXPECT_TRUE(push_one());
    EXPECT_EQ(ended_spans(kSlot), before + 1);
    give_back_slab(slab);
    EXPECT_NE(random_word(), random_word()) << "there are ids without a state";
  });
}

// The destructors of POSIX thread data run in rounds; ours may have had its last turn already.
pthread_key_t late_key;
bool late_had_state = true;
bool late_pushed = false;
TEST(Threads, AThreadThatGaveUpItsStateTakesNoOther) {
  thread_state();  // our own key comes first
  ASSERT_EQ(pthread_key_create(&late_key,
                               [](void*) {
                                 late_had_state = thread_state() != nullptr;
                                 late_pushed = push_one();
                               }),
            0);
  on_a_thread([] {
    thread_state();
    pthread_setspecific(late_key, &late_key);
  });
  EXPECT_FALSE(late_had_state);
  EXPECT_TRUE(late_pushed);
  pthread_key_delete(late_key);
}

TEST(Threads, RandomWordsDiffer) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_word());
  on_a_thread([&] {
    for (int i = 0; i < 1000; ++i) seen.insert(random_word());
  });
  EXPECT_EQ(seen.size(), 2000U);
  EXPECT_FALSE(seen.contains(0));
}

TEST(Threads, ThisProcessIsNoSilentClone) { EXPECT_FALSE(cloned_silently()); }

}  // namespace
}  // namespace nanospan::sdk
