// Between the API's timeouts, in milliseconds with 0 for no limit, and the deadlines that everything inside is given.
#pragma once

#include "base/time.h"

namespace nanospan::sdk {

inline base::Deadline deadline_of(std::uint64_t timeout_ms, const base::Clock& clock) {
  if (timeout_ms == 0 || timeout_ms > base::kNever / base::kNanosPerMilli) return base::Deadline::never();
  return base::Deadline::after(clock, timeout_ms * base::kNanosPerMilli);
}

/// Rounded up: what is late gets 1, as 0 is no limit.
inline std::uint64_t milliseconds_left(base::Deadline deadline, const base::Clock& clock) {
  const std::uint64_t left = deadline.left(clock.monotonic_now());
  return left == base::kNever ? 0 : left / base::kNanosPerMilli + 1;
}

}  // namespace nanospan::sdk
