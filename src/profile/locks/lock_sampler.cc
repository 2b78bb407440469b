// A wait is recorded with the chance of its length against the rate of this moment. Threads: see the header.
#include "profile/locks/lock_sampler.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <utility>

#include "base/time.h"
#include "profile/locks/interpose.h"

#pragma weak nanospan_lock_interposer_r1

namespace nanospan::profile {

constinit std::atomic<bool> locks_watched{false};

namespace {

constexpr std::size_t kLockFramesOfOurs = 2;  // lock_waited, pthread_...
constexpr std::uint64_t kDoublingsMax = 30;   // of 10 us: hours

std::atomic<std::uint64_t> rate_nanos{lock_sampler::kRateNanos};

struct LockState {
  StackRecorder recorder;
  std::uint64_t second = 0;  // under the recorder's lock, as the rest
  std::uint64_t this_second = 0;
};

std::atomic<LockState*> in_use{nullptr};  // null until it is first asked for; lives as long as the process

LockState& lock_state() {
  // A child is not watched, and leaves this state alone: one of its parent's threads may be at it.
  static const int once = ::pthread_atfork(nullptr, nullptr, [] {
    locks_watched.store(false, std::memory_order_relaxed);
    in_use.store(nullptr, std::memory_order_relaxed);
  });
  static_cast<void>(once);
  LockState* known = in_use.load(std::memory_order_acquire);
  if (known != nullptr) return *known;
  auto fresh = std::make_unique<LockState>();
  return *(in_use.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel) ? fresh.release() : known);
}

/// The more this second has had, the less likely is the next.
void adapt_rate(LockState& state) {
  const std::uint64_t second = lock_clock_nanos() / base::kNanosPerSecond;
  if (second != state.second) {
    state.second = second;
    state.this_second = 0;
  }
  const std::uint64_t doublings = std::min(++state.this_second / lock_sampler::kSamplesPerDoubling, kDoublingsMax);
  rate_nanos.store(lock_sampler::kRateNanos << doublings, std::memory_order_relaxed);
}

}  // namespace

std::uint64_t lock_clock_nanos() { return base::system_clock().monotonic_now(); }

[[gnu::noinline]] void lock_waited(std::uint64_t nanos, bool for_mutex) {
  if (StackRecorder::busy() || nanos == 0) return;
  const double chance = static_cast<double>(nanos) / static_cast<double>(rate_nanos.load(std::memory_order_relaxed));
  if (chance < 1 && StackRecorder::uniform() > chance) return;
  const double stands_for = chance < 1 ? 1 / chance : 1;
  LockState* const now = in_use.load(std::memory_order_acquire);
  if (now == nullptr) return;
  StackRecorder::Entered entered(now->recorder);
  if (!entered.ready()) return;
  adapt_rate(*now);
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

}  // namespace lock_sampler
}  // namespace nanospan::profile
