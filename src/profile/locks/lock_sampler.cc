// A wait is recorded with the chance of its length against the rate, up to so many a second. Threads: see the header.
#include "profile/locks/lock_sampler.h"

#include <pthread.h>

#include <cmath>
#include <utility>

#include "base/immortal.h"
#include "base/time.h"
#include "profile/locks/interpose.h"

#pragma weak nanospan_lock_interposer_r1

namespace nanospan::profile {

constinit std::atomic<bool> locks_watched{false};

namespace {

constexpr std::size_t kLockFramesOfOurs = 2;  // lock_waited, pthread_...

struct LockState {
  StackRecorder recorder;
  std::uint64_t second = 0;  // under the recorder's lock, as the rest
  std::uint64_t this_second = 0;
  std::uint64_t over_limit = 0;
};

LockState& lock_state() {
  static base::Immortal<LockState> only;
  static const int once = ::pthread_atfork([] { (*only).recorder.lock(); }, [] { (*only).recorder.unlock(); },
                                           [] { (*only).recorder.unlock(); });
  static_cast<void>(once);
  return *only;
}

/// False if this second has had its samples.
bool within_limit(LockState& state) {
  const std::uint64_t second = lock_clock_nanos() / base::kNanosPerSecond;
  if (second != state.second) {
    state.second = second;
    state.this_second = 0;
  }
  if (state.this_second++ < lock_sampler::kSamplesPerSecondMax) return true;
  ++state.over_limit;
  return false;
}

}  // namespace

std::uint64_t lock_clock_nanos() { return base::system_clock().monotonic_now(); }

[[gnu::noinline]] void lock_waited(std::uint64_t nanos, bool for_mutex) {
  if (StackRecorder::busy() || nanos == 0) return;
  const double chance = static_cast<double>(nanos) / lock_sampler::kRateNanos;
  if (chance < 1 && StackRecorder::uniform() > chance) return;
  const double stands_for = chance < 1 ? 1 / chance : 1;
  LockState& now = lock_state();
  StackRecorder::Entered entered(now.recorder);
  if (!entered.ready() || !within_limit(now)) return;
  const std::int64_t waits = std::llround(stands_for);
  const std::int64_t total = std::llround(stands_for * static_cast<double>(nanos));
  entered.add(entered.place(Registers::here(), kLockFramesOfOurs),
              {for_mutex ? waits : 0, for_mutex ? total : 0, waits, total});
}

namespace lock_sampler {

bool is_linked() { return &nanospan_lock_interposer_r1 != nullptr; }

void set_watching(bool on) {
  lock_state();
  locks_watched.store(on, std::memory_order_relaxed);
}

void set_code(std::shared_ptr<const CodeMap> code) { lock_state().recorder.set_code(std::move(code)); }

RecorderSnapshot snapshot() { return lock_state().recorder.snapshot(); }

std::uint64_t over_limit() {
  LockState& now = lock_state();
  const StackRecorder::Entered entered(now.recorder);
  return now.over_limit;
}

}  // namespace lock_sampler
}  // namespace nanospan::profile
