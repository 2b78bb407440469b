// FanOut: one batch to several consumers. Accepted once all have accepted it.
//
// All share the same immutable bytes, so one slow destination costs the others nothing (OTLP, "Multi-Destination
// Exporting"). Before anything is handed out all are asked for room: a full destination then refuses the request as a
// whole, and the sender's retry does not multiply the spans at the others. (Under a race it may; the protocol allows
// duplicates, not loss.) Thread-safe; the consumers must outlive it and every completion.
#pragma once

#include <vector>

#include "gateway/pipeline/consumer.h"

namespace nanospan::gateway {

class FanOut final : public Consumer {
 public:
  explicit FanOut(std::vector<Consumer*> consumers) : consumers_(std::move(consumers)) {}
  bool has_room(const Batch& batch) const override;
  void consume(BatchRef batch, Completion done) override;

 private:
  const std::vector<Consumer*> consumers_;
};

}  // namespace nanospan::gateway
