// Looking, and refusing. Threads: see the header.
#include "gateway/processors/memory_limiter/memory_limiter.h"

#include <algorithm>

#include "gateway/config/units.h"

namespace nanospan::gateway {

MemoryLimiter::MemoryLimiter(MemoryLimiterConfig::Limits limits, std::uint64_t check_nanos, const std::string& name,
                             Host& host, Consumer& next, std::function<std::uint64_t()> heap_bytes)
    : limits_(limits),
      check_nanos_(check_nanos),
      subject_("processor " + name),
      host_(host),
      budget_limit_(host.budget(), limits.soft_bytes),
      next_(next),
      heap_bytes_(std::move(heap_bytes)),
      loop_(host.shared_loop()),
      timer_(loop_, [this] { check(); }) {
  for (const Signal signal : kSignals) {
    const std::string items(info_of(signal).metric_items);
    accepted_[signal] = &host.metrics().counter("otelcol_processor_accepted_" + items,
                                                "Passed on by the memory limiter.", {{"processor", name}});
    refused_[signal] = &host.metrics().counter("otelcol_processor_refused_" + items,
                                               "Refused by the memory limiter; their sender was told to retry.",
                                               {{"processor", name}});
  }
}

Status MemoryLimiter::start() {
  loop_.post([this, alive = alive_] {
    if (*alive) check();
  });
  return {};
}

std::string MemoryLimiter::describe() const {
  return "refuses from " + format_byte_size(limits_.soft_bytes) + " on, limit " + format_byte_size(limits_.hard_bytes);
}

void MemoryLimiter::check() {
  const std::uint64_t heap = heap_bytes_();
  beside_budget_.store(heap - std::min(heap, host_.budget().used()), std::memory_order_relaxed);
  if (is_over()) {
    host_.log().warn_limited(subject_, "over_limit",
                             "the process uses " + format_byte_size(heap) + ", more than " +
                                 format_byte_size(limits_.soft_bytes) + " (limit less spike); requests are refused");
  }
  timer_.arm(base::later(loop_.clock().monotonic_now(), check_nanos_));
}

bool MemoryLimiter::is_over() const {
  return beside_budget_.load(std::memory_order_relaxed) + host_.budget().used() > limits_.soft_bytes;
}

Room MemoryLimiter::room_for(const Batch& batch) const { return is_over() ? Room::kNotNow : next_.room_for(batch); }

void MemoryLimiter::consume(BatchRef batch, Completion done) {
  const std::uint64_t spans = batch->counts().spans;
  if (!is_over()) {
    accepted_[batch->signal()]->add(spans);
    return next_.consume(std::move(batch), std::move(done));
  }
  refused_[batch->signal()]->add(spans);
  done(Outcome::retry(
      subject_ + ": the process uses more than " + format_byte_size(limits_.soft_bytes) + " of memory; send again",
      std::max<std::uint64_t>(check_nanos_, base::kNanosPerSecond)));
}

}  // namespace nanospan::gateway
