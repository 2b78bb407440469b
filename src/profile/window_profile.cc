// Go's names of types and values, so that its tools know them. Threads: see the header.
#include "profile/window_profile.h"

#include <string>
#include <vector>

#include "base/time.h"
#include "profile/build_profile.h"
#include "profile/heap/heap_sampler.h"
#include "profile/locks/lock_sampler.h"

namespace nanospan::profile {
namespace {

std::string number_text(const char* name, std::uint64_t value) {
  return std::string(name) + "=" + std::to_string(value);
}

std::vector<std::string> comments_of(const Sampling& sampling, const StackStore& store) {
  const SamplerCounters& counters = sampling.counters;
  return {
      number_text("signal", static_cast<std::uint64_t>(sampling.signal)),
      number_text("samples", counters.samples),
      number_text("handler_ns_per_sample", counters.samples == 0 ? 0 : counters.handler_nanos / counters.samples),
      number_text("stacks_to_root", counters.to_root),
      number_text("stacks_lost", counters.lost),
      number_text("stacks_in_unknown_code", counters.unknown_code),
      number_text("stacks_truncated", counters.truncated),
      number_text("stacks_without_room", store.overflowed()),
      number_text("dropped_ring_full", counters.dropped_ring_full),
      number_text("signal_lost", counters.signal_lost),
      number_text("foreign_signals", counters.foreign_signals),
      number_text("threads_unarmed", counters.threads_unarmed),
      number_text("threads_over_limit", counters.threads_over_limit),
      number_text("samples_in_spans", counters.in_span),
      number_text("samples_with_route", counters.with_route),
      number_text("unwind_table_bytes", counters.table_bytes),
      number_text("history_bytes", sampling.history_bytes),
  };
}

std::uint64_t period_nanos(WindowKind kind, const Sampling& sampling) {
  if (kind == WindowKind::kWall) return sampling.wall_tick_nanos;
  return sampling.hz == 0 ? 0 : base::kNanosPerSecond / sampling.hz;
}

}  // namespace

void fill_sampled(WindowKind kind, const Window& window, const StackStore& store, const Sampling& sampling,
                  Symbolizer& symbolizer, Profile& profile) {
  std::vector<Column> columns;
  if (kind == WindowKind::kThreads) {
    columns = {{{"threads", "count"}, kCountValue, 1}, {{"cpu", "nanoseconds"}, kNanosValue, 1}};
    profile.period = 1;
  } else {
    const char* const name = kind == WindowKind::kCpu ? "cpu" : "wall";
    columns = {{{"samples", "count"}, kCountValue, 1}, {{name, "nanoseconds"}, kNanosValue, 1}};
    profile.period = static_cast<std::int64_t>(period_nanos(kind, sampling));
    profile.default_type = 1;
  }
  profile.period_type = columns[profile.default_type].type;
  build_samples(window, store, symbolizer, columns, profile);
  profile.comments = comments_of(sampling, store);
}

void fill_recorded(WindowKind kind, const Window& window, const RecorderSnapshot& now, std::size_t heap_interval_bytes,
                   Symbolizer& symbolizer, Profile& profile) {
  std::vector<Column> columns;
  profile.comments = {number_text("samples", now.samples), number_text("stacks_without_room", now.store.overflowed())};
  if (kind == WindowKind::kHeap) {
    columns = {{{"alloc_objects", "count"}, kAllocObjects, 1},
               {{"alloc_space", "bytes"}, kAllocBytes, 1},
               {{"inuse_objects", "count"}, kInuseObjects, 1},
               {{"inuse_space", "bytes"}, kInuseBytes, 1}};
    profile.default_type = kInuseBytes;
    profile.period_type = {"space", "bytes"};
    profile.period = static_cast<std::int64_t>(heap_interval_bytes);
    profile.comments.push_back(number_text("not_followed", heap_sampler::not_followed()));
  } else {
    const bool is_mutex = kind == WindowKind::kMutex;
    columns = {{{"contentions", "count"}, is_mutex ? kMutexWaits : kBlockWaits, 1},
               {{"delay", "nanoseconds"}, is_mutex ? kMutexNanos : kBlockNanos, 1}};
    profile.default_type = 1;
    profile.period_type = {"contentions", "count"};
    profile.period = 1;
  }
  build_samples(window, now.store, symbolizer, columns, profile);
}

}  // namespace nanospan::profile
