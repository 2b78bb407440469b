// The tick clock: Unix time from the processor's cycle counter, when the kernel itself trusts that counter.
//
// No spinning at start: until the export thread has seen some 20 ms pass, spans read the vDSO. From then on the scale
// is refined by slewing, never by stepping, except after a jump of more than a second (suspend, migration), which is
// counted. Scales are immutable; a replaced one stays readable for at least kScales refinements. Thread-safe: one
// refiner, any readers.
#pragma once

#include <atomic>
#include <cstdint>

#include <nanospan/detail/abi.h>

#include "base/time.h"

namespace nanospan::sdk {

/// A pair of readings taken together.
struct TickSample {
  std::uint64_t ticks;
  base::UnixNanos unix_nanos;
};

class TickClock {
 public:
  static constexpr std::uint64_t kFirstInterval = 20 * base::kNanosPerMilli;
  static constexpr std::uint64_t kInterval = 10 * base::kNanosPerSecond;

  /// `trusted`: the counter is invariant and the kernel's clock source.
  explicit TickClock(bool trusted) : trusted_(trusted) {}

  /// Null while the vDSO must be read.
  const detail::ClockScale* scale() const { return current_.load(std::memory_order_acquire); }

  /// True if a refinement is due at `sample`.
  bool due(base::UnixNanos now) const;
  /// Takes a new sample into account; true if scale() changed. REQUIRES: one caller at a time.
  bool refine(TickSample sample);
  /// Jumps of more than a second that were followed at once.
  std::uint64_t steps() const { return steps_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kScales = 64;
  static constexpr std::uint64_t kStep = base::kNanosPerSecond;

  void publish(detail::ClockScale scale);

  const bool trusted_;
  bool anchored_ = false;
  TickSample anchor_{};  // the first sample after start or a step
  TickSample latest_{};
  detail::ClockScale scales_[kScales] = {};
  std::size_t next_ = 0;
  std::atomic<const detail::ClockScale*> current_{nullptr};
  std::atomic<std::uint64_t> steps_{0};
};

/// The process's. Lives for ever.
TickClock& tick_clock();
/// A sample of the process's counter and clock, taken as close together as can be.
TickSample take_tick_sample();
/// Unix time now, by the cheapest clock that is ready.
base::UnixNanos unix_now();

}  // namespace nanospan::sdk
