// Gathering, cutting, and what becomes of a batch. Threads and the ledger: see the header.
//
// One rule keeps the numbers right: spans enter `held` in consume() and leave it in settle() or expire(), where they
// are counted as outgoing or dropped in the same breath. The next consumer and the senders are called outside of the
// mutex.
#include "gateway/processors/batch/batch_processor.h"

#include <algorithm>
#include <array>
#include <atomic>

#include "gateway/config/units.h"
#include "gateway/processors/batch/request_splitter.h"

namespace nanospan::gateway {
namespace {

constexpr std::uint64_t kRetryNanos = 1 * base::kNanosPerSecond;  // where the next consumer does not say when
// What splitting may repeat of a request's envelopes, beside the size of the request itself: senders choose both the
// size of a resource and the number of spans under it.
constexpr std::uint64_t kRepeatedBytesMax = 1 << 20;
// The Collector's (processor/batchprocessor/metadata.yaml).
constexpr std::array<std::uint64_t, 22> kSendSizeBounds = {10,   25,    50,    75,    100,   250,   500,  750,
                                                           1000, 2000,  3000,  4000,  5000,  6000,  7000, 8000,
                                                           9000, 10000, 20000, 30000, 50000, 100000};

}  // namespace

/// Who waits for one request, which may have gone into several batches.
class BatchProcessor::Senders {
 public:
  explicit Senders(Completion done) : done_(std::move(done)) {}
  /// One more part; before the last is known. Call release() after the last.
  void expect() { left_.fetch_add(1); }
  void release() {
    if (left_.fetch_sub(1) == 1) done_(joined());
  }
  void add(const Outcome& outcome, std::uint64_t spans, std::uint64_t rejected) {
    {
      const std::lock_guard lock(mutex_);
      retry_ |= outcome.kind == Outcome::Kind::kRetry;
      taken_ |= outcome.kind == Outcome::Kind::kAccepted;
      rejected_ += outcome.kind == Outcome::Kind::kPermanent ? spans : rejected;
      retry_after_nanos_ = std::max(retry_after_nanos_, outcome.retry_after_nanos);
      if (message_.empty()) message_ = outcome.message;
    }
    release();
  }

 private:
  /// What must be sent again must be sent again as a whole; duplicates are allowed, loss is not.
  Outcome joined() {
    if (retry_) return Outcome::retry(std::move(message_), retry_after_nanos_);
    return taken_ ? Outcome::partial(rejected_, std::move(message_)) : Outcome::permanent(std::move(message_));
  }

