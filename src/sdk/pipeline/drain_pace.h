// DrainPace: how long the export thread sleeps between two looks at the rings, by how fast they fill.
//
//   nothing waits, or little      the next sleep is a quarter longer, up to a limit
//   a sixteenth of a ring waits   half as long
//   half of the largest waits     at once half of what it is after a deep sleep, or less
//
// The last, as the producer had to wake this thread, and would again while sleeps are halved one by one from a second;
// smaller rings grow instead, as far as memory is allowed. What waits should be far from the watermark: a sleep may
// last some milliseconds longer than it was asked for, and each End that looks at the drain pays for cache misses. A
// plain value of the export thread; times in nanoseconds.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"
#include "sdk/runtime/ring.h"

namespace nanospan::sdk {

class DrainPace {
 public:
  static constexpr std::uint64_t kShortest = 500 * base::kNanosPerMicro;
  /// Of a thread that spans have woken: half of the largest ring in this time is 400,000 spans of 500 bytes a second.
  static constexpr std::uint64_t kFirst = 5 * base::kNanosPerMilli;

  /// The next sleep.
  std::uint64_t interval() const { return interval_; }
  /// Spans came after a deep sleep: nobody knows yet how fast they come.
  void begin(std::uint64_t limit) { interval_ = std::min(kFirst, limit); }
  /// A round begins. `limit` is at least kShortest.
  void lengthen(std::uint64_t limit) { interval_ = std::min(limit, interval_ + interval_ / 4); }
  /// In this round `waiting` bytes were in a ring of `ring_bytes`.
  void see(std::uint64_t ring_bytes, std::uint64_t waiting) {
    if (ring_bytes == kLastRingBytes && waiting >= watermark_bytes(ring_bytes)) interval_ = std::min(interval_, kFirst);
    if (waiting >= std::max(ring_bytes / 16, kLeastShare)) interval_ = std::max(kShortest, interval_ / 2);
  }

 private:
  // A few spans are no reason to come more often.
  static constexpr std::uint64_t kLeastShare = 2U << 10;

  std::uint64_t interval_ = kShortest;
};

}  // namespace nanospan::sdk
