// Pages for rings, slabs and thread state, all charged to one process-wide bound.
//
// Pages marked for it are zeroed by the kernel in a forked child (MADV_WIPEONFORK), so that a child never reuses random
// state or touches its parent's spans, even after a raw clone(). Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nanospan::sdk {

/// Bytes of rings and slabs that a process may hold; threads beyond it share one locked producer.
inline constexpr std::size_t kProducerBytesMax = 256U << 20;

/// Zeroed pages of at least `bytes`, or null if the bound or the kernel refuses.
void* map_pages(std::size_t bytes, bool wipe_on_fork);
void unmap_pages(void* pages, std::size_t bytes);
/// Makes the kernel provide all the pages now rather than one at each first touch. They may be in use. May do
/// nothing.
void touch_pages(void* pages, std::size_t bytes);
/// False once the kernel has refused to wipe a mapping on fork (Linux before 4.14, some sandboxes). Then only fork()
/// is safe, by wipe_after_fork(); the child of a raw clone() has its parent's spans and random state.
bool wiped_by_kernel();
/// In a forked child: zeroes what the kernel should have.
void wipe_after_fork();
/// Bytes now mapped.
std::size_t mapped_bytes();
/// In a forked child: what the parent had mapped no longer counts.
void forget_mapped_bytes();

}  // namespace nanospan::sdk
