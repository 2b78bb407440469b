// Between interpose.cc, which is linked on request, and the sampler.
#pragma once

#include <atomic>
#include <cstdint>

/// Tells the profiler that it is there. Referred to weakly; its value means nothing.
extern "C" [[gnu::visibility("default")]] const char nanospan_lock_interposer_r1;

namespace nanospan::profile {

/// Waits are of interest now.
extern constinit std::atomic<bool> locks_watched;

std::uint64_t lock_clock_nanos();
/// The calling function's caller waited for this long.
void lock_waited(std::uint64_t nanos, bool for_mutex);

}  // namespace nanospan::profile
