// Counts calls of operator new in a test program that is linked with allocations.cc, which replaces the global
// operators.
#pragma once

#include <atomic>
#include <cstdint>

namespace nanospan::testing {

extern std::atomic<std::uint64_t> allocation_count;

/// Allocations by all threads while `work` runs.
template <class Work>
std::uint64_t allocations_of(Work&& work) {
  const std::uint64_t before = allocation_count.load();
  work();
  return allocation_count.load() - before;
}

}  // namespace nanospan::testing
