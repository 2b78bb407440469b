// FanOut: one batch to several consumers, and one outcome for its sender once all have decided:
//
//   any says "not now"        not now: only a retry can still bring it there. It may reach the others twice; the
//   protocol
//                             allows duplicates, not loss.
//   all refuse it for good    refused for good
//   else                      accepted. Who refused it for good has counted that in its own ledger, and keeps nobody
//   else
//                             from it; the sender gets the reasons as a warning. Rejected are those spans that no
//                             consumer took: the fewest that any rejected.
//
// All share the same immutable bytes, so one slow destination costs the others nothing (OTLP, "Multi-Destination
// Exporting"). Before anything is handed out all are asked for room: one that is full for now then refuses the request
// as a whole, and the sender's retry does not multiply the spans at the others (but under a race).
// With no consumer at all it says "not now": a reload took them away.
//
// Thread-safe, but for replace(), which is called while all who consume() stand still (net/standstill.h). The consumers
// must outlive it and every completion.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/pipeline/consumer.h"

namespace nanospan::gateway {

class FanOut final : public Consumer {
 public:
  explicit FanOut(std::vector<Consumer*> consumers) : consumers_(std::move(consumers)) {}
  Room room_for(const Batch& batch) const override;
  bool waits_for_result() const override;
  void consume(BatchRef batch, Completion done) override;

  bool feeds(const Consumer& consumer) const {
    return std::find(consumers_.begin(), consumers_.end(), &consumer) != consumers_.end();
  }
  /// Later batches go to these.
  void replace(std::vector<Consumer*> consumers) { consumers_ = std::move(consumers); }

 private:
  std::vector<Consumer*> consumers_;
};

}  // namespace nanospan::gateway
