// In two parts: what any thread calls, and what the export thread does under the Drain's lock. Threads: see the header.
#include "sdk/pipeline/batch_pipeline.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include <nanospan/diagnostics.h>

#include "sdk/diagnostics.h"
#include "sdk/pipeline/batch_options.h"
#include "sdk/pipeline/drain.h"
#include "sdk/pipeline/worker_exporter.h"
#include "sdk/runtime/drain_signal.h"
#include "sdk/runtime/timeouts.h"

namespace nanospan::sdk {
namespace {

// sdk-environment-variables.md "Batch Span Processor": values must be positive, and a batch may not exceed the queue.
Status usable_with(const SpanExporter* exporter, const BatchOptions& options) {
  if (exporter == nullptr) return no_exporter();
  return check(options);
}

BatchOptions fitted(BatchOptions options) {
  if (options.batch_spans_max > options.queue_spans_max) {
    report("batch_processor", "batch_spans_max " + std::to_string(options.batch_spans_max) +
                                  " is above queue_spans_max " + std::to_string(options.queue_spans_max) +
                                  "; the queue's size is used for both");
    options.batch_spans_max = options.queue_spans_max;
  }
  return options;
}

}  // namespace

Error no_exporter() {
  return {ErrorCode::kInvalidArgument, "it has no exporter: null was given, or in_memory_exporter() was given null"};
}

BatchPipeline::BatchPipeline(std::unique_ptr<SpanExporter> exporter, BatchOptions options, const base::Clock& clock)
    : options_(fitted(options)),
      usable_(usable_with(exporter.get(), options)),
      delay_(options_.schedule_delay_ms * base::kNanosPerMilli),
      clock_(clock),
      owned_(dynamic_cast<AsyncExporter*>(exporter.get()) != nullptr ? std::move(exporter) : nullptr),
      user_(owned_ == nullptr ? std::shared_ptr<SpanExporter>(std::move(exporter)) : nullptr),
      worker_(user_ != nullptr ? make_worker_exporter(user_, clock) : nullptr),
      target_(user_ != nullptr ? worker_.get() : dynamic_cast<AsyncExporter*>(owned_.get())),
      credit_(user_ != nullptr ? 1 : options_.exports_in_flight_max) {
  flushes_.reserve(16);  // so that a flush is answered where no memory is to be had
  if (usable_.ok()) return;
  report("batch_processor", "a batch processor cannot be used: " + usable_.error().message);
  shutdown_claimed_ = shutdown_requested_ = closed_ = over_ = true;
}

BatchPipeline::~BatchPipeline() {
  if (!closed()) target_->abandon(DropReason::kShutdown);
}

void BatchPipeline::bind(ProviderCore& provider) {
  provider_ = &provider;
  ended_before_ = ended_spans(provider.slot);
  ring_drops_before_ = ring_drops(provider.slot);
  attach();
}

void BatchPipeline::drop(DropReason reason, std::uint64_t spans) {
  if (reason >= DropReason::kCount) reason = DropReason::kExportFailed;  // said by an exporter of the user
  dropped_[static_cast<std::size_t>(reason)].fetch_add(spans, std::memory_order_relaxed);
}

void BatchPipeline::lose(Losses::Cause cause, std::uint64_t spans) {
  losses_.add(cause, spans);
  drop(Losses::reason_of(cause), spans);
}

// ---- any thread --------------------------------------------------------------------------------------------------

void BatchPipeline::on_end(const SpanView& span) {
  if (!span.context().is_sampled()) return;
  const auto* tracer = tracer_of(span.scope());
  if (tracer == nullptr) {
    foreign_ended_.fetch_add(1, std::memory_order_relaxed);
    drop(DropReason::kUnknownScope, 1);
    return report("batch_processor", "a processor passed on a view whose scope is not a tracer's; its span is dropped");
  }
  foreign_ended_.fetch_add(1, std::memory_order_relaxed);
  try {
    take_over(*tracer, field_of(span));
  } catch (const std::bad_alloc&) {
    lose(Losses::kMemory, 1);
  }
}

// May throw, and has then changed nothing.
void BatchPipeline::take_over(const TracerRecord& tracer, std::vector<std::uint8_t> field) {
  attach();
  {
    const std::lock_guard lock(notifier_);
    if (foreign_.size() == foreign_.capacity()) foreign_.reserve(2 * foreign_.size() + 8);
    if (closed()) return drop(DropReason::kShutdown, 1);
    if (foreign_.size() >= options_.queue_spans_max) return lose(Losses::kQueueSpans, 1);
    if (foreign_bytes_ + field.size() > options_.queue_bytes_max) return lose(Losses::kQueueBytes, 1);
    const std::size_t size = field.size();
    foreign_.push_back({&tracer, std::move(field)});
    foreign_bytes_ += size;
    foreign_waiting_.fetch_add(1, std::memory_order_seq_cst);
  }
  drain_signal().wake_if_sleeping(false);
}

void BatchPipeline::attach() {
  if (attached_.load(std::memory_order_relaxed) || !usable_.ok()) return;
  Drain::instance().attach(shared_from_this());
  attached_.store(true, std::memory_order_relaxed);
}

bool BatchPipeline::try_attach() {
  try {
    attach();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

FlushResult BatchPipeline::flush(std::uint64_t timeout_ms) {
  if (closed() || cloned_silently() || Drain::on_export_thread() || !try_attach()) return FlushResult::kFailure;
  const base::Deadline deadline = deadline_of(timeout_ms, clock_);
  const Drain::Thread thread = Drain::instance().ensure_thread();
  if (thread != Drain::Thread::kRuns) {
    return thread == Drain::Thread::kIdle ? FlushResult::kSuccess : FlushResult::kFailure;
  }
  std::uint64_t number;
  {
    const std::lock_guard lock(notifier_);
    flush_wanted_by_ = std::max(flush_wanted_by_, deadline.at);
    number = flush_requested_.fetch_add(1, std::memory_order_seq_cst) + 1;
  }
  drain_signal().wake();
  const std::lock_guard lock(notifier_);
  const bool done = notifier_.wait(deadline, [&] { return flush_done_ >= number || over_; });
  if (!done) return FlushResult::kTimeout;
  if (flush_done_ < number) return FlushResult::kFailure;
  return last_failed_flush_ >= number ? last_failure_ : FlushResult::kSuccess;
}

void BatchPipeline::request_flush() {
  if (closed() || cloned_silently() || Drain::instance().ensure_thread() != Drain::Thread::kRuns) return;
  flush_requested_.fetch_add(1, std::memory_order_seq_cst);
  drain_signal().wake();
}

FlushResult BatchPipeline::shutdown(std::uint64_t timeout_ms) {
  const base::Deadline deadline = deadline_of(timeout_ms, clock_);
  if (cloned_silently() || shutdown_claimed_.exchange(true, std::memory_order_relaxed)) return FlushResult::kFailure;
  // Looked at before the request can be seen: no thread is started only to be told to stop. And once more after it, as
  // the first span may have ended, and started the thread, in between.
  const bool attached = try_attach();
  const bool ran = attached && Drain::instance().ensure_thread() == Drain::Thread::kRuns;
  shutdown_by_.store(deadline.at, std::memory_order_relaxed);
  shutdown_requested_.store(true, std::memory_order_seq_cst);
  if ((ran || (attached && Drain::instance().runs())) && !Drain::on_export_thread()) {
    drain_signal().wake();
    const std::lock_guard lock(notifier_);
    notifier_.wait(deadline, [&] { return over_; });
  }
  close_for_the_thread();
  bool clean;
  {
    const std::lock_guard lock(notifier_);
    clean = shutdown_clean_;
  }
  // Those of a provider go together, when the provider has shut all of them down.
  if (provider_ == nullptr) Drain::instance().detach(*this);
  const FlushResult ended = shut_exporter_down(deadline);
  return clean ? ended : FlushResult::kTimeout;
}

// trace/sdk.md "Exporter: Shutdown": once, after the last export, and not waited for beyond the deadline.
FlushResult BatchPipeline::shut_exporter_down(base::Deadline deadline) {
  struct Ending {
    Notifier notifier;
    bool over = false;
    FlushResult result = FlushResult::kTimeout;
  };
  try {
    const DeferredReports reports;
    const auto ending = std::make_shared<Ending>();
    {
      const auto paused = Drain::instance().pause();
      target_->start_shutdown(deadline, [ending](FlushResult result) {
        const std::lock_guard lock(ending->notifier);
        ending->result = result;
        ending->over = true;
        ending->notifier.notify_all();
      });
    }
    const std::lock_guard lock(ending->notifier);
    ending->notifier.wait(deadline, [&] { return ending->over; });
    return ending->result;
  } catch (const std::bad_alloc&) {
    return FlushResult::kFailure;
  }
}

// At the deadline, or where there is no export thread, the caller closes: a thread that is late, or busy in an error
// handler of the user, does not make it wait.
void BatchPipeline::close_for_the_thread() {
  const DeferredReports reports;
  const auto lock = Drain::instance().pause();
  if (closed()) return announce();
  close_now();
  announce();
  const auto& lost = dropped_[static_cast<std::size_t>(DropReason::kShutdown)];
  const std::uint64_t before = lost.load(std::memory_order_relaxed);
  Drain::instance().collect();  // closed already: what waits in the rings is counted as lost
  const std::lock_guard guard(notifier_);
  shutdown_clean_ = shutdown_clean_ && lost.load(std::memory_order_relaxed) == before;
}

Ledger BatchPipeline::ledger() const {
  if (cloned_silently()) return {};
  const auto lock = Drain::instance().pause();
  if (process_ != forks()) return {};
  return frozen_.has_value() ? *frozen_ : count();
}

Ledger BatchPipeline::count() const {
  Ledger ledger;
  ledger.exported = exported_.load(std::memory_order_relaxed);
  ledger.queued = waiting_.load(std::memory_order_relaxed) + foreign_waiting_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < kReasons; ++i) ledger.dropped[i] = dropped_[i].load(std::memory_order_relaxed);
  ledger.ended = foreign_ended_.load(std::memory_order_relaxed);
  if (provider_ == nullptr) return ledger;
  const Drain::Frames frames = Drain::frames_in_rings(*provider_);
  ledger.ended += ended_spans(provider_->slot) - ended_before_ - provider_->stray_spans.load() - frames.strays;
  ledger.dropped[static_cast<std::size_t>(DropReason::kRingFull)] += ring_drops(provider_->slot) - ring_drops_before_;
  ledger.dropped[static_cast<std::size_t>(DropReason::kShutdown)] += provider_->late_spans.load();
  ledger.queued += frames.own;
  return ledger;
}

// ---- export thread -----------------------------------------------------------------------------------------------

void BatchPipeline::note_requests() {
  shutdown_noted_ = shutdown_requested_.load(std::memory_order_seq_cst);
  if (flush_requested_.load(std::memory_order_seq_cst) == flush_noted_) return;
  const std::lock_guard lock(notifier_);
  const std::uint64_t requested = flush_requested_.load(std::memory_order_seq_cst);
  flushes_.push_back({requested, 0, false, flush_wanted_by_});  // may throw: then it is noted in the next round
  flush_wanted_by_ = 0;
  flush_noted_ = requested;
}

void BatchPipeline::take_foreign() {
  std::vector<Foreign> spans;
  {
    const std::lock_guard lock(notifier_);
    spans.swap(foreign_);
    foreign_bytes_ = 0;
    foreign_waiting_.store(0, std::memory_order_relaxed);
  }
  for (const Foreign& span : spans) take(*span.tracer, span.field);
}

void BatchPipeline::take(const TracerRecord& tracer, Bytes field) {
  if (closed()) return drop(DropReason::kShutdown, 1);
  if (field.size() > options_.batch_bytes_max) return lose(Losses::kBatchBytes, 1);
  if (queued_spans_ >= options_.queue_spans_max) return lose(Losses::kQueueSpans, 1);
  if (queued_bytes_ + field.size() > options_.queue_bytes_max) return lose(Losses::kQueueBytes, 1);
  if (open_.size_bytes() + field.size() > options_.batch_bytes_max) seal();
  try {
    open_.add(tracer, field);
  } catch (const std::bad_alloc&) {
    return lose(Losses::kMemory, 1);
  }
  ++queued_spans_;
  queued_bytes_ += field.size();
  waiting_.store(waiting_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (open_.span_count() >= options_.batch_spans_max) {
    seal();
    start_exports();
  }
}

void BatchPipeline::seal() {
  if (open_.empty()) return;
  const std::size_t spans = open_.span_count();
  const std::size_t bytes = open_.size_bytes();
  const std::uint64_t sequence = next_sequence_++;
  open_since_ = 0;
  try {
    outstanding_.insert(sequence);
    ready_.push_back(open_.seal(sequence));
  } catch (const std::bad_alloc&) {
    outstanding_.erase(sequence);
    open_.clear();
    queued_spans_ -= spans;
    queued_bytes_ -= bytes;
    waiting_.fetch_sub(spans, std::memory_order_relaxed);
    lose(Losses::kMemory, spans);
  }
}

void BatchPipeline::start_exports() {
  while (!ready_.empty() && in_flight_ < credit_) {
    std::shared_ptr<const Batch> batch = std::move(ready_.front());
    ready_.pop_front();
    ++in_flight_;
    const std::size_t spans = batch->span_count();
    const std::uint64_t sequence = batch->sequence();
    queued_spans_ -= spans;
    queued_bytes_ -= batch->span_bytes();
    try {
      target_->start_export(std::move(batch), deadline_of(options_.export_timeout_ms, clock_),
                            [this, sequence, spans](ExportResult result) { complete(sequence, spans, result); });
    } catch (const std::bad_alloc&) {
      if (outstanding_.contains(sequence)) complete(sequence, spans, ExportResult::failed());
    }
  }
}

void BatchPipeline::complete(std::uint64_t sequence, std::size_t spans, ExportResult result) {
  --in_flight_;
  outstanding_.erase(sequence);
  if (result.success) {
    const std::uint64_t rejected = std::min<std::uint64_t>(result.rejected, spans);
    exported_.fetch_add(spans - rejected, std::memory_order_relaxed);
    if (rejected != 0) drop(DropReason::kRejected, rejected);
  } else {
    drop(result.reason, spans);
    for (PendingFlush& flush : flushes_) {
      if (flush.last_sequence == 0 || sequence <= flush.last_sequence) flush.failed = true;
    }
    if (shutdown_noted_) {
      const std::lock_guard lock(notifier_);
      shutdown_clean_ = false;
    }
  }
  waiting_.fetch_sub(spans, std::memory_order_relaxed);
}

void BatchPipeline::complete_flushes(base::MonotonicNanos now) {
  while (!flushes_.empty() && !flush_at_exporter_) {
    const PendingFlush& flush = flushes_.front();
    if (!outstanding_.empty() && *outstanding_.begin() <= flush.last_sequence) return;
    if (flush.failed) {
      answer_flush(FlushResult::kFailure);
    } else if (flush.wanted_by <= now) {  // nobody waits, or nobody any more
      answer_flush(flush.wanted_by == 0 ? FlushResult::kSuccess : FlushResult::kTimeout);
    } else {
      flush_exporter({flush.wanted_by});
    }
  }
}

// The exporter may keep spans of its own.
void BatchPipeline::flush_exporter(base::Deadline deadline) {
  flush_at_exporter_ = true;
  try {
    target_->start_flush(deadline, [this](FlushResult result) { answer_flush(result); });
  } catch (const std::bad_alloc&) {
    if (flush_at_exporter_) answer_flush(FlushResult::kFailure);
  }
}

// Of the first of flushes_.
void BatchPipeline::answer_flush(FlushResult result) {
  flush_at_exporter_ = false;
  const std::uint64_t number = flushes_.front().number;
  flushes_.erase(flushes_.begin());
  const std::lock_guard lock(notifier_);
  flush_answered_ = number;
  if (result != FlushResult::kSuccess) {
    last_failed_flush_ = number;
    last_failure_ = result;
  }
}

void BatchPipeline::announce() {
  if (flush_answered_ == flush_announced_ && closed() == closed_announced_) return;
  flush_announced_ = flush_answered_;
  closed_announced_ = closed();
  const std::lock_guard lock(notifier_);
  flush_done_ = flush_announced_;
  over_ = closed_announced_;
  notifier_.notify_all();
}

// Flushes that wait for the same batch are answered together, so that their number is bounded by that of batches,
// however often somebody calls flush() while the exporter is stuck.
void BatchPipeline::merge_flushes() {
  const std::size_t least = flush_at_exporter_ ? 3 : 2;  // the exporter's flush answers those that came before it
  while (flushes_.size() >= least) {
    const PendingFlush last = flushes_.back();
    PendingFlush& before = flushes_[flushes_.size() - 2];
    if (before.last_sequence != last.last_sequence || before.failed != last.failed) return;
    before.number = last.number;
    before.wanted_by = std::max(before.wanted_by, last.wanted_by);
    flushes_.pop_back();
  }
}

void BatchPipeline::advance(base::MonotonicNanos now, base::MonotonicNanos since) {
  take_foreign();
  if (closed()) return flushes_.clear();  // their callers know; the exporter has had its last call
  if (!open_.empty() && open_since_ == 0) open_since_ = since;
  if (shutdown_noted_) target_->hurry();
  const bool flushing =
      std::any_of(flushes_.begin(), flushes_.end(), [](const PendingFlush& f) { return f.last_sequence == 0; });
  if (flushing || shutdown_noted_ || (!open_.empty() && now >= open_since_ + delay_)) seal();
  for (PendingFlush& flush : flushes_) {
    if (flush.last_sequence == 0) flush.last_sequence = next_sequence_ - 1;
  }
  merge_flushes();
  start_exports();
  complete_flushes(now);
  say_losses();
  if (!shutdown_noted_) return;
  const bool late = now >= shutdown_by_.load(std::memory_order_relaxed);
  if ((outstanding_.empty() && !flush_at_exporter_) || late) close_now();
}

void BatchPipeline::say_losses() {
  if (provider_ != nullptr) losses_.set(Losses::kRing, ring_drops(provider_->slot) - ring_drops_before_);
  losses_.say(options_);
}

void BatchPipeline::close_now() {
  const bool clean = outstanding_.empty() && queued_spans_ == 0;
  target_->abandon(DropReason::kShutdown);
  drop(DropReason::kShutdown, queued_spans_);
  waiting_.fetch_sub(queued_spans_, std::memory_order_relaxed);
  queued_spans_ = 0;
  queued_bytes_ = 0;
  open_.clear();
  ready_.clear();
  outstanding_.clear();
  const std::lock_guard lock(notifier_);
  drop(DropReason::kShutdown, foreign_.size());
  foreign_waiting_.store(0, std::memory_order_relaxed);
  foreign_.clear();
  foreign_bytes_ = 0;
  shutdown_clean_ = shutdown_clean_ && clean;
  closed_.store(true, std::memory_order_release);
}

base::MonotonicNanos BatchPipeline::next_due() const {
  base::MonotonicNanos due = target_->next_timer();
  if (!open_.empty()) due = std::min(due, open_since_ + delay_);
  if (shutdown_noted_ && !closed()) due = std::min(due, shutdown_by_.load(std::memory_order_relaxed));
  return due;
}

void BatchPipeline::reset_after_fork() {
  open_.clear();
  open_since_ = 0;
  ready_.clear();
  outstanding_.clear();
  flushes_.clear();
  flush_at_exporter_ = false;
  in_flight_ = 0;
  queued_spans_ = queued_bytes_ = 0;
  exported_ = waiting_ = foreign_ended_ = foreign_waiting_ = 0;
  process_ = forks();
  if (provider_ != nullptr) provider_->late_spans = provider_->stray_spans = 0;
  for (auto& count : dropped_) count = 0;
  losses_.reset();
  ended_before_ = ring_drops_before_ = 0;
  notifier_.reset_after_fork();
  foreign_.clear();
  foreign_bytes_ = 0;
  flush_noted_ = flush_done_ = flush_answered_ = flush_announced_ = flush_requested_.load();
  over_ = closed_announced_ = closed();
  last_failed_flush_ = 0;
  flush_wanted_by_ = 0;
  target_->reset_after_fork();
}

}  // namespace nanospan::sdk
