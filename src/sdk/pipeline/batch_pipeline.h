// BatchPipeline: the batch processor. Takes finished spans from the export thread, cuts batches, hands them to its
// exporter, and keeps the ledger.
//
//   rings --take()--> open batch --seal--> ready --credit--> in flight --done--> exported | dropped by reason
//
// A batch is cut when it is full, when its oldest span has waited schedule_delay, or for a flush (trace/sdk.md
// "Batching processor"). The queue (open and ready) is bounded in spans and bytes; what does not fit is dropped and
// counted, never waited for. Threads: members marked "export thread" run under the Drain's lock; the SpanProcessor
// members from any thread. The flush and shutdown handshake is model-checked: tests/models/flush_shutdown.pml.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <nanospan/result.h>
#include <nanospan/span_processor.h>

#include "base/time.h"
#include "sdk/pipeline/async_exporter.h"
#include "sdk/pipeline/batch.h"
#include "sdk/pipeline/losses.h"
#include "sdk/runtime/notifier.h"
#include "sdk/runtime/threads.h"

namespace nanospan::sdk {

/// What a processor says that was made without an exporter.
Error no_exporter();

class BatchPipeline final : public SpanProcessor, public std::enable_shared_from_this<BatchPipeline> {
 public:
  /// Without an exporter, or with options that check() refuses, it says so, and is closed from the beginning.
  BatchPipeline(std::unique_ptr<SpanExporter> exporter, BatchOptions options, const base::Clock& clock);
  ~BatchPipeline() override;

  // SpanProcessor. on_end is for processors that wrap this one: spans of a provider that has this pipeline come by the
  // rings.
  void on_end(const SpanView& span) override;
  FlushResult flush(std::uint64_t timeout_ms) override;
  FlushResult shutdown(std::uint64_t timeout_ms) override;
  /// Has what ended so far sent, without waiting for it.
  void request_flush();
  Ledger ledger() const;
  /// The ledger stays what it is now, as another provider takes over the counters. REQUIRES: the Drain is paused.
  void freeze() { frozen_ = count(); }

  /// Why no provider may have it, if so.
  const Status& usable() const { return usable_; }
  /// The provider whose ended spans this pipeline gets and accounts for.
  void bind(ProviderCore& provider);
  bool is_bound() const { return provider_ != nullptr; }
  const ProviderCore* provider() const { return provider_; }
  /// True if a flush or shutdown was asked for that note_requests() has not seen, or spans came by on_end; of a closed
  /// one nothing is to be done any more.
  bool has_requests() const {
    return !closed() && (flush_requested_.load(std::memory_order_seq_cst) != flush_noted_ ||
                         shutdown_requested_.load(std::memory_order_seq_cst) != shutdown_noted_ ||
                         foreign_waiting_.load(std::memory_order_seq_cst) != 0);
  }

  // Export thread.
  /// Reads what callers asked for; spans that ended before are in the rings by now.
  void note_requests();
  void take(const TracerRecord& tracer, Bytes field);
  /// `since`: when the rings were last drained before now, the earliest that any span taken now can have ended.
  void advance(base::MonotonicNanos now, base::MonotonicNanos since);
  /// Lets those go who wait for what was answered or closed since: after the round's reports are out, so that a program
  /// which flushes and exits has been told why its spans were lost.
  void announce();
  base::MonotonicNanos next_due() const;
  AsyncExporter& exporter() { return *target_; }
  std::uint64_t schedule_delay() const { return delay_; }
  bool closed() const { return closed_.load(std::memory_order_acquire); }
  void before_fork() { notifier_.lock(); }
  void after_fork_in_parent() { notifier_.unlock(); }
  void reset_after_fork();

 private:
  static constexpr std::size_t kReasons = static_cast<std::size_t>(DropReason::kCount);

  struct PendingFlush {
    std::uint64_t number;
    std::uint64_t last_sequence;
    bool failed;
    base::MonotonicNanos wanted_by;  // when the last of its callers gives up; 0 = nobody waits
  };
  struct Foreign {
    const TracerRecord* tracer;
    std::vector<std::uint8_t> field;
  };

