// LockSampler: who waits for what: std::mutex that somebody else holds, std::condition_variable, by stack and span.
//
// Works where pthread_mutex_lock and the condition waits are those of interpose.cc (nanospan::profile_locks), for all
// code of the process. A wait is counted with a probability of its length to kRateNanos, for as much more: sums are
// unbiased, short waits cost little. At most kSamplesPerSecondMax are recorded; the rest is counted. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>

#include "profile/record/stack_recorder.h"

namespace nanospan::profile {

/// The window's values. A wait for a mutex is in all four, as in Go.
enum LockValue : std::size_t { kMutexWaits = 0, kMutexNanos = 1, kBlockWaits = 2, kBlockNanos = 3 };

namespace lock_sampler {

inline constexpr std::uint64_t kRateNanos = 10'000;
inline constexpr std::uint64_t kSamplesPerSecondMax = 1000;

/// True if this program's pthread_mutex_lock is ours.
bool is_linked();
void set_watching(bool on);
void set_code(std::shared_ptr<const CodeMap> code);
RecorderSnapshot snapshot();
/// Waits that were not recorded, since there were too many.
std::uint64_t over_limit();

}  // namespace lock_sampler
}  // namespace nanospan::profile
