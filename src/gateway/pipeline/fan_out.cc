// Joining the outcomes of several consumers into the one that the sender gets, by the rules in the header. Thread-safe.
#include "gateway/pipeline/fan_out.h"

#include <algorithm>
#include <limits>
#include <mutex>

#include "base/time.h"

namespace nanospan::gateway {
namespace {

/// Collects outcomes; the last one in completes. Shared by the completions of one batch.
class Join {
 public:
  Join(std::size_t count, Completion done) : left_(count), done_(std::move(done)) {}

  void add(Outcome outcome) {
    {
      const std::lock_guard lock(mutex_);
      note(outcome);
      if (--left_ != 0) return;
    }
    done_(joined());
  }

 private:
  void note(Outcome& outcome) {
    retry_ |= outcome.kind == Outcome::Kind::kRetry;
    taken_ |= outcome.kind == Outcome::Kind::kAccepted;
    if (outcome.kind == Outcome::Kind::kAccepted) rejected_ = std::min(rejected_, outcome.rejected_spans);
    retry_after_nanos_ = std::max(retry_after_nanos_, outcome.retry_after_nanos);
    std::string& messages = outcome.kind == Outcome::Kind::kRetry ? retry_messages_ : messages_;
    if (!outcome.message.empty()) messages += (messages.empty() ? "" : "; ") + outcome.message;
  }

  Outcome joined() {
    if (retry_) return Outcome::retry(std::move(retry_messages_), retry_after_nanos_);
    return taken_ ? Outcome::partial(rejected_, std::move(messages_)) : Outcome::permanent(std::move(messages_));
  }

  std::mutex mutex_;
  std::size_t left_;
  bool retry_ = false;
  bool taken_ = false;
  std::uint64_t rejected_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t retry_after_nanos_ = 0;
  std::string retry_messages_, messages_;
  Completion done_;
};

}  // namespace

Room FanOut::room_for(const Batch& batch) const {
  if (consumers_.empty()) return Room::kNotNow;
  Room most = Room::kNever;
  for (const Consumer* consumer : consumers_) {
    const Room room = consumer->room_for(batch);
    if (room == Room::kNotNow) return room;
    if (room == Room::kYes) most = room;
  }
  return most;
}

bool FanOut::waits_for_result() const {
  return std::any_of(consumers_.begin(), consumers_.end(), [](const Consumer* c) { return c->waits_for_result(); });
}

void FanOut::consume(BatchRef batch, Completion done) {
  if (consumers_.empty()) return done(Outcome::retry("the gateway is being reconfigured"));
  if (consumers_.size() == 1) return consumers_.front()->consume(std::move(batch), std::move(done));
  for (Consumer* consumer : consumers_) {
    // The one without room says so itself, in its own words and its own counters.
    if (consumer->room_for(*batch) == Room::kNotNow) return consumer->consume(std::move(batch), std::move(done));
  }
  const auto join = std::make_shared<Join>(consumers_.size(), std::move(done));
  for (Consumer* consumer : consumers_) {
    consumer->consume(batch, [join](Outcome outcome) { join->add(std::move(outcome)); });
  }
}

}  // namespace nanospan::gateway
