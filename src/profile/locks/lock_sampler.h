// LockSampler: who waits for what: std::mutex that somebody else holds, std::condition_variable, by stack and span.
//
// Works where pthread_mutex_lock and the condition waits are those of interpose.cc (nanospan::profile_locks), for all
// code of the process. A wait is recorded with a probability of its length to a rate, for as many waits as that stands
// for: sums are unbiased, short waits cost little. The rate doubles with each kSamplesPerDoubling that are recorded in
// a second: a million waits in it are some 900 records, and sums are what they were. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>

#include "profile/record/stack_recorder.h"

namespace nanospan::profile {

/// The window's values. A wait for a mutex is in all four, as in Go.
enum LockValue : std::size_t { kMutexWaits = 0, kMutexNanos = 1, kBlockWaits = 2, kBlockNanos = 3 };

namespace lock_sampler {

inline constexpr std::uint64_t kRateNanos = 10'000;  ///< As each second begins.
inline constexpr std::uint64_t kSamplesPerDoubling = 64;

/// True if this program's pthread_mutex_lock is ours.
bool is_linked();
void set_watching(bool on);
void set_code(std::shared_ptr<const CodeMap> code);
RecorderSnapshot snapshot();

}  // namespace lock_sampler
}  // namespace nanospan::profile
