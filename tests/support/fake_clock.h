// A clock that moves only when a test says so.
#pragma once

#include <atomic>

#include "base/time.h"

namespace nanospan::testing {

class FakeClock final : public base::Clock {
 public:
  explicit FakeClock(base::UnixNanos unix_start = 1'700'000'000 * base::kNanosPerSecond) : unix_(unix_start) {}
  base::UnixNanos unix_now() const override { return unix_.load(); }
  base::MonotonicNanos monotonic_now() const override { return monotonic_.load(); }
  void advance(std::uint64_t nanos) {
    unix_ += nanos;
    monotonic_ += nanos;
  }

 private:
  std::atomic<base::UnixNanos> unix_;
  std::atomic<base::MonotonicNanos> monotonic_{base::kNanosPerSecond};
};

}  // namespace nanospan::testing
