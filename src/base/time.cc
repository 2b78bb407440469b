// The clocks are the kernel's, through the vDSO. Thread-safe.
#include "base/time.h"

#include <time.h>

#include "base/immortal.h"

namespace nanospan::base {
namespace {

std::uint64_t read_clock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kNanosPerSecond + static_cast<std::uint64_t>(now.tv_nsec);
}

class SystemClock final : public Clock {
 public:
  UnixNanos unix_now() const override { return read_clock(CLOCK_REALTIME); }
  MonotonicNanos monotonic_now() const override { return read_clock(CLOCK_MONOTONIC); }
};

}  // namespace

const Clock& system_clock() {
  static Immortal<SystemClock> clock;  // the export thread and exit handlers read it after static destructors have run
  return *clock;
}

}  // namespace nanospan::base
