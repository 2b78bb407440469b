// ExportQueue: the bounded queue, the retries and the ledger between a pipeline and a Sender. Every exporter has one.
//
//   offer (any thread) -> waiting list, bounded -> at most `consumers` flights -> Sender -> sent | retry after back-off
//   | failed
//
// With `batch`, what leaves the waiting list is joined first (RequestJoiner) and flies when the batch is full, or after
// its flush_timeout. It counts against the queue's bound, in its own size, until its fate is known; with
// wait_for_result its sender is answered then.
//
// The ledger: enqueued = sent + failed (by reason) + queued, in spans (or the signal's other items), exact whenever
// nobody is inside offer(). `queued` is counted on its own: up when a batch enters, down when its fate is known; a
// flight that waits for its next try is queued. What is refused was never enqueued and is counted apart: its sender was
// told, and still has it.
//
// Threads: offer(), room_for() from any thread, under one mutex held for a few pushes. Everything else runs on the
// loop: sending, retries, completions of wait_for_result. Owns its batches until their fate is known. Create and
// destroy it on the loop's thread, or while the loop does not run.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/pipeline/consumer.h"
#include "gateway/pipeline/request_joiner.h"
#include "gateway/queue/queue_config.h"
#include "gateway/queue/sender.h"
#include "gateway/telemetry/log.h"
#include "gateway/telemetry/metrics.h"
#include "gateway/telemetry/metrics_by_reason.h"
#include "net/event_loop.h"

namespace nanospan::gateway {

struct ExportQueueOptions {
  std::string exporter;  ///< The component's id, for labels and messages.
  QueueOptions queue;
  RetryOptions retry;
  std::uint64_t attempt_nanos = 5 * base::kNanosPerSecond;  ///< Deadline of each try.
  Signal signal = Signal::kTraces;                          ///< Of all its batches.
  MemoryBudget* budget = nullptr;                           ///< Charged for what is joined; null: nothing is.
};

class ExportQueue {
 public:
  ExportQueue(net::EventLoop& loop, ExportQueueOptions options, std::unique_ptr<Sender> sender,
              MetricsRegistry& metrics, Log& log);
  ~ExportQueue();
  ExportQueue(const ExportQueue&) = delete;
  ExportQueue& operator=(const ExportQueue&) = delete;

  Room room_for(const Batch& batch) const;
  void offer(BatchRef batch, Completion done);

  /// From now on it goes by what `next` was made with, and sends with its sender; `next` is empty afterwards. What
  /// waits here stays; what waits for its next try is tried at once; what the old sender has in its hands it finishes.
  /// REQUIRES: the loop of both stands still, or this is its thread; `next` got no batch.
  void take_over(ExportQueue& next);
  /// Opens what the sender needs; `before` is the queue whose place this one will take, or null.
  Status start(ExportQueue* before);

  /// Takes nothing more, sends what there is; at the deadline fails what is left (reason "shutdown"). Then calls
  /// `done`, on the loop. Called again, the later deadline and `done` count.
  void drain(base::Deadline deadline, net::Task done);

  struct Ledger {
    std::uint64_t enqueued = 0, sent = 0, failed = 0, queued = 0, refused = 0;  ///< Spans.
  };
  Ledger ledger() const;
  /// Spans that were acknowledged and failed since drain() was called with a deadline. Any thread.
  std::uint64_t lost_in_drain() const { return lost_in_drain_.load(std::memory_order_relaxed); }

 private:
  struct Item {
    BatchRef batch;
    Completion done;  ///< Null once its sender was told.
    base::MonotonicNanos first_try = 0;
    bool is_joined = false;        ///< Made of several requests, which count in gathered_.
    std::uint64_t owed_items = 0;  ///< Of a joined one: those that were acknowledged.
  };
  /// A request that was joined with others, as it counts against the queue's bound.
  struct Gathered {
    std::uint64_t bytes = 0, items = 0;
  };
  struct Flight;
  struct SenderInUse;

  Metric& counter(std::string_view name, std::string_view help, std::string_view reason = {});
  std::uint64_t size_of(std::uint64_t bytes, std::uint64_t items) const;
  std::uint64_t size_of(const Batch& batch) const { return size_of(batch.bytes().size(), batch.counts().spans); }
  bool can_never_fit(const Batch& batch) const;
  bool fits(const Batch& batch) const;  // mutex held
  void refuse(const Batch& batch, std::string_view reason, Outcome outcome, Completion done);
  void schedule_pump();
  void pump();
  void accept_blocked(std::vector<Completion>& accepted);  // mutex held
  bool joins() const;
  // With the mutex held:
  bool take_next();
  void gather(Item item);
  void cut_open();
  void arm_flush();
  static Item to_item(RequestJoiner::Joined joined);
  Completion released(std::list<Gathered>::iterator of, Completion done);
  void attempt(Flight& flight);
  void remove_idle_senders();
  void on_result(Flight& flight, SendResult result);
  void retry_later(Flight& flight, SendResult result);
  void finish(Flight& flight, SendResult result);
  void count_failed(std::uint64_t spans, std::string_view reason);
  void settle(Item item, const SendResult& result);
  void report_failure(std::uint64_t acknowledged, const SendResult& result);
  void say_losses();
  void expire_drain();
  void finish_drain_if_empty();

  net::EventLoop& loop_;
  ExportQueueOptions options_;  // take_over() changes it
  MetricsRegistry& metrics_;
  Log& log_;
  const std::string subject_;

  Metric& enqueued_;
  Metric& sent_;
  Metric& failed_;
  Metric& queued_;
  Metric& refused_;
  Metric& size_;
  Metric& capacity_;
  Metric& in_flight_;
  Metric& retries_;
  MetricsByReason refused_by_;
  MetricsByReason failed_by_;

  mutable std::mutex mutex_;
  std::deque<Item> waiting_;  // the first `accepted_` of them are within the bound and their senders told
  std::size_t accepted_ = 0;
  std::uint64_t used_ = 0;  // size of the accepted ones and the flights, in the sizer's unit
  RequestJoiner joiner_;
  std::deque<Item> ready_;        // joined, or too large to be: to fly next
  std::list<Gathered> gathered_;  // in joiner_, ready_ and flights: accepted, and part of used_
  bool draining_ = false;
  bool has_drain_deadline_ = false;
  bool pump_scheduled_ = false;

  std::atomic<std::uint64_t> lost_in_drain_{0};

  // The loop's own.
  struct Loss {
    std::uint64_t items = 0;
    std::string message;  // of the last of them
  };
  std::uint64_t lost_ = 0;  // acknowledged spans that failed, since the start
  std::uint64_t lost_said_ = 0;
  std::map<std::string_view, Loss> losses_;  // not said yet, by reason: of SendResult's fixed set
  base::MonotonicNanos say_losses_next_ = 0;
  net::Timer say_losses_timer_;
  std::string last_problem_;  // what the last try came to that failed for now
  std::vector<std::unique_ptr<Flight>> flights_;
  std::minstd_rand jitter_;
  net::Timer flush_timer_;
  net::Timer drain_timer_;
  net::Task drained_;
  // Last: destroyed first, so that no result comes back into a half-destroyed queue.
  std::vector<std::unique_ptr<SenderInUse>> senders_before_;  // while they have something in their hands
  std::unique_ptr<SenderInUse> sender_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace nanospan::gateway
