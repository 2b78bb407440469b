// Producing threads: their state, their slabs, and what happens when they exit or the process forks.
//
// Each thread that starts a sampled span owns a ThreadState, a few slabs and a ring; at its exit the state goes to
// whoever needs one next, with its ring still to be drained. States, slabs and registry live for ever, so spans may
// start and end in static destructors. A thread that can get no state (memory bound, late in its exit) uses the shared
// one under a lock.
#pragma once

#include <cstdint>
#include <mutex>

#include <nanospan/detail/abi.h>

namespace nanospan::sdk {

/// Makes the shared state while there is memory for it. Idempotent.
void prepare_threads();

/// The state of this thread, made on first use; null if memory is refused. Starts afresh in a forked child.
detail::ThreadState* thread_state();

/// A slab for a span that starts on this thread: its own, or the shared state's. Null if memory is refused.
detail::Slab* take_slab();

/// Gives a slab whose span has ended back to its owner, from any thread.
void give_back_slab(detail::Slab* slab);

/// Pushes a frame to this thread's ring, or the shared one. False if it was dropped; counts `ended` and drops by
/// provider slot.
bool push_frame_here(const std::uint8_t* frame, std::size_t size, std::size_t slot);

/// Random bits of this thread's generator, seeded from the kernel; works without a state too. Never zero.
std::uint64_t random_word();

/// True in a child of a raw clone(): no fork handler ran, threads and locks are as the parent left them. There every
/// span is a no-op, and what could wait for the parent's threads must not.
bool cloned_silently();

/// How many forks lie between this process and the one that first loaded the SDK.
std::uint64_t forks();

/// All states ever made, also those whose thread has exited; for the drain and the ledger.
detail::ThreadState* first_thread_state();

std::uint64_t ended_spans(std::size_t slot);
std::uint64_t ring_drops(std::size_t slot);

/// Restores the bytes of a slab that every span shares, and the state in which free slabs lie.
void make_free(detail::Slab* slab);

/// Taken by fork handlers, so that a child finds the registry whole. Taken before the Drain's lock.
void lock_threads();
void unlock_threads();
void reset_threads_after_fork();

}  // namespace nanospan::sdk
