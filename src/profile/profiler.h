// Profiler: the collector. Drains what the sampler's handlers recorded, keeps it in windows, and makes profiles of
// them for whoever asked.
//
// One sampler serves everybody: each asker has a window of its own over the same stream of samples, so two people who
// profile at once do not disturb each other. The first one's rate holds. Sampling stops with the last window.
//
// Everything runs on the loop's thread, callbacks included; the loop must run while a profile is under way. That thread
// itself is not sampled. One Profiler in a process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/event_loop.h"
#include "profile/model/profile.h"
#include "profile/model/stack_store.h"
#include "profile/model/window.h"
#include "profile/sampler/sampler.h"
#include "profile/symbol/symbolizer.h"

namespace nanospan::profile {

struct ProfilerOptions {
  unsigned hz = 100;                                   ///< Where the asker names none.
  unsigned hz_max = 1000;                              ///< The kernel's own tick caps what can be delivered.
  std::size_t windows_max = 16;                        ///< Profiles under way at one time.
  std::size_t store_bytes_max = std::size_t{6} << 20;  ///< Stacks and labels.
};

enum class WindowKind : std::uint8_t { kCpu, kThreads };

struct CollectRequest {
  WindowKind kind = WindowKind::kCpu;
  std::uint64_t nanos = 0;    ///< How long; kThreads: ignored.
  unsigned hz = 0;            ///< 0: the default.
  bool trace_labels = false;  ///< Trace and span id of each sample: many label sets.
};

class Profiler {
 public:
  using Done = net::UniqueFunction<void(Result<Profile>)>;

  /// On the loop's thread, or before it runs (then `loop_tid` is the thread that will run it).
  static Result<std::unique_ptr<Profiler>> create(net::EventLoop& loop, std::int32_t loop_tid, ProfilerOptions options);
  ~Profiler();

  /// Calls `done` when the time is over, or at once if it cannot be: kResourceExhausted, kUnavailable. Returns a number
  /// for cancel(), 0 if `done` was called.
  std::uint64_t collect(const CollectRequest& request, Done done);
  /// Forgets a collection: `done` is not called any more.
  void cancel(std::uint64_t collection);

  /// The functions at plain addresses of this process, for /debug/pprof/symbol; "" where there is none.
  std::string function_at(std::uint64_t pc);
  SamplerCounters counters() const { return sampler_->counters(); }
  const ProfilerOptions& options() const { return options_; }

 private:
  struct Collection {
    std::uint64_t id = 0;
    CollectRequest request;
    base::UnixNanos began_unix = 0;
    base::MonotonicNanos began = 0;
    base::MonotonicNanos until = 0;
    std::size_t awaited = 0;  // kThreads: answers still to come
    Window window;
    Done done;
  };

  Profiler(net::EventLoop& loop, std::unique_ptr<Sampler> sampler, ProfilerOptions options);
  Status begin_sampling(const Collection& collection);
  void ask_threads(Collection& collection);
  void tick();
  void drain();
  void on_sample(const SampledThread& thread, const Sample& sample);
  void finish_due();
  Profile make_profile(const Collection& collection);
  void stop_if_idle();

  net::EventLoop& loop_;
  const ProfilerOptions options_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<StackStore> store_;
  Symbolizer symbolizer_;
  std::vector<std::unique_ptr<Collection>> collections_;
  std::uint64_t last_id_ = 0;
  base::MonotonicNanos next_scan_ = 0;
  net::Timer timer_;
};

}  // namespace nanospan::profile
