// Time as the internal modules pass it around: 64-bit nanoseconds, and the clock seam that tests replace.
//
// Two kinds never mix: UnixNanos is wall time (for records), MonotonicNanos is for deadlines and timers.
#pragma once

#include <cstdint>
#include <limits>

namespace nanospan::base {

using UnixNanos = std::uint64_t;       ///< Nanoseconds since 1970-01-01 UTC.
using MonotonicNanos = std::uint64_t;  ///< CLOCK_MONOTONIC; only differences and comparisons mean something.

inline constexpr std::uint64_t kNanosPerMicro = 1'000;
inline constexpr std::uint64_t kNanosPerMilli = 1'000'000;
inline constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;
inline constexpr MonotonicNanos kNever = std::numeric_limits<MonotonicNanos>::max();

/// `nanos` after `from`; kNever if either of them is without end.
constexpr MonotonicNanos later(MonotonicNanos from, std::uint64_t nanos) {
  return nanos > kNever - from ? kNever : from + nanos;
}

/// The clock seam. Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual UnixNanos unix_now() const = 0;
  virtual MonotonicNanos monotonic_now() const = 0;
};

/// The operating system's clocks (vDSO). Lives for ever.
const Clock& system_clock();

/// One moment by which a whole operation must be done; passed down unchanged to everything it waits for.
struct Deadline {
  MonotonicNanos at = kNever;

  static Deadline never() { return {}; }
  static Deadline after(const Clock& clock, std::uint64_t nanos) { return {later(clock.monotonic_now(), nanos)}; }
  bool passed(MonotonicNanos now) const { return now >= at; }
  /// Nanoseconds left at `now`; 0 once passed, kNever if there is no deadline.
  std::uint64_t left(MonotonicNanos now) const { return at == kNever ? kNever : (now >= at ? 0 : at - now); }
};

}  // namespace nanospan::base
