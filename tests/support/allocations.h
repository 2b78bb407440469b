// Counts calls of operator new in a test program. Including this replaces the global operators of the whole program;
// they are weak, so several test files may.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace nanospan::testing {

inline constinit std::atomic<std::uint64_t> allocation_count{0};

/// Allocations by all threads while `work` runs.
template <class Work>
std::uint64_t allocations_of(Work&& work) {
  const std::uint64_t before = allocation_count.load();
  work();
  return allocation_count.load() - before;
}

}  // namespace nanospan::testing

[[gnu::weak]] void* operator new(std::size_t size) {
  nanospan::testing::allocation_count.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(size != 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::weak]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  nanospan::testing::allocation_count.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size != 0 ? size : 1);
}
[[gnu::weak]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::weak]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
