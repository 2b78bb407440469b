// ThreadSlot: what the signal handler needs of one thread that is sampled. Slots are a fixed pool; the timer's signal
// carries the number of a slot, so a thread is found without thread-local storage of ours and without cooperation.
//
// A slot is given out and taken back by the collector; in between its ring and its counters are written by the
// handler on the thread `tid`. A signal may still be pending when the slot has gone to another thread: the handler
// compares thread ids, and `entered` keeps two handlers out of one slot.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "profile/sampler/sample.h"
#include "profile/sampler/sample_ring.h"
#include "profile/unwind/row_cache.h"

namespace nanospan::profile {

struct ThreadSlot {
  std::atomic<std::int32_t> tid{0};       ///< 0: free.
  std::atomic<std::uint32_t> entered{0};  ///< Odd while a handler is inside.
  std::atomic<std::uint32_t> asked{0};    ///< By interrupt(), not answered yet: a bit for each SampleKind.
  std::atomic<std::uint64_t> dropped_full{0};
  SampleRing ring;
  std::unique_ptr<RowCache> rules;  ///< Of the handler alone; made with the ring, and kept.
};

inline constexpr std::size_t kSlots = 1024;

constexpr std::uint32_t asked_bit(SampleKind kind) { return 1u << static_cast<std::uint32_t>(kind); }

}  // namespace nanospan::profile
