// Joining the outcomes of several consumers into the one that the sender gets: the one that asks most of it.
// Thread-safe.
#include "gateway/pipeline/fan_out.h"

#include <mutex>

namespace nanospan::gateway {
namespace {

/// Collects outcomes; the last one in completes. Shared by the completions of one batch.
class Join {
 public:
  Join(std::size_t count, Completion done) : left_(count), done_(std::move(done)) {}

  void add(Outcome outcome) {
    {
      const std::lock_guard lock(mutex_);
      // kRetry above kPermanent above kAccepted: a retry can still bring it to whoever has not got it.
      if (outcome.kind > worst_.kind) {
        worst_ = std::move(outcome);
      } else if (outcome.kind == worst_.kind) {
        worst_.retry_after_nanos = std::max(worst_.retry_after_nanos, outcome.retry_after_nanos);
      }
      if (--left_ != 0) return;
    }
    done_(std::move(worst_));
  }

 private:
  std::mutex mutex_;
  std::size_t left_;
  Outcome worst_;
  Completion done_;
};

}  // namespace

bool FanOut::has_room(const Batch& batch) const {
  return std::all_of(consumers_.begin(), consumers_.end(), [&](const Consumer* c) { return c->has_room(batch); });
}

void FanOut::consume(BatchRef batch, Completion done) {
  if (consumers_.size() == 1) return consumers_.front()->consume(std::move(batch), std::move(done));
  for (Consumer* consumer : consumers_) {
    // The one without room says so itself, in its own words and its own counters.
    if (!consumer->has_room(*batch)) return consumer->consume(std::move(batch), std::move(done));
  }
  const auto join = std::make_shared<Join>(consumers_.size(), std::move(done));
  for (Consumer* consumer : consumers_) {
    consumer->consume(batch, [join](Outcome outcome) { join->add(std::move(outcome)); });
  }
}

}  // namespace nanospan::gateway
