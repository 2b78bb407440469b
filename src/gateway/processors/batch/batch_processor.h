// BatchProcessor: joins requests into larger ones.
//
//   consume (any thread) -> copied to the end of the open batch -> sent at send_batch_size, or after timeout
//
// A batch above send_batch_max_size is split (RequestJoiner).
//
// When a sender is answered depends on who comes next. If that one waits for results, the answer is what becomes of the
// batch that the request went into (all of them, if it was split). Else it is answered when its bytes are here, as the
// Collector does (a reload may change that between two requests); a batch that the next consumer then has no room for
// is kept and offered again, and while that is so nothing more is taken than one batch: what was acknowledged is not
// thrown away, and memory stays bounded.
//
// The ledger, in spans (or the signal's other items): incoming = outgoing + dropped (by reason) + held. With answers
// that wait, what the next consumer refuses is dropped here with the reason "refused": its sender was told.
//
// Threads: consume() from any, under one mutex that is held for the copy. Timers run on one shared loop. Destroy it
// while loops stand still.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gateway/component/component.h"
#include "gateway/pipeline/request_joiner.h"
#include "gateway/processors/batch/batch_processor_config.h"
#include "gateway/processors/processor_items.h"
#include "gateway/telemetry/metrics_by_reason.h"

namespace nanospan::gateway {

class BatchProcessor final : public Processor {
 public:
  BatchProcessor(const BatchProcessorConfig& config, const std::string& name, Signal signal, Host& host,
                 Consumer& next);
  ~BatchProcessor() override;

  Status start() override { return {}; }
  void drain(base::Deadline deadline, net::Task done) override;
  std::string describe() const override;

  Room room_for(const Batch& batch) const override;
  bool waits_for_result() const override { return next_.waits_for_result(); }
  void consume(BatchRef batch, Completion done) override;

 private:
  using Joined = RequestJoiner::Joined;

  /// Mutex held.
  bool is_stuck() const { return refused_.size() > 1 || (!refused_.empty() && open_.is_full()); }
  std::optional<Outcome> refuse(const Batch& batch);
  void append(const Batch& batch, const std::shared_ptr<RequestJoiner::Senders>& senders, std::vector<Joined>& ready);
  void schedule();
  void on_timer();
  void send(Joined ready);
  void settle(Joined ready, const Outcome& outcome);
  net::Task take_drained();
  void expire_drain();

  const BatchProcessorConfig config_;
  const std::string name_;
  const std::string subject_;
  Host& host_;
  Consumer& next_;
  net::EventLoop& loop_;
  const Signal signal_;

  ProcessorItems items_;
  Metric& held_;
  MetricsByReason dropped_;
  Metric& by_size_;
  Metric& by_timeout_;
  Histogram& send_size_;
  Metric& cardinality_;

  mutable std::mutex mutex_;
  RequestJoiner open_;
  std::deque<Joined> refused_;  // acknowledged, and to be offered again
  std::uint64_t sending_ = 0;   // batches whose outcome is not known
  base::MonotonicNanos retry_at_ = base::kNever;
  bool timer_scheduled_ = false;
  bool draining_ = false;
  bool drain_expired_ = false;
  net::Task drained_;

  net::Timer timer_;        // the loop's own
  net::Timer drain_timer_;  // the loop's own
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace nanospan::gateway
