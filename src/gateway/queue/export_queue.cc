// The queue's states and its bookkeeping. See the header for threads and the ledger.
//
// One rule keeps the numbers right: a batch's spans leave `queued` in settle() and nowhere else, and settle() counts
// them as sent or failed in the same breath.
#include "gateway/queue/export_queue.h"

#include <algorithm>

namespace nanospan::gateway {
namespace {

constexpr std::string_view kShutdown = "shutdown";  // the reason of what the drain's deadline cut off

}  // namespace

/// One batch that is being sent, or waits for its next try.
struct ExportQueue::Flight {
  Flight(ExportQueue& queue, Item taken)
      : item(std::move(taken)),
        timer(queue.loop_, [&queue, this] { queue.attempt(*this); }),
        interval(queue.options_.retry.initial_nanos) {}
  Item item;
  net::Timer timer;
  std::uint64_t interval;
};

struct ExportQueue::SenderInUse {
  std::unique_ptr<Sender> sender;
  std::size_t sending = 0;
};

ExportQueue::ExportQueue(net::EventLoop& loop, ExportQueueOptions options, std::unique_ptr<Sender> sender,
                         MetricsRegistry& metrics, Log& log)
    : loop_(loop),
      options_(std::move(options)),
      metrics_(metrics),
      log_(log),
      subject_("exporter " + options_.exporter),
      enqueued_(counter("nanospan_exporter_enqueued_", " taken into the queue.")),
      sent_(counter("otelcol_exporter_sent_", " that the destination took.")),
      failed_(counter("otelcol_exporter_send_failed_", " given up.")),
      queued_(metrics.gauge("nanospan_exporter_queued_" + std::string(info_of(options_.signal).metric_items),
                            "Waiting or being sent: enqueued = sent + failed + queued.",
                            {{"exporter", options_.exporter}})),
      refused_(counter("otelcol_exporter_enqueue_failed_", " refused by the queue; their sender was told.")),
      size_(metrics.gauge("otelcol_exporter_queue_size", "Present size of the queue, in its sizer's unit.",
                          {{"exporter", options_.exporter}, {"data_type", info_of(options_.signal).name}})),
      capacity_(metrics.gauge("otelcol_exporter_queue_capacity", "Bound of the queue, in its sizer's unit.",
                              {{"exporter", options_.exporter}, {"data_type", info_of(options_.signal).name}})),
      in_flight_(metrics.gauge("otelcol_exporter_in_flight_requests", "Requests being sent.",
                               {{"exporter", options_.exporter}, {"data_type", info_of(options_.signal).name}})),
      retries_(
          metrics.counter("nanospan_exporter_retries", "Tries after the first.", {{"exporter", options_.exporter}})),
      refused_by_([this](std::string_view reason) -> Metric& {
        return counter("nanospan_exporter_refused_", " refused by the queue, by reason.", reason);
      }),
      failed_by_([this](std::string_view reason) -> Metric& {
        return counter("nanospan_exporter_failed_", " given up, by reason.", reason);
      }),
      joiner_(options_.queue.batch.value_or(QueueBatchOptions()).limits, options_.budget, loop.clock()),
      say_losses_timer_(loop, [this] { say_losses(); }),
      jitter_(static_cast<std::minstd_rand::result_type>(loop.clock().unix_now() | 1)),
      flush_timer_(loop, [this] { pump(); }),
      drain_timer_(loop, [this] { expire_drain(); }),
      sender_(std::make_unique<SenderInUse>(SenderInUse{std::move(sender)})) {
  capacity_.add(options_.queue.size_max);
}

/// Named after what the signal counts.
Metric& ExportQueue::counter(std::string_view name, std::string_view help, std::string_view reason) {
  const SignalInfo& info = info_of(options_.signal);
  Labels labels{{"exporter", options_.exporter}};
  if (!reason.empty()) labels.push_back({"reason", reason});
  return metrics_.counter(std::string(name) + std::string(info.metric_items),
                          "The " + std::string(info.items) + std::string(help), labels);
}

ExportQueue::~ExportQueue() {
  *alive_ = false;
  capacity_.subtract(options_.queue.size_max);
}

Status ExportQueue::start(ExportQueue* before) {
  return sender_->sender->start(before == nullptr ? nullptr : before->sender_->sender.get());
}

void ExportQueue::take_over(ExportQueue& next) {
  {
    const std::lock_guard lock(mutex_);
    size_.subtract(used_);
    std::swap(options_, next.options_);  // Each gives back the capacity that is in its options.
    used_ = 0;
    for (std::size_t i = 0; i < accepted_; ++i) used_ += size_of(*waiting_[i].batch);
    for (const Item& item : ready_) used_ += item.is_joined ? 0 : size_of(*item.batch);
    for (const std::unique_ptr<Flight>& flight : flights_) {
      used_ += flight->item.is_joined ? 0 : size_of(*flight->item.batch);
    }
    for (const Gathered& request : gathered_) used_ += size_of(request.bytes, request.items);
    size_.add(used_);
    joiner_.set_limits(options_.queue.batch.value_or(QueueBatchOptions()).limits);
    schedule_pump();
  }
  std::swap(sender_, next.sender_);
  if (next.sender_->sending != 0) senders_before_.push_back(std::exchange(next.sender_, nullptr));
  for (const std::unique_ptr<Flight>& flight : flights_) {
    flight->interval = options_.retry.initial_nanos;
    if (flight->timer.armed()) flight->timer.arm(loop_.clock().monotonic_now());
  }
}

std::uint64_t ExportQueue::size_of(std::uint64_t bytes, std::uint64_t items) const {
  switch (options_.queue.sizer) {
    case QueueSizer::kBytes:
      return std::max<std::uint64_t>(bytes, 1);
    case QueueSizer::kItems:
      return std::max<std::uint64_t>(items, 1);
    case QueueSizer::kRequests:
      break;
  }
  return 1;
}

bool ExportQueue::can_never_fit(const Batch& batch) const {
  return options_.queue.enabled && size_of(batch) > options_.queue.size_max;
}

bool ExportQueue::fits(const Batch& batch) const {
  return !options_.queue.enabled || used_ + size_of(batch) <= options_.queue.size_max;
}

Room ExportQueue::room_for(const Batch& batch) const {
  const std::lock_guard lock(mutex_);
  if (draining_) return Room::kNotNow;
  if (can_never_fit(batch)) return Room::kNever;
  return options_.queue.block_on_overflow || fits(batch) ? Room::kYes : Room::kNotNow;
}

void ExportQueue::refuse(const Batch& batch, std::string_view reason, Outcome outcome, Completion done) {
  refused_.add(batch.counts().spans);
  refused_by_.of(reason).add(batch.counts().spans);
  log_.warn_limited(subject_, reason, outcome.message);
  outcome.message = subject_ + ": " + outcome.message;
  done(std::move(outcome));
}

void ExportQueue::offer(BatchRef batch, Completion done) {
  const Batch& peek = *batch;
  std::unique_lock lock(mutex_);
  if (draining_) {
    lock.unlock();
    return refuse(peek, "shutting_down", Outcome::retry("the gateway is shutting down"), std::move(done));
  }
  if (can_never_fit(peek)) {
    const std::string bound = describe_size(options_.queue);
    lock.unlock();
    return refuse(peek, "larger_than_queue",
                  Outcome::permanent("the request is larger than the whole queue (" + bound +
                                     "); raise sending_queue.queue_size"),
                  std::move(done));
  }
  const bool now = fits(peek) && accepted_ == waiting_.size();
  if (!now && !options_.queue.block_on_overflow) {
    const std::string bound = describe_size(options_.queue);
    lock.unlock();
    return refuse(peek, "queue_full",
                  Outcome::retry("the queue is full (" + bound +
                                 "); raise sending_queue.queue_size or find out why the destination is slow"),
                  std::move(done));
  }
  enqueued_.add(peek.counts().spans);
  queued_.add(peek.counts().spans);
  const bool tell_now = now && options_.queue.enabled && !options_.queue.wait_for_result;
  Completion told;
  if (tell_now) told = std::move(done);
  waiting_.push_back({std::move(batch), std::move(done), 0});
  if (now) {
    used_ += size_of(*waiting_.back().batch);
    size_.add(size_of(*waiting_.back().batch));
    ++accepted_;
  }
  schedule_pump();
  lock.unlock();
  if (told) told(Outcome::accepted());
}

void ExportQueue::schedule_pump() {
  if (pump_scheduled_ || (accepted_ == 0 && ready_.empty() && joiner_.empty())) return;
  pump_scheduled_ = true;
  loop_.post([this, alive = alive_] {
    if (*alive) pump();
  });
}

void ExportQueue::accept_blocked(std::vector<Completion>& accepted) {
  while (accepted_ < waiting_.size() && fits(*waiting_[accepted_].batch)) {
    Item& item = waiting_[accepted_++];
    used_ += size_of(*item.batch);
    size_.add(size_of(*item.batch));
    if (options_.queue.enabled && !options_.queue.wait_for_result) accepted.push_back(std::move(item.done));
  }
}

void ExportQueue::pump() {
  std::vector<Completion> accepted;
  std::vector<Flight*> starting;
  {
    const std::lock_guard lock(mutex_);
    pump_scheduled_ = false;
    accept_blocked(accepted);
    for (;;) {
      while (!ready_.empty() && flights_.size() < options_.queue.consumers) {
        flights_.push_back(std::make_unique<Flight>(*this, std::move(ready_.front())));
        flights_.back()->item.first_try = loop_.clock().monotonic_now();
        starting.push_back(flights_.back().get());
        ready_.pop_front();
      }
      if (flights_.size() >= options_.queue.consumers || !take_next()) break;
    }
    arm_flush();
  }
  for (const Completion& tell : accepted) tell(Outcome::accepted());
  for (Flight* flight : starting) attempt(*flight);
  finish_drain_if_empty();
}

/// Profiles have a dictionary for each request: they cannot be joined.
bool ExportQueue::joins() const {
  return options_.queue.enabled && options_.queue.batch && options_.signal != Signal::kProfiles;
}

/// Moves the next one towards ready_. False if there is none, or it must wait for others.
bool ExportQueue::take_next() {
  if (accepted_ == 0) {
    const bool is_due =
        !joins() || draining_ ||
        loop_.clock().monotonic_now() >= base::later(joiner_.since(), options_.queue.batch->flush_nanos);
    if (joiner_.empty() || !is_due) return false;
    cut_open();
    return true;
  }
  Item item = std::move(waiting_.front());
  waiting_.pop_front();
  --accepted_;
  // What cannot be joined goes as it came: out of memory, or splitting it would repeat too much.
  if (!joins() || joiner_.reserve(*item.batch)) {
    ready_.push_back(std::move(item));
  } else {
    gather(std::move(item));
  }
  return true;
}

/// Into the open batch; it is the request that is in the queue until its fate is known, not the batch.
void ExportQueue::gather(Item item) {
  const bool is_owed = !item.done;
  gathered_.push_front({item.batch->bytes().size(), item.batch->counts().spans});
  const auto senders = std::make_shared<RequestJoiner::Senders>(released(gathered_.begin(), std::move(item.done)));
  std::vector<RequestJoiner::Joined> full;
  const std::uint64_t lost = joiner_.append(*item.batch, senders, is_owed, full);
  for (RequestJoiner::Joined& joined : full) ready_.push_back(to_item(std::move(joined)));
  if (joiner_.is_full()) cut_open();
  if (lost != 0) {
    queued_.subtract(lost);
    count_failed(lost, "out_of_memory");
    report_failure(is_owed ? lost : 0, {SendResult::Kind::kRetry, "out_of_memory", "out of memory", 0, 0});
  }
  if (lost != gathered_.front().items)
    return senders->release();                  // What flies later is still to come: this is no answer.
  loop_.post([this, senders, alive = alive_] {  // without the mutex
    senders->release();
    if (*alive) pump();
  });
}

void ExportQueue::cut_open() { ready_.push_back(to_item(joiner_.cut())); }

ExportQueue::Item ExportQueue::to_item(RequestJoiner::Joined joined) {
  return {std::move(joined.batch),
          [waiting = std::move(joined.waiting)](const Outcome& outcome) { RequestJoiner::answer(waiting, outcome); }, 0,
          true, joined.owed_items};
}

/// Gives back what the request has of the queue, and tells its sender, if that waits.
Completion ExportQueue::released(std::list<Gathered>::iterator of, Completion done) {
  return [this, alive = alive_, of, done = std::move(done)](Outcome outcome) {
    if (*alive) {
      const std::lock_guard lock(mutex_);
      const std::uint64_t size = size_of(of->bytes, of->items);
      used_ -= size;
      size_.subtract(size);
      gathered_.erase(of);
    }
    if (done) done(std::move(outcome));
  };
}

/// For the open batch, if it waits for others.
void ExportQueue::arm_flush() {
  const bool waits = joins() && !joiner_.empty() && flights_.size() < options_.queue.consumers;
  flush_timer_.arm(waits ? base::later(joiner_.since(), options_.queue.batch->flush_nanos) : base::kNever);
}

void ExportQueue::attempt(Flight& flight) {
  in_flight_.add(1);
  SenderInUse& in_use = *sender_;
  ++in_use.sending;
  in_use.sender->send(flight.item.batch, base::Deadline::after(loop_.clock(), options_.attempt_nanos),
                      [this, &flight, &in_use, alive = alive_](SendResult result) {
                        if (!*alive) return;
                        in_flight_.subtract(1);
                        if (--in_use.sending == 0 && &in_use != sender_.get()) remove_idle_senders();
                        on_result(flight, std::move(result));
                      });
}

/// By the loop, not from here: it is one of them that calls.
void ExportQueue::remove_idle_senders() {
  loop_.post([this, alive = alive_] {
    if (*alive) std::erase_if(senders_before_, [](const auto& sender) { return sender->sending == 0; });
  });
}

void ExportQueue::on_result(Flight& flight, SendResult result) {
  const auto known = std::find_if(flights_.begin(), flights_.end(), [&](const auto& f) { return f.get() == &flight; });
  if (known == flights_.end()) return;  // The drain gave it up while it was being sent.
  if (result.kind != SendResult::Kind::kRetry || !options_.retry.enabled) return finish(flight, std::move(result));
  log_.warn_limited(subject_, result.reason, result.message);
  last_problem_ = result.message;
  retry_later(flight, std::move(result));
}

void ExportQueue::retry_later(Flight& flight, SendResult result) {
  const RetryOptions& retry = options_.retry;
  const base::MonotonicNanos now = loop_.clock().monotonic_now();
  // interval * (1 +- randomization_factor), but never sooner than the destination asked for.
  const double spread =
      1 + retry.randomization_factor * (2.0 * (static_cast<double>(jitter_() - std::minstd_rand::min()) /
                                               static_cast<double>(std::minstd_rand::max() - std::minstd_rand::min())) -
                                        1.0);
  const std::uint64_t delay =
      std::max(result.retry_after_nanos, static_cast<std::uint64_t>(static_cast<double>(flight.interval) * spread));
  if (retry.elapsed_nanos_max != 0 && now - flight.item.first_try + delay > retry.elapsed_nanos_max) {
    result.message += "; given up after max_elapsed_time";
    return finish(flight, std::move(result));
  }
  flight.interval = std::min(static_cast<std::uint64_t>(static_cast<double>(flight.interval) * retry.multiplier),
                             retry.interval_nanos_max);
  retries_.add(1);
  flight.timer.arm(now + delay);
}

void ExportQueue::finish(Flight& flight, SendResult result) {
  const auto known = std::find_if(flights_.begin(), flights_.end(), [&](const auto& f) { return f.get() == &flight; });
  const std::unique_ptr<Flight> landed = std::move(*known);
  flights_.erase(known);
  settle(std::move(landed->item), result);
  const std::lock_guard lock(mutex_);
  // Pumped by the loop, not from here: a Sender that answers at once would otherwise recurse once for each queued
  // batch.
  if (!std::exchange(pump_scheduled_, true)) {
    loop_.post([this, alive = alive_] {
      if (*alive) pump();
    });
  }
}

void ExportQueue::count_failed(std::uint64_t spans, std::string_view reason) {
  failed_.add(spans);
  failed_by_.of(reason).add(spans);
}

/// What its sender still has is one thing, what was acknowledged and is gone another: that is said as a loss.
void ExportQueue::report_failure(std::uint64_t acknowledged, const SendResult& result) {
  lost_ += acknowledged;
  if (has_drain_deadline_) lost_in_drain_.fetch_add(acknowledged, std::memory_order_relaxed);
  if (result.reason == kShutdown) {  // expire_drain() reports them all in one line
    lost_said_ += acknowledged;
    return;
  }
  if (acknowledged == 0) {
    log_.warn_limited(subject_, result.reason, result.message);
    return;
  }
  Loss& loss = losses_[result.reason];
  loss.items += acknowledged;
  loss.message = result.message;
  if (loop_.clock().monotonic_now() >= say_losses_next_) {
    say_losses();
  } else if (!say_losses_timer_.armed()) {
    say_losses_timer_.arm(say_losses_next_);
  }
}

/// All since the last time, a line for each reason, so that the lines add up.
void ExportQueue::say_losses() {
  say_losses_timer_.cancel();
  if (losses_.empty()) return;
  for (const auto& [reason, loss] : losses_) {
    lost_said_ += loss.items;
    log_.warn(subject_, "lost " + std::to_string(loss.items) + " " + std::string(info_of(options_.signal).items) +
                            " that were acknowledged (" + std::to_string(lost_said_) +
                            " since the start): " + loss.message);
  }
  losses_.clear();
  say_losses_next_ = loop_.clock().monotonic_now() + Log::kIntervalNanos;
}

void ExportQueue::settle(Item item, const SendResult& result) {
  const std::uint64_t spans = item.batch->counts().spans;
  if (result.kind == SendResult::Kind::kSent) {
    const std::uint64_t rejected = std::min(result.rejected_spans, spans);
    sent_.add(spans - rejected);
    if (rejected != 0) count_failed(rejected, "rejected");
  } else {
    count_failed(spans, result.reason);
    report_failure(item.is_joined ? item.owed_items : (item.done ? 0 : spans), result);
  }
  queued_.subtract(spans);
  if (!item.is_joined) {
    const std::lock_guard lock(mutex_);
    used_ -= size_of(*item.batch);
    size_.subtract(size_of(*item.batch));
  }
  item.batch.reset();
  if (!item.done) return;
  if (result.kind == SendResult::Kind::kSent && result.message.empty() && result.rejected_spans == 0) {
    return item.done(Outcome::accepted());
  }
  std::string message = subject_ + ": " + result.message;
  switch (result.kind) {
    case SendResult::Kind::kSent:
      return item.done(Outcome::partial(std::min(result.rejected_spans, spans), std::move(message)));
    case SendResult::Kind::kRetry:
      return item.done(Outcome::retry(std::move(message), result.retry_after_nanos));
    case SendResult::Kind::kPermanent:
      return item.done(Outcome::permanent(std::move(message)));
  }
}

void ExportQueue::drain(base::Deadline deadline, net::Task done) {
  // The drain's state is the loop's; the caller may be any thread.
  auto shared_done = std::make_shared<net::Task>(std::move(done));
  loop_.post([this, deadline, shared_done, alive = alive_] {
    if (!*alive) return;
    {
      const std::lock_guard lock(mutex_);
      draining_ = true;
    }
    drained_ = std::move(*shared_done);
    has_drain_deadline_ = deadline.at != base::kNever;
    drain_timer_.arm(deadline.at);
    pump();
  });
}

void ExportQueue::expire_drain() {
  SendResult shutdown{SendResult::Kind::kRetry, kShutdown, "the gateway stopped before it was sent", 0, 0};
  const std::uint64_t unsent = queued_.value(), lost_before = lost_;
  std::deque<Item> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting = std::move(waiting_);
    waiting_.clear();
    for (std::size_t i = accepted_; i < waiting.size(); ++i) {  // Blocked ones have not been counted in yet.
      used_ += size_of(*waiting[i].batch);
      size_.add(size_of(*waiting[i].batch));
    }
    accepted_ = 0;
    if (!joiner_.empty()) cut_open();
    waiting.insert(waiting.end(), std::make_move_iterator(ready_.begin()), std::make_move_iterator(ready_.end()));
    ready_.clear();
  }
  for (Item& item : waiting) settle(std::move(item), shutdown);
  std::vector<std::unique_ptr<Flight>> flights = std::move(flights_);
  flights_.clear();
  for (const std::unique_ptr<Flight>& flight : flights) settle(std::move(flight->item), shutdown);
  const std::uint64_t spans = unsent - queued_.value();
  if (spans == 0) return finish_drain_if_empty();
  const std::uint64_t lost = lost_ - lost_before;
  std::string text = std::to_string(spans) + " " + std::string(info_of(options_.signal).items) +
                     " were not sent before the shutdown deadline: " + std::to_string(lost) +
                     " of them were acknowledged and are lost, of " + std::to_string(spans - lost) +
                     " their senders were told";
  if (!last_problem_.empty()) text += "; last problem: " + last_problem_;
  log_.error(subject_, text);
  finish_drain_if_empty();
}

void ExportQueue::finish_drain_if_empty() {
  {
    const std::lock_guard lock(mutex_);
    if (!draining_ || !waiting_.empty() || !flights_.empty() || !ready_.empty() || !gathered_.empty()) return;
  }
  drain_timer_.cancel();
  say_losses();
  if (drained_) std::exchange(drained_, net::Task())();
}

ExportQueue::Ledger ExportQueue::ledger() const {
  return {enqueued_.value(), sent_.value(), failed_.value(), queued_.value(), refused_.value()};
}

}  // namespace nanospan::gateway
