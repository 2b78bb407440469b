#include "sdk/runtime/ring.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "sdk/runtime/memory.h"

namespace nanospan::sdk {
namespace {

using detail::ThreadState;

// A producer's state with its first ring, and both ends of it.
class RingTest : public ::testing::Test {
 protected:
  RingTest() {
    use_ring(*thread_, make_ring(kFirstRingBytes));
    thread_->draining = thread_->ring;
  }
  ~RingTest() override { destroy_ring(thread_->draining); }

  // A frame whose payload is `size` bytes of `fill`, from tracer `tracer` of slot 3.
  bool push(std::size_t size, std::uint8_t fill, std::uint16_t tracer = 7) {
    std::vector<std::uint8_t> frame(FrameHeader::kBytes + size, fill);
    const std::uint64_t word = std::uint64_t{3} << 56 | std::uint64_t{tracer} << 32;
    FrameHeader::make(FrameKind::kSpan, word, frame.size()).write(frame.data());
    return push_frame(*thread_, frame.data(), frame.size());
  }
  // Drains; checks that each payload is of one byte value, and returns (value, size) of each.
  std::vector<std::pair<int, std::size_t>> drain() {
    std::vector<std::pair<int, std::size_t>> frames;
    drain_frames(*thread_, [&](FrameHeader header, std::span<const std::uint8_t> payload) {
      EXPECT_EQ(header.slot(), 3U);
      for (const std::uint8_t byte : payload) EXPECT_EQ(byte, payload[0]);
      frames.emplace_back(payload[0], payload.size());
    });
    return frames;
  }

