// Drain: the one export thread of a process. Empties the rings of all threads into the batch pipelines and drives
// exporters.
//
// Starts with the first sampled span, never blocks except in its one ppoll, and sleeps by how fast the rings fill:
// short sleeps while spans come, a deep one (until a span or a request wakes it) when none do. Everything it touches is
// guarded by one lock that it holds while it works and leaves while it sleeps; fork handlers and ledger readers take
// it.
#pragma once

#include <poll.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/immortal.h"
#include "base/time.h"
#include "sdk/pipeline/batch_pipeline.h"
#include "sdk/pipeline/drain_pace.h"

namespace nanospan::sdk {

class Drain {
 public:
  /// The process's. Lives for ever.
  static Drain& instance();

  /// From now on `pipeline` gets what it is due: sampled spans of its provider if it is bound. Idempotent.
  void attach(std::shared_ptr<BatchPipeline> pipeline);
  /// Those of a provider at once, so that each span goes to all of them or to none. Their owner keeps them meanwhile.
  void detach_all_of(const ProviderCore& provider);
  /// One that belongs to no provider.
  void detach(const BatchPipeline& pipeline);
  /// Holds the export thread off while the result lives.
  std::unique_lock<std::mutex> pause() { return std::unique_lock(mutex_); }
  enum class Thread {
    kRuns,    ///< And will see what is asked of it.
    kIdle,    ///< Not started, as nothing was ended yet.
    kRefused  ///< Spans wait, but the system gives no thread for them.
  };
  /// Starts the thread if spans wait for it.
  Thread ensure_thread();
  /// True once the thread has been started, by whomever.
  bool runs();
  /// True on the export thread, which cannot wait for itself.
  static bool on_export_thread();
  /// Empties the rings into the pipelines in the place of a thread that cannot. REQUIRES: paused.
  void collect();

  struct Frames {
    std::uint64_t own = 0;
    std::uint64_t strays = 0;  ///< Of those who had the provider's slot before.
  };
  /// What waits in rings under this provider's slot. REQUIRES: paused.
  static Frames frames_in_rings(const ProviderCore& provider);

  // Fork handlers.
  void before_fork();
  void after_fork_in_parent();
  void after_fork_in_child();

 private:
  friend class base::Immortal<Drain>;
  Drain();
  static void start_thread();
  void start_thread_locked();
  void run();
  /// One round of work. REQUIRES: the lock.
  void work();
  std::uint64_t drain_rings(std::uint64_t since_last);
  void pace(detail::Ring& ring, std::uint64_t waiting, std::uint64_t since_last);
  void route(const TracerRecord& tracer, Bytes field);
  void refine_clock();
  base::MonotonicNanos next_due() const;
  std::uint64_t sleep_limit() const;
  void gather_descriptors();
  void rest(bool out_of_memory);
  bool anything_asked() const;
  static bool anything_waits();
  void arm_producers();
  static bool producers_told();

  std::mutex mutex_;
  std::vector<std::shared_ptr<BatchPipeline>> pipelines_;
  std::vector<pollfd> descriptors_;
  bool started_ = false;
  base::MonotonicNanos next_start_ = 0;  // after a refusal
  base::MonotonicNanos last_drain_ = 0;
  base::MonotonicNanos last_span_ = 0;
  DrainPace pace_;
  bool idle_ = false;  ///< No span came for a while.
  bool told_ = false;  ///< All producers' limits are zero, and have been for an arming sleep.
};

}  // namespace nanospan::sdk
