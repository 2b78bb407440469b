// WallTicker: where threads are over wall-clock time, sleeping or not, without disturbing sleepers.
//
// A few threads a tick are visited. One that has used (almost) no CPU time since its last sample is still where it was:
// its time is charged to that stack without a signal. So a thread that sleeps is interrupted once at most, not a
// hundred times a second (system calls would return EINTR, whatever SA_RESTART says). On the profiler's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>

#include "base/time.h"
#include "profile/sampler/sampler.h"

namespace nanospan::profile {

class WallTicker {
 public:
  static constexpr std::size_t kThreadsPerTick = 8;
  static constexpr std::uint64_t kRanNanos = 10 * base::kNanosPerMicro;  ///< Less than this is no running.

  /// A stack and its labels, without and with the ids of the span, as numbered by whoever holds them.
  struct Place {
    std::uint32_t stack = 0;
    std::uint32_t labels = 0;
    std::uint32_t labels_with_ids = 0;
  };
  /// `charge` gets the time that a thread spent in a place that was recorded before.
  using Charge = std::function<void(const Place& place, std::uint64_t nanos)>;

  /// Visits the next threads. Who has not answered by its next visit is asked again: a signal may find no room.
  void tick(Sampler& sampler, base::MonotonicNanos now, const Charge& charge);
  /// A thread answered. Returns the nanoseconds to charge to its place.
  std::uint64_t answered(std::int32_t tid, const Place& place);
  /// The numbers of places are void, or do not say enough: everybody is asked at the next visit.
  void forget_places();
  void clear();

 private:
  struct Visited {
    base::MonotonicNanos last = 0;  // visit
    std::uint64_t due = 0;          // nanoseconds that wait for the answer
    std::uint64_t cpu_nanos = 0;    // as of the first visit after the answer: our handler's own time does not count
    Place place;
    bool fresh = false;  // answered since the last visit
    bool known = false;  // there was an answer, and nothing was asked since
  };
  void visit(Sampler& sampler, const SampledThread& thread, base::MonotonicNanos now, const Charge& charge);

  std::unordered_map<std::int32_t, Visited> threads_;
  std::size_t next_ = 0;
};

}  // namespace nanospan::profile
