// Where a receiver under test sends its batches.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "gateway/pipeline/consumer.h"

namespace nanospan::gateway::testing {

/// Takes batches and answers as told.
class Destination final : public Consumer {
 public:
  Room room_for(const Batch&) const override { return Room::kYes; }
  void consume(BatchRef batch, Completion done) override {
    const std::lock_guard lock(mutex_);
    batches_.push_back(std::move(batch));
    done(outcome);
  }
  std::string bytes() {
    const std::lock_guard lock(mutex_);
    return batches_.empty() ? "" : std::string(batches_.back()->bytes());
  }
  BatchRef last() {
    const std::lock_guard lock(mutex_);
    return batches_.back();
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    batches_.clear();
  }
  Outcome outcome;

 private:
  std::mutex mutex_;
  std::vector<BatchRef> batches_;
};

}  // namespace nanospan::gateway::testing