  Completion done_;
  std::atomic<std::size_t> left_{1};
  std::mutex mutex_;
  bool retry_ = false;
  bool taken_ = false;
  std::uint64_t rejected_ = 0;
  std::uint64_t retry_after_nanos_ = 0;
  std::string message_;
};

BatchProcessor::BatchProcessor(const BatchProcessorConfig& config, const std::string& name, Signal signal, Host& host,
                               Consumer& next)
    : config_(config),
      name_(name),
      subject_("processor " + name),
      host_(host),
      next_(next),
      loop_(host.shared_loop()),
      signal_(signal),
      items_(name, signal, host.metrics()),
      held_(host.metrics().gauge("nanospan_processor_held_items",
                                 "Items in the processor: incoming = outgoing + dropped + held.",
                                 {{"otel_signal", info_of(signal).name}, {"processor", name_}})),
      dropped_([this](std::string_view reason) -> Metric& {
        return host_.metrics().counter(
            "nanospan_processor_dropped_items", "Items that a processor did not pass on, by reason.",
            {{"otel_signal", info_of(signal_).name}, {"processor", name_}, {"reason", reason}});
      }),
      by_size_(host.metrics().counter("otelcol_processor_batch_batch_size_trigger_send",
                                      "Batches sent because they were full.", {{"processor", name_}})),
      by_timeout_(host.metrics().counter("otelcol_processor_batch_timeout_trigger_send",
                                         "Batches sent because of the timeout.", {{"processor", name_}})),
      send_size_(host.metrics().histogram("otelcol_processor_batch_batch_send_size",
                                          "Spans, data points or log records in the batches that were sent.",
                                          kSendSizeBounds, {{"processor", name_}})),
      cardinality_(host.metrics().gauge("otelcol_processor_batch_metadata_cardinality",
                                        "Batches that are kept apart by metadata: one, as all clients share it.",
                                        {{"processor", name_}})),
      timer_(loop_, [this] { on_timer(); }),
      drain_timer_(loop_, [this] { expire_drain(); }) {
  cardinality_.add(1);
}

BatchProcessor::~BatchProcessor() {
  *alive_ = false;
  cardinality_.subtract(1);
}

std::string BatchProcessor::describe() const {
  std::string text = std::to_string(config_.send_spans) + " " + std::string(info_of(signal_).items) + " or " +
                     format_duration(config_.timeout_nanos);
  if (config_.send_spans_max != 0) text += ", at most " + std::to_string(config_.send_spans_max);
  return text + (next_.waits_for_result() ? ", answers when sent" : ", answers at once");
}

Room BatchProcessor::room_for(const Batch& /*batch*/) const {
  const std::lock_guard lock(mutex_);
  return is_stuck() ? Room::kNotNow : Room::kYes;
}

void BatchProcessor::consume(BatchRef batch, Completion done) {
  const std::uint64_t spans = batch->counts().spans;
  std::vector<Ready> ready;
  std::optional<Outcome> refusal;
  std::shared_ptr<Senders> senders;
  if (next_.waits_for_result()) senders = std::make_shared<Senders>(std::move(done));
  {
    const std::lock_guard lock(mutex_);
    refusal = refuse(*batch);
    if (!refusal) {
      items_.incoming.add(spans);
      held_.add(spans);
      append(*batch, senders, ready);
      // While one waits to be offered again the open batch fills up, and then nothing more is taken.
      if (refused_.empty() && open_.counts.spans != 0 &&
          (open_.counts.spans >= config_.send_spans || config_.timeout_nanos == 0)) {
        by_size_.add(1);
        cut(ready);
      }
      sending_ += ready.size();
      if (open_.counts.spans != 0) schedule();
    }
  }
  batch.reset();  // Its bytes are here; its memory is free for the next request before anything is sent.
  if (refusal) {
    if (senders == nullptr) return done(*std::move(refusal));
    return senders->add(*refusal, spans, 0);
  }
  if (senders == nullptr) {
    done(Outcome::accepted());
  } else {
    senders->release();
  }
  for (Ready& one : ready) send(std::move(one));
}

/// Why `batch` cannot be taken; nothing if it can, and then there is memory for it.
std::optional<Outcome> BatchProcessor::refuse(const Batch& batch) {
  if (is_stuck()) {
    return Outcome::retry(subject_ + ": full, and what comes after it takes nothing; see its log and metrics",
                          kRetryNanos);
  }
  std::uint64_t repeated = 0;
  if (const std::uint64_t most = config_.send_spans_max;
      most != 0 && open_.counts.spans + batch.counts().spans > most) {
    repeated = (batch.counts().spans / most + 1) * RequestSplitter::largest_envelope(batch.bytes(), batch.signal());
    if (repeated > kRepeatedBytesMax + batch.bytes().size()) {
      return Outcome::permanent(subject_ + ": to split the request at send_batch_max_size would repeat its resource, " +
                                format_byte_size(repeated) + " in all; raise send_batch_max_size");
    }
  }
  if (!grow_for(open_.bytes, batch.bytes().size() + repeated)) {
    return Outcome::retry(subject_ + ": out of memory", kRetryNanos);
  }
  return std::nullopt;
}

/// Puts the request into the open batch; what has become full goes to `ready`. Mutex held, memory reserved.
void BatchProcessor::append(const Batch& batch, const std::shared_ptr<Senders>& senders, std::vector<Ready>& ready) {
  const std::uint64_t most = config_.send_spans_max;
  const SpanCounts& counts = batch.counts();
  open_.signal = batch.signal();
  if (most == 0 || open_.counts.spans + counts.spans <= most) {
    open_.bytes.append(batch.bytes());
    open_.counts.resources += counts.resources;
    open_.counts.scopes += counts.scopes;
    open_.counts.spans += counts.spans;
    note(counts.spans, senders);
    return;
  }
  RequestSplitter splitter(batch.bytes(), batch.signal());
  for (std::uint64_t left = counts.spans; left != 0;) {
    if (open_.counts.spans >= most) {
      by_size_.add(1);
      cut(ready);
      open_.signal = batch.signal();
    }
    const std::uint64_t before = open_.counts.spans;
    const bool taken = splitter.take(most - before, open_.bytes, open_.counts);
    const std::uint64_t spans = open_.counts.spans - before;
    if (!taken || spans == 0) return lose(left, senders);
    note(spans, senders);
    left -= spans;
  }
}

/// Out of memory: the rest of a request is lost to a sender that may not wait to hear of it. Mutex held.
void BatchProcessor::lose(std::uint64_t spans, const std::shared_ptr<Senders>& senders) {
  held_.subtract(spans);
  dropped_.of("out_of_memory").add(spans);
  if (senders == nullptr) return;
  senders->expect();
  senders->add(Outcome::retry(subject_ + ": out of memory", kRetryNanos), spans, 0);
}

/// Who waits for the last `spans` of the open batch. The batch's memory is charged even where the budget is used up: it
/// takes the place of a request's that was admitted, and only what is sent makes room.
void BatchProcessor::note(std::uint64_t spans, const std::shared_ptr<Senders>& senders) {
  if (open_.since == 0) open_.since = host_.clock().monotonic_now();
  if (open_.bytes.capacity() > open_.charge.bytes()) {
    if (open_.charge.bytes() == 0) open_.charge = BudgetCharge(host_.budget());
    open_.charge.overdraw(open_.bytes.capacity() - open_.charge.bytes());
  }
  if (senders == nullptr) {
    open_.is_owed = true;
    return;
  }
  senders->expect();
  open_.waiting.push_back({senders, spans});
}

/// Closes the open batch. Mutex held.
void BatchProcessor::cut(std::vector<Ready>& ready) {
  Open open = std::exchange(open_, Open());
  open.bytes.trim();
  open.charge.shrink_to(open.bytes.capacity());
  ready.push_back({std::make_shared<const Batch>(std::move(open.bytes), std::nullopt, open.counts,
                                                 std::move(open.charge), open.signal),
                   std::move(open.waiting), open.is_owed});
}

/// Sees to it that on_timer() runs on the loop. Mutex held.
void BatchProcessor::schedule() {
  if (std::exchange(timer_scheduled_, true)) return;
  loop_.post([this, alive = alive_] {
    if (*alive) on_timer();
  });
}

void BatchProcessor::on_timer() {
  std::vector<Ready> ready;
  {
    const std::lock_guard lock(mutex_);
    timer_scheduled_ = false;
    const base::MonotonicNanos now = host_.clock().monotonic_now();
    base::MonotonicNanos next = base::kNever;
    if (!refused_.empty()) {
      if (now >= retry_at_) {
        ready.push_back(std::move(refused_.front()));
        refused_.pop_front();
      } else {
        next = retry_at_;
      }
    } else if (open_.counts.spans != 0) {
      const base::MonotonicNanos due = base::later(open_.since, config_.timeout_nanos);
      const bool is_full = open_.counts.spans >= config_.send_spans;
      if (draining_ || is_full || now >= due) {
        (is_full ? by_size_ : by_timeout_).add(1);
        cut(ready);
      } else {
        next = due;
      }
    }
    sending_ += ready.size();
    timer_scheduled_ = next != base::kNever;
    timer_.arm(next);
  }
  for (Ready& one : ready) send(std::move(one));
}

void BatchProcessor::send(Ready ready) {
  auto sent = std::make_shared<Ready>(std::move(ready));
  next_.consume(sent->batch, [this, alive = alive_, sent](Outcome outcome) {
    if (*alive) settle(std::move(*sent), outcome);
  });
}

void BatchProcessor::settle(Ready ready, const Outcome& outcome) {
  const std::uint64_t spans = ready.batch->counts().spans;
  net::Task drained;
  {
    const std::lock_guard lock(mutex_);
    --sending_;
    const bool keep = outcome.kind == Outcome::Kind::kRetry && ready.is_owed && !drain_expired_;
    if (keep) {
      host_.log().warn_limited(subject_, "refused_for_now", outcome.message + "; kept, and offered again");
      retry_at_ = base::later(host_.clock().monotonic_now(),
                              outcome.retry_after_nanos != 0 ? outcome.retry_after_nanos : kRetryNanos);
      refused_.push_back(std::move(ready));
      return schedule();
    }
    if (outcome.kind == Outcome::Kind::kAccepted) {
      items_.outgoing.add(spans);
      send_size_.observe(spans);
    } else {
      dropped_.of("refused").add(spans);
      host_.log().warn_limited(subject_, "refused", outcome.message);
    }
    held_.subtract(spans);
    if (!refused_.empty() || open_.counts.spans != 0) schedule();
    drained = take_drained();
  }
  answer(ready, outcome);
  if (drained) drained();
}

/// Tells those who wait. Which of them a rejected span came from nobody knows: the first ones are told, so that the sum
/// is right.
void BatchProcessor::answer(const Ready& ready, const Outcome& outcome) {
  std::uint64_t rejected = outcome.rejected_spans;
  for (const Waiting& one : ready.waiting) {
    const std::uint64_t share = std::min(rejected, one.spans);
    rejected -= share;
    one.senders->add(outcome, one.spans, share);
  }
}

void BatchProcessor::drain(base::Deadline deadline, net::Task done) {
  auto shared_done = std::make_shared<net::Task>(std::move(done));
  loop_.post([this, deadline, shared_done, alive = alive_] {
    if (!*alive) return;
    net::Task drained;
    {
      const std::lock_guard lock(mutex_);
      draining_ = true;
      retry_at_ = 0;
      drained_ = std::move(*shared_done);
      drained = take_drained();
    }
    if (drained) return drained();
    drain_timer_.arm(deadline.at);
    on_timer();
  });
}

/// The drain's completion, if it is done. Mutex held.
net::Task BatchProcessor::take_drained() {
  if (!draining_ || sending_ != 0 || !refused_.empty() || open_.counts.spans != 0) return {};
  return std::exchange(drained_, net::Task());
}

void BatchProcessor::expire_drain() {
  std::deque<Ready> refused;
  net::Task drained;
  {
    const std::lock_guard lock(mutex_);
    drain_expired_ = true;
    refused = std::exchange(refused_, {});
    std::vector<Ready> open;
    if (open_.counts.spans != 0) cut(open);
    for (Ready& one : open) refused.push_back(std::move(one));
    drained = std::exchange(drained_, net::Task());
  }
  const Outcome shutdown = Outcome::retry("the gateway stopped before it was sent", kRetryNanos);
  for (const Ready& one : refused) {
    const std::uint64_t spans = one.batch->counts().spans;
    held_.subtract(spans);
    dropped_.of("shutdown").add(spans);
    answer(one, shutdown);
  }
  if (!refused.empty()) {
    host_.log().warn(subject_, std::to_string(refused.size()) + " batches were not sent before the shutdown deadline");
  }
  if (drained) drained();
}

}  // namespace nanospan::gateway
