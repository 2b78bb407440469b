// The inlined half of heap sampling: a countdown of bytes for each thread, and what it jumps to when it is over.
//
// An allocation costs a subtraction and a branch, a deallocation a test of the pointer's low bits: sampled objects lie
// at the beginning of a page, where malloc puts nothing by itself. Used by operators.cc, which is linked on request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace nanospan::profile {

/// Bytes that this thread may allocate before the next sample.
[[gnu::tls_model("initial-exec")]] extern constinit thread_local std::int64_t heap_bytes_left;

inline constexpr std::uintptr_t kSampledAlignment = 4096;

/// Memory that is not sampled; null if there is none.
inline void* heap_allocate_plainly(std::size_t size, std::size_t alignment) {
  if (alignment <= alignof(std::max_align_t)) return std::malloc(size == 0 ? 1 : size);
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  return rounded < size ? nullptr : std::aligned_alloc(alignment, rounded);
}

/// The countdown is over: samples the allocation, or not, and returns its memory; null if there is none.
void* heap_allocate_slowly(std::size_t size, std::size_t alignment);
/// `pointer` may be a sampled object: forgets it.
void heap_forget(void* pointer);

inline bool may_be_sampled(const void* pointer) {
  return (reinterpret_cast<std::uintptr_t>(pointer) & (kSampledAlignment - 1)) == 0;
}

}  // namespace nanospan::profile
