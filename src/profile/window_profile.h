// From the sums of a window to a profile: which values it has, what they are called, and what is said of how they were
// taken. The caller has put in when, how long, and whether files and lines are wanted. Plain functions, for one thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "profile/model/profile.h"
#include "profile/model/stack_store.h"
#include "profile/model/window.h"
#include "profile/record/stack_recorder.h"
#include "profile/sampler/sampler.h"
#include "profile/symbol/symbolizer.h"

namespace nanospan::profile {

enum class WindowKind : std::uint8_t { kCpu, kWall, kThreads, kHeap, kMutex, kBlock };

/// Of what threads record by themselves, without being sampled.
constexpr bool is_recorded(WindowKind kind) { return kind >= WindowKind::kHeap; }

// What a window counts for a sample.
inline constexpr std::size_t kCountValue = 0, kNanosValue = 1;

/// How samples are taken, and what became of them.
struct Sampling {
  int signal = 0;
  unsigned hz = 0;
  std::uint64_t wall_tick_nanos = 0;
  SamplerCounters counters;
  std::size_t history_bytes = 0;
};

/// REQUIRES: !is_recorded(kind).
void fill_sampled(WindowKind kind, const Window& window, const StackStore& store, const Sampling& sampling,
                  Symbolizer& symbolizer, Profile& profile);
/// `window` has numbers of `now.store`. REQUIRES: is_recorded(kind).
void fill_recorded(WindowKind kind, const Window& window, const RecorderSnapshot& now, std::size_t heap_interval_bytes,
                   Symbolizer& symbolizer, Profile& profile);

}  // namespace nanospan::profile
