// Gathering, cutting, and what becomes of a batch. Threads and the ledger: see the header.
//
// One rule keeps the numbers right: spans enter `held` in consume() and leave it in settle() or expire(), where they
// are counted as outgoing or dropped in the same breath. The next consumer and the senders are called outside of the
// mutex.
#include "gateway/processors/batch/batch_processor.h"

#include <algorithm>
#include <array>

#include "gateway/config/units.h"

namespace nanospan::gateway {
namespace {

constexpr std::uint64_t kRetryNanos = 1 * base::kNanosPerSecond;  // where the next consumer does not say when
// The Collector's (processor/batchprocessor/metadata.yaml).
constexpr std::array<std::uint64_t, 22> kSendSizeBounds = {10,   25,    50,    75,    100,   250,   500,  750,
                                                           1000, 2000,  3000,  4000,  5000,  6000,  7000, 8000,
                                                           9000, 10000, 20000, 30000, 50000, 100000};

}  // namespace

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
      open_({BatchSizer::kItems, config_.send_spans, config_.send_spans_max}, &host.budget(), host.clock()),
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
  std::vector<Joined> ready;
  std::optional<Outcome> refusal;
  std::shared_ptr<RequestJoiner::Senders> senders;
  if (next_.waits_for_result()) senders = std::make_shared<RequestJoiner::Senders>(std::move(done));
  {
    const std::lock_guard lock(mutex_);
    refusal = refuse(*batch);
    if (!refusal) {
      items_.incoming.add(spans);
      held_.add(spans);
      append(*batch, senders, ready);
      sending_ += ready.size();
      if (!open_.empty()) schedule();
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
  for (Joined& one : ready) send(std::move(one));
}

/// Why `batch` cannot be taken; nothing if it can, and then there is memory for it.
std::optional<Outcome> BatchProcessor::refuse(const Batch& batch) {
  if (is_stuck()) {
    return Outcome::retry(subject_ + ": full, and what comes after it takes nothing; see its log and metrics");
  }
  std::optional<Outcome> refusal = open_.reserve(batch);
  if (refusal) refusal->message = subject_ + ": " + refusal->message;
  return refusal;
}

/// Puts the request into the open batch; what has become full goes to `ready`. Mutex held, memory reserved.
void BatchProcessor::append(const Batch& batch, const std::shared_ptr<RequestJoiner::Senders>& senders,
                            std::vector<Joined>& ready) {
  // Out of memory: the rest of a request is lost to a sender that may not wait to hear of it.
  if (const std::uint64_t lost = open_.append(batch, senders, senders == nullptr, ready); lost != 0) {
    held_.subtract(lost);
    dropped_.of("out_of_memory").add(lost);
  }
  by_size_.add(ready.size());
  // While one waits to be offered again the open batch fills up, and then nothing more is taken.
  if (refused_.empty() && !open_.empty() && (open_.is_full() || config_.timeout_nanos == 0)) {
    by_size_.add(1);
    ready.push_back(open_.cut());
  }
}

/// Sees to it that on_timer() runs on the loop. Mutex held.
void BatchProcessor::schedule() {
  if (std::exchange(timer_scheduled_, true)) return;
  loop_.post([this, alive = alive_] {
    if (*alive) on_timer();
  });
}

void BatchProcessor::on_timer() {
  std::vector<Joined> ready;
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
    } else if (!open_.empty()) {
      const base::MonotonicNanos due = base::later(open_.since(), config_.timeout_nanos);
      const bool is_full = open_.is_full();
      if (draining_ || is_full || now >= due) {
        (is_full ? by_size_ : by_timeout_).add(1);
        ready.push_back(open_.cut());
      } else {
        next = due;
      }
    }
    sending_ += ready.size();
    timer_scheduled_ = next != base::kNever;
    timer_.arm(next);
  }
  for (Joined& one : ready) send(std::move(one));
}

void BatchProcessor::send(Joined ready) {
  auto sent = std::make_shared<Joined>(std::move(ready));
  next_.consume(sent->batch, [this, alive = alive_, sent](Outcome outcome) {
    if (*alive) settle(std::move(*sent), outcome);
  });
}

void BatchProcessor::settle(Joined ready, const Outcome& outcome) {
  const std::uint64_t spans = ready.batch->counts().spans;
  net::Task drained;
  {
    const std::lock_guard lock(mutex_);
    --sending_;
    const bool keep = outcome.kind == Outcome::Kind::kRetry && ready.owed_items != 0 && !drain_expired_;
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
    if (!refused_.empty() || !open_.empty()) schedule();
    drained = take_drained();
  }
  RequestJoiner::answer(ready.waiting, outcome);
  if (drained) drained();
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
  if (!draining_ || sending_ != 0 || !refused_.empty() || !open_.empty()) return {};
  return std::exchange(drained_, net::Task());
}

void BatchProcessor::expire_drain() {
  std::deque<Joined> refused;
  net::Task drained;
  {
    const std::lock_guard lock(mutex_);
    drain_expired_ = true;
    refused = std::exchange(refused_, {});
    if (!open_.empty()) refused.push_back(open_.cut());
    drained = std::exchange(drained_, net::Task());
  }
  const Outcome shutdown = Outcome::retry("the gateway stopped before it was sent");
  for (const Joined& one : refused) {
    const std::uint64_t spans = one.batch->counts().spans;
    held_.subtract(spans);
    dropped_.of("shutdown").add(spans);
    RequestJoiner::answer(one.waiting, shutdown);
  }
  if (!refused.empty()) {
    host_.log().warn(subject_, std::to_string(refused.size()) + " batches were not sent before the shutdown deadline");
  }
  if (drained) drained();
}

}  // namespace nanospan::gateway