  std::unique_ptr<ThreadState> thread_ = std::make_unique<ThreadState>();
};

TEST_F(RingTest, GivesBackFramesInOrderWithTheirSize) {
  EXPECT_TRUE(push(1, 1));
  EXPECT_TRUE(push(600, 2));
  EXPECT_TRUE(push(8, 3));
  EXPECT_EQ(drain(), (std::vector<std::pair<int, std::size_t>>{{1, 1}, {2, 600}, {3, 8}}));
  EXPECT_TRUE(drain().empty());
}

TEST_F(RingTest, AFrameNeverWrapsSoManyRoundsStayWhole) {
  for (int round = 0; round < 2000; ++round) {
    const auto fill = static_cast<std::uint8_t>(round);
    const std::size_t size = 100 + static_cast<std::size_t>(round * 37 % 900);
    ASSERT_TRUE(push(size, fill));
    ASSERT_EQ(drain(), (std::vector<std::pair<int, std::size_t>>{{fill, size}})) << round;
  }
}

TEST_F(RingTest, GrowsWhenFullAndLosesNothingOnTheWay) {
  std::size_t pushed = 0;
  while (push(1000, static_cast<std::uint8_t>(pushed))) ++pushed;
  EXPECT_EQ(thread_->ring->size, kLastRingBytes);
  EXPECT_GT(pushed * 1000, kLastRingBytes * 9 / 10);
  const auto frames = drain();
  ASSERT_EQ(frames.size(), pushed);
  for (std::size_t i = 0; i < pushed; ++i) EXPECT_EQ(frames[i].first, static_cast<std::uint8_t>(i));
  EXPECT_EQ(thread_->draining, thread_->ring) << "the smaller rings are gone";
  EXPECT_TRUE(push(1000, 1)) << "and there is room again";
}

TEST_F(RingTest, PeekingCountsWithoutConsuming) {
  push(10, 1);
  push(10, 2);
  std::size_t seen = 0;
  peek_frames(*thread_, [&](FrameHeader, std::span<const std::uint8_t>) { ++seen; });
  EXPECT_EQ(seen, 2U);
  EXPECT_EQ(drain().size(), 2U);
}

TEST_F(RingTest, AFrameLargerThanAQuarterTravelsByPointer) {
  ASSERT_TRUE(push(3 << 20, 9));
  EXPECT_LT(waiting_bytes(*thread_), 100U);
  EXPECT_EQ(drain(), (std::vector<std::pair<int, std::size_t>>{{9, 3 << 20}}));
}

TEST_F(RingTest, WhatTravelsByPointerIsChargedToTheBound) {
  const std::size_t before = mapped_bytes();
  std::size_t pushed = 0;
  while (pushed < 1000 && push(3 << 20, 1)) ++pushed;
  EXPECT_EQ(pushed, (kProducerBytesMax - before) / (3 << 20)) << "refused at the bound, not by the kernel";
  EXPECT_EQ(drain().size(), pushed);
  EXPECT_EQ(mapped_bytes(), before);
  EXPECT_TRUE(push(3 << 20, 1)) << "and there is room again";
  drain();
}

TEST_F(RingTest, AtTheMemoryBoundARingServesOnWithoutGrowing) {
  std::vector<std::pair<void*, std::size_t>> hoard;
  for (std::size_t bytes = kProducerBytesMax; bytes >= 4096; bytes /= 2) {
    while (void* pages = map_pages(bytes, false)) hoard.emplace_back(pages, bytes);
  }
  std::size_t pushed = 0;
  while (push(1000, 1)) ++pushed;
  EXPECT_EQ(thread_->ring->size, kFirstRingBytes);
  EXPECT_GT(pushed, 10U);
  EXPECT_FALSE(push(3 << 20, 1));
  EXPECT_EQ(drain().size(), pushed);
  EXPECT_TRUE(push(1000, 1));
  drain();
  for (const auto& [pages, bytes] : hoard) unmap_pages(pages, bytes);
}

TEST_F(RingTest, TheProducerTakesTheLargerRingThatTheDrainOffers) {
  push(10, 1);
  offer_larger_ring(*thread_->ring);
  offer_larger_ring(*thread_->ring);
  push(10, 2);
  EXPECT_EQ(thread_->ring->size, kFirstRingBytes * kRingGrowth);
  EXPECT_EQ(drain().size(), 2U);
}

TEST_F(RingTest, ALargerRingThatNobodyTookGoesWithTheOneItWasOfferedFor) {
  const std::size_t before = mapped_bytes();
  detail::Ring* ring = make_ring(kFirstRingBytes);
  offer_larger_ring(*ring);
  EXPECT_GT(mapped_bytes(), before + kFirstRingBytes * kRingGrowth);
  destroy_ring(ring);
  EXPECT_EQ(mapped_bytes(), before);
}

TEST_F(RingTest, ARingThatTheProducerHasLeftIsOfferedNone) {
  detail::Ring* first = thread_->ring;
  while (thread_->ring == first) ASSERT_TRUE(push(1000, 1));
  const std::size_t before = mapped_bytes();
  offer_larger_ring(*first);
  EXPECT_EQ(mapped_bytes(), before);
  drain();
}

TEST_F(RingTest, TheLargestRingIsOfferedNone) {
  detail::Ring* ring = make_ring(kLastRingBytes);
  offer_larger_ring(*ring);
  EXPECT_EQ(ring->larger.load(), nullptr);
  destroy_ring(ring);
}

/// Pages of a ring that take memory.
std::size_t resident_pages(const detail::Ring& ring) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> pages(ring.size / page);
  const auto first = reinterpret_cast<std::uintptr_t>(ring.base) / page * page;
  EXPECT_EQ(::mincore(reinterpret_cast<void*>(first), ring.size, pages.data()), 0);
  return static_cast<std::size_t>(
      std::count_if(pages.begin(), pages.end(), [](auto flags) { return (flags & 1) != 0; }));
}

TEST_F(RingTest, TheDrainProvidesThePagesOfALargerRing) {
  push(10, 1);
  touch_ring(*thread_->ring);
  EXPECT_LT(resident_pages(*thread_->ring), kFirstRingBytes / 4096) << "a thread's first ring may be all it needs";
  while (thread_->ring->size == kFirstRingBytes) ASSERT_TRUE(push(1000, 1));
  const auto frames = drain();
  touch_ring(*thread_->draining);
  EXPECT_EQ(resident_pages(*thread_->ring), thread_->ring->size / 4096);
  ASSERT_TRUE(push(10, 2));
  EXPECT_EQ(drain().size(), 1U);
}

TEST_F(RingTest, ProducerAndDrainRunAtOnce) {
  constexpr int kFrames = 20'000;
  int received = 0;
  std::thread producer([&] {
    for (int i = 0; i < kFrames;) {
      if (push(50 + static_cast<std::size_t>(i % 700), static_cast<std::uint8_t>(i))) ++i;
    }
  });
  while (received < kFrames) {
    touch_ring(*thread_->draining);
    for (const auto& [fill, size] : drain()) {
      ASSERT_EQ(fill, static_cast<std::uint8_t>(received));
      ASSERT_EQ(size, 50U + static_cast<std::size_t>(received % 700));
      ++received;
    }
  }
  producer.join();
}

}  // namespace
}  // namespace nanospan::sdk
