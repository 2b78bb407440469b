// HeapSampler: what was allocated and what of it is still there, by stack, from samples: on average one for each
// `interval` bytes, at exponential distances, so that no pattern of sizes is overlooked or seen twice.
//
// A sampled object stands for 1 / (1 - exp(-size / interval)) of its size, which makes sums unbiased. Works where
// operator new and delete are those of operators.cc (nanospan::profile_heap); can be switched at any time: objects that
// were sampled are followed to their end either way.
//
// Thread-safe: the recorder's lock, taken once a sample, a freed sample, and for a snapshot. Memory of its own is
// bounded, never sampled, and what finds no room is counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "profile/record/stack_recorder.h"

namespace nanospan::profile {

inline constexpr std::size_t kHeapIntervalBytes = std::size_t{512} << 10;

/// The window's values.
enum HeapValue : std::size_t { kAllocObjects = 0, kAllocBytes = 1, kInuseObjects = 2, kInuseBytes = 3 };

namespace heap_sampler {

/// True if this program's operator new is ours.
bool is_linked();
/// Samples from now on, once every `interval_bytes` on average; 0: no more.
void set_interval(std::size_t interval_bytes);
/// How to walk the stacks; called again when the code changes.
void set_code(std::shared_ptr<const CodeMap> code);
/// The window has HeapValues.
RecorderSnapshot snapshot();
/// Samples whose end is not seen: there was no room.
std::uint64_t not_followed();

}  // namespace heap_sampler
}  // namespace nanospan::profile