  void seal();
  void start_exports();
  void complete(std::uint64_t sequence, std::size_t spans, ExportResult result);
  void complete_flushes(base::MonotonicNanos now);
  void say_losses();
  void close_now();
  void close_for_the_thread();
  void flush_exporter(base::Deadline deadline);
  void answer_flush(FlushResult result);
  FlushResult shut_exporter_down(base::Deadline deadline);
  void merge_flushes();
  void drop(DropReason reason, std::uint64_t spans);
  void lose(Losses::Cause cause, std::uint64_t spans);
  Ledger count() const;
  void take_over(const TracerRecord& tracer, std::vector<std::uint8_t> field);
  void take_foreign();
  /// Has the export thread look after this pipeline; once, whoever comes first. May throw.
  void attach();
  bool try_attach();

  const BatchOptions options_;
  const Status usable_;
  const std::uint64_t delay_;
  const base::Clock& clock_;
  std::unique_ptr<SpanExporter> owned_;  // an asynchronous exporter
  std::shared_ptr<SpanExporter> user_;   // a blocking one, shared with its worker
  std::unique_ptr<AsyncExporter> worker_;
  AsyncExporter* target_;
  const std::uint32_t credit_;

  // Export thread only.
  BatchBuilder open_;
  base::MonotonicNanos open_since_ = 0;
  std::deque<std::shared_ptr<const Batch>> ready_;
  std::set<std::uint64_t> outstanding_;
  std::vector<PendingFlush> flushes_;  // few: see merge_flushes()
  std::uint64_t next_sequence_ = 1;
  std::uint32_t in_flight_ = 0;
  std::size_t queued_spans_ = 0;
  std::size_t queued_bytes_ = 0;
  std::uint64_t flush_noted_ = 0;
  std::uint64_t flush_answered_ = 0, flush_announced_ = 0;
  bool closed_announced_ = false;
  bool flush_at_exporter_ = false;  // the first of flushes_ waits for the exporter's own
  bool shutdown_noted_ = false;

  // Counters: written by the export thread, read by anyone.
  std::atomic<std::uint64_t> exported_{0};
  std::atomic<std::uint64_t> waiting_{0};  // open, ready and in flight
  std::atomic<std::uint64_t> dropped_[kReasons] = {};
  Losses losses_;
  std::atomic<std::uint64_t> foreign_ended_{0};
  std::atomic<std::uint64_t> foreign_waiting_{0};  // in foreign_
  ProviderCore* provider_ = nullptr;               // null: spans come by on_end only
  std::uint64_t ended_before_ = 0;
  std::uint64_t ring_drops_before_ = 0;
  std::uint64_t process_ = forks();  // the ledger of a pipeline that closed before a fork is the parent's
  std::optional<Ledger> frozen_;     // guarded by the Drain's lock

  // Requests, and their answers.
  std::atomic<std::uint64_t> flush_requested_{0};
  std::atomic<base::MonotonicNanos> shutdown_by_{base::kNever};
  std::atomic<bool> shutdown_claimed_{false};
  std::atomic<bool> shutdown_requested_{false};
  std::atomic<bool> closed_{false};
  std::atomic<bool> attached_{false};
  mutable Notifier notifier_;
  base::MonotonicNanos flush_wanted_by_ = 0;          // of those not noted; guarded by notifier_
  std::uint64_t flush_done_ = 0;                      // guarded by notifier_
  bool over_ = false;                                 // closed_, announced; guarded by notifier_
  std::uint64_t last_failed_flush_ = 0;               // guarded by notifier_
  FlushResult last_failure_ = FlushResult::kFailure;  // its; guarded by notifier_
  bool shutdown_clean_ = true;                        // guarded by notifier_
  std::vector<Foreign> foreign_;                      // guarded by notifier_
  std::size_t foreign_bytes_ = 0;                     // guarded by notifier_
};

}  // namespace nanospan::sdk
