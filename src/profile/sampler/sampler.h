// Sampler: keeps the timers armed, the unwind tables current, and hands out what the threads' handlers recorded.
//
// Everything is for one thread, the collector's; the handlers run wherever the signals go (signal.h). One Sampler at a
// time in a process. Costs nothing while it is not started.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "profile/sampler/sample.h"
#include "profile/sampler/thread_timers.h"
#include "profile/unwind/loaded_code.h"

namespace nanospan::profile {

/// Where every sample went, and what it cost.
struct SamplerCounters {
  std::uint64_t samples = 0;
  std::uint64_t weight = 0;         ///< Ticks; more than samples where the kernel could not deliver in time.
  std::uint64_t handler_nanos = 0;  ///< In our handler, without the kernel's entry and exit.
  std::uint64_t to_root = 0;        ///< Stacks that reached the thread's first function.
  std::uint64_t truncated = 0;      ///< Deeper than kFramesMax.
  std::uint64_t lost = 0;           ///< Ended in known code: no rule led further, or the stack made no sense.
  std::uint64_t unknown_code = 0;   ///< Ended in code of no object that was known: generated, or loaded just now.
  std::uint64_t dropped_ring_full = 0;
  std::uint64_t foreign_signals = 0;
  std::uint64_t in_span = 0;          ///< Taken while a span was current ...
  std::uint64_t with_route = 0;       ///< ... and with its route known.
  std::uint64_t threads_unarmed = 0;  ///< Now: no timer to be had (RLIMIT_SIGPENDING).
  std::uint64_t threads_over_limit = 0;
  std::uint64_t table_bytes = 0;
  std::uint64_t signal_lost = 0;  ///< Somebody else took the signal while we sampled.
};

class Sampler {
 public:
  using Sink = std::function<void(const SampledThread& thread, const Sample& sample)>;

  /// `except`: threads that are not sampled. kAlreadyExists, kUnsupported (not x86-64).
  static Result<std::unique_ptr<Sampler>> create(std::vector<std::int32_t> except);
  ~Sampler();
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  /// Samples every thread `hz` times per second of its CPU time; a later call changes the rate. `hz` 0: only what
  /// interrupt() asks for.
  Status start(unsigned hz);
  void stop(const Sink& sink);
  bool running() const { return running_; }
  unsigned hz() const { return hz_; }
  /// The signal in use; 0 before the first start().
  int signal() const { return signal_; }

  /// Takes what the rings hold. To be called often enough that they do not overflow: ten times a second.
  void drain(const Sink& sink);
  /// Looks for new threads and newly loaded code; with `all` false for threads only if their number has changed.
  void rescan(const Sink& sink, bool all = true);
  /// Looks for newly loaded code alone, also while it is not started.
  void refresh_code();
  /// Asks one thread for a sample, now. REQUIRES: running().
  bool interrupt(const SampledThread& thread, SampleKind kind);

  /// What is loaded now; never null once started.
  const std::shared_ptr<const CodeMap>& code() const { return code_.map(); }
  const std::vector<SampledThread>& threads() const { return timers_.threads(); }
  /// The module that holds `pc`, of the map that the sample was taken with; null if there is none.
  static const Module* module_of(const Sample& sample, std::uint64_t pc);
  SamplerCounters counters() const;

 private:
  explicit Sampler(std::vector<std::int32_t> except);

  struct Retired {
    std::shared_ptr<const CodeMap> map;
    std::vector<std::pair<std::size_t, std::uint32_t>> inside;  // slots with a handler in them, and its number
  };
  static Retired retire(std::shared_ptr<const CodeMap> map);
  std::size_t quiet();
  void free_quiet(std::size_t count);
  void drain_slot(const SampledThread& thread, const Sink& sink);

  LoadedCode code_;
  std::vector<Retired> retired_;
  ThreadTimers timers_;
  bool running_ = false;
  unsigned hz_ = 0;
  int signal_ = 0;
  SamplerCounters counters_;
  std::unique_ptr<Sample> scratch_;
};

}  // namespace nanospan::profile
