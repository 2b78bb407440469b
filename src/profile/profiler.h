// Profiler: the collector. Drains what the sampler's handlers recorded, keeps it in windows, and makes profiles of
// them for whoever asked.
//
// One sampler serves everybody: each asker has a window of its own over the same stream of samples, so people who
// profile at once do not disturb each other. The highest rate that anybody asked for holds. Sampling stops with the
// last window, unless there is a history (continuous profiling), which never stops.
//
// Everything runs on the loop's thread, callbacks included; the loop must run while a profile is under way. That thread
// itself is not sampled. One Profiler in a process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "net/event_loop.h"
#include "profile/heap/heap_sampler.h"
#include "profile/model/history.h"
#include "profile/model/profile.h"
#include "profile/model/stack_store.h"
#include "profile/model/window.h"
#include "profile/sampler/sampler.h"
#include "profile/symbol/symbolizer.h"
#include "profile/wall_ticker.h"
#include "profile/window_profile.h"

namespace nanospan::profile {

struct ProfilerOptions {
  unsigned hz = 100;                                   ///< Where the asker names none.
  unsigned hz_max = 1000;                              ///< The kernel's own tick caps what can be delivered.
  std::size_t windows_max = 16;                        ///< Profiles under way at one time.
  std::size_t store_bytes_max = std::size_t{6} << 20;  ///< Stacks and labels of these.
  bool continuous = false;                             ///< Keep a history, at `hz`.
  HistoryOptions history = {};
  std::size_t heap_interval_bytes =
      kHeapIntervalBytes;  ///< Where nanospan::profile_heap is linked; 0: no heap samples.
  bool locks = true;       ///< Where nanospan::profile_locks is linked.
  /// Told what keeps it from sampling, once each time: the program took its signal. On the loop's thread.
  std::function<void(const std::string& line)> problem = {};
};

struct CollectRequest {
  WindowKind kind = WindowKind::kCpu;
  std::uint64_t nanos = 0;    ///< How long; kThreads: ignored; from kHeap on: 0 is all since the start.
  unsigned hz = 0;            ///< kCpu; 0: the default.
  bool trace_labels = false;  ///< kCpu: trace and span id of each sample: many label sets.
  bool lines = false;         ///< Files, lines and inlined functions, where nanospan::profile_lines is linked.
  bool all_in_use = false;    ///< kHeap with `nanos`: all that is in use at the end, not by how much that has changed.
};

/// CPU time of the requests of one route, since the start.
struct RouteTime {
  std::string route;
  std::uint64_t cpu_nanos = 0;
};

class Profiler {
 public:
  using Done = net::UniqueFunction<void(Result<Profile>)>;

  /// On the loop's thread, or before it runs (then `loop_tid` is the thread that will run it).
  static Result<std::unique_ptr<Profiler>> create(net::EventLoop& loop, std::int32_t loop_tid, ProfilerOptions options);
  ~Profiler();

  /// Calls `done` when the time is over, or at once if it cannot be: kResourceExhausted, kUnavailable; the latter also
  /// later, if the program takes the last signal. Returns a number for finish_early(), 0 if `done` was called.
  std::uint64_t collect(const CollectRequest& request, Done done);
  /// Ends a collection now, and calls `done` with what it has; nothing if it has ended.
  void finish_early(std::uint64_t collection);

  bool is_under_way(std::uint64_t collection) const;

  /// CPU time between two moments of the past. kNotFound: there is no history of them.
  Result<Profile> past(base::UnixNanos from, base::UnixNanos to, bool lines = false);
  /// By CPU time, the most first. Routes are known while spans are sampled.
  std::vector<RouteTime> routes() const;

  /// The functions at plain addresses of this process, for /debug/pprof/symbol; "" where there is none.
  std::vector<std::string> functions_at(const std::vector<std::uint64_t>& pcs);
  SamplerCounters counters() const { return sampler_->counters(); }
  std::size_t history_bytes() const { return history_ == nullptr ? 0 : history_->bytes(); }
  const ProfilerOptions& options() const { return options_; }
  bool samples_heap() const { return samples_heap_; }    ///< There are profiles of kHeap.
  bool samples_locks() const { return samples_locks_; }  ///< There are profiles of kMutex and kBlock.

 private:
  struct AskedThread {
    SampledThread thread;
    std::string state;            // as it was asked
    std::uint64_t cpu_nanos = 0;  // since it began
  };
  struct Collection {
    std::uint64_t id = 0;
    CollectRequest request;
    base::UnixNanos began_unix = 0;
    base::MonotonicNanos began = 0;
    base::MonotonicNanos until = 0;
    std::vector<AskedThread> awaited;  // kThreads: who has still to answer
    Window window;
    Done done;
  };

  Profiler(net::EventLoop& loop, std::unique_ptr<Sampler> sampler, ProfilerOptions options);
  void begin_window(Collection& collection);
  Status adapt_sampling();
  void ask_threads(Collection& collection);
  void add_thread(Collection& collection, const AskedThread& asked, std::uint32_t stack, LabelSet labels);
  void add_silent_threads(Collection& collection);
  void tick();
  void scan(base::MonotonicNanos now);
  void sample_again(base::MonotonicNanos now, bool was_running);
  void end_sampled(const Error& why);
  void drain();
  void on_sample(const SampledThread& thread, const Sample& sample);
  void make_room();
  void remember(const SampledThread& thread, const Sample& sample, std::uint64_t nanos);
  void tick_wall();
  bool any(WindowKind kind) const;
  void finish_due();
  Profile make_profile(const Collection& collection);
  Status begin_recorded(Collection& collection) const;
  void follow_code();
  std::uint64_t nanos_to_next_round() const;
  bool samples_always() const { return history_ != nullptr || samples_heap_ || samples_locks_; }
  Sampling sampling() const;
  void stop_if_idle();

  net::EventLoop& loop_;
  const ProfilerOptions options_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<StackStore> store_;
  bool store_has_old_ = false;  // of collections that have ended
  Symbolizer symbolizer_;
  std::vector<std::unique_ptr<Collection>> collections_;
  std::unique_ptr<History> history_;  // null: not continuous
  std::unordered_map<std::string, std::uint64_t> route_nanos_;
  WallTicker wall_;
  bool samples_heap_ = false;
  bool samples_locks_ = false;
  std::shared_ptr<const CodeMap> recorders_code_;
  std::uint64_t last_id_ = 0;
  base::MonotonicNanos next_scan_ = 0;
  base::MonotonicNanos next_full_scan_ = 0;
  unsigned quiet_rounds_ = 0;  // since the last sample
  net::Timer timer_;
};

}  // namespace nanospan::profile
