// Plan: how much load there is at each moment, as straight lines from one target to the next, the way k6 writes stages.
//
//   target
//   100 |      ________            stages 30s:100, 1m:100, 30s:0
//       |     /        \           .
//     0 |____/          \____      time
//
// The target is either a number of users, each of whom waits for its answer before the next request (closed), or a rate
// of requests that come whether or not earlier ones are answered (open). Plain values; pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace nanospan::load {

struct Stage {
  std::uint64_t nanos = 0;  ///< How long it takes to get to `target` from where the stage before ended; 0 = at once.
  double target = 0;        ///< Users, or requests a second.
};

class Plan {
 public:
  enum class Kind : std::uint8_t { kUsers, kRate };

  Plan() = default;
  /// Begins at 0 and goes through `stages`.
  Plan(Kind kind, std::vector<Stage> stages) : kind_(kind), stages_(std::move(stages)) {}
  /// The same from the first moment to the last.
  static Plan constant(Kind kind, double target, std::uint64_t nanos) { return {kind, {{0, target}, {nanos, target}}}; }

  Kind kind() const { return kind_; }
  std::uint64_t nanos() const;
  /// The highest target.
  double peak() const;
  /// The target at `nanos` after the start; where two stages meet, that of the later one. 0 after the end.
  double target_at(std::uint64_t nanos) const;
  /// kRate: when request `index` (from 0) is due, in nanoseconds after the start: when the area under the line has
  /// reached index. base::kNever if the plan ends before.
  std::uint64_t arrival(std::uint64_t index) const;
  /// kRate: how many requests there are in all.
  std::uint64_t arrivals() const;

 private:
  Kind kind_ = Kind::kUsers;
  std::vector<Stage> stages_;
};

}  // namespace nanospan::load
