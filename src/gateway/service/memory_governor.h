// MemoryGovernor: keeps the process within its memory, and follows what machine and container allow while they change.
//
// Go programs have GOMEMLIMIT for this: a soft limit, near which the runtime works harder to stay below. Here it is
// service.memory_limit, else nine tenths of what the container (or the machine) has. Two shares are watched, and the
// larger counts: the process's own memory of the soft limit, and the group's of nine tenths of the group's limit, since
// the kernel kills by the group, neighbours included.
//
//   share    step     what it does                                                            left again below
//   70 %     return   gives unused memory of malloc back to the system, in 2 % of the time    65 %
//   85 %     shrink   requests and queues may hold half of the memory budget                  80 %
//   95 %     refuse   no request is admitted; its sender is told to come back                 90 %
//
// What is admitted is never given up. Each step is counted (nanospan_memory_steps) and said in the log.
//
// Threads: limits(), limit_bytes(), configure(): any. The rest on the loop of start(), which must stand at stop().
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/effective_limits.h"
#include "gateway/pipeline/memory_budget.h"
#include "gateway/telemetry/log.h"
#include "gateway/telemetry/metrics.h"
#include "net/event_loop.h"

namespace nanospan::gateway {

/// What the configuration says; 0: decide by what there is.
struct MemorySettings {
  std::uint64_t limit_bytes = 0;   ///< service.memory_limit
  std::uint64_t budget_bytes = 0;  ///< service.memory_budget; never more than three quarters of the limit.
};

class MemoryGovernor {
 public:
  static constexpr std::uint64_t kLookNanos = base::kNanosPerSecond / 4;
  static constexpr std::uint64_t kLookUnderPressureNanos = base::kNanosPerSecond / 10;
  static constexpr std::uint64_t kFollowNanos = base::kNanosPerSecond / 2;

  /// Where it looks, and how it gives memory back.
  struct Machine {
    std::function<base::EffectiveLimits()> limits;
    std::function<std::uint64_t(const base::EffectiveLimits&)> group_bytes;  ///< group_memory_in_use()
    std::function<std::uint64_t()> own_bytes;
    std::function<void()> return_memory;
  };
  static Machine this_machine();

  /// Configures `budget` at once.
  MemoryGovernor(MemorySettings settings, const base::Clock& clock, MemoryBudget& budget, MetricsRegistry& metrics,
                 Log& log, Machine machine = this_machine());

  /// Looks and follows from now on. `event_loops` is how many there are to use the processors.
  void start(net::EventLoop& loop, std::size_t event_loops);
  /// For who has stopped the loop and is about to destroy it.
  void stop() { timer_.reset(); }
  void configure(MemorySettings settings);

  base::EffectiveLimits limits() const;
  /// The soft limit in force.
  std::uint64_t limit_bytes() const { return limit_bytes_.load(std::memory_order_relaxed); }

 private:
  enum class Step : std::uint8_t { kNone, kReturn, kShrink, kRefuse };
  struct Rung;
  static const std::array<Rung, 3> kLadder;

  void look();
  void follow();
  void say_what_changed(const base::EffectiveLimits& before, const base::EffectiveLimits& now);
  void apply();  // with mutex_
  double share(const base::EffectiveLimits& limits, std::uint64_t own_bytes) const;
  Step step_at(double share) const;
  void take_step(std::uint64_t own_bytes);
  void return_memory();

  const base::Clock& clock_;
  MemoryBudget& budget_;
  Log& log_;
  const Machine machine_;
  mutable std::mutex mutex_;  // of settings_ and limits_
  MemorySettings settings_;
  base::EffectiveLimits limits_;
  std::atomic<std::uint64_t> limit_bytes_{0};
  std::atomic<unsigned> cpus_{0};
  std::atomic<double> share_{0};
  std::atomic<Step> step_{Step::kNone};
  std::size_t event_loops_ = 0;
  base::MonotonicNanos next_follow_ = 0, next_return_ = 0;
  std::array<Metric*, 3> taken_;  // by the ladder
  Metric& memory_changes_;
  Metric& cpu_changes_;
  std::optional<net::Timer> timer_;  // the loop's own
  std::vector<Observation> observations_;
};

}  // namespace nanospan::gateway
