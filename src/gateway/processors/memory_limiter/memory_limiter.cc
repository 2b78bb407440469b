// Looking, and refusing. Threads: see the header.
#include "gateway/processors/memory_limiter/memory_limiter.h"

#include <algorithm>

#include "gateway/config/units.h"

namespace nanospan::gateway {

MemoryLimiter::MemoryLimiter(const MemoryLimiterConfig& config, const std::string& name, Signal signal, Host& host,
                             Consumer& next, std::function<std::uint64_t()> heap_bytes)
    : config_(config),
      subject_("processor " + name),
      host_(host),
      hard_bytes_(config.limits(host.memory_bytes()).hard_bytes),
      soft_bytes_(config.limits(host.memory_bytes()).soft_bytes),
      budget_limit_(host.budget(), soft_bytes_),
      next_(next),
      heap_bytes_(std::move(heap_bytes)),
      loop_(host.slow_loop()),
      items_(name, signal, host.metrics()),
      accepted_(host.metrics().counter(
          "otelcol_processor_memory_limiter_accepted_" + std::string(info_of(signal).metric_items),
          "The " + std::string(info_of(signal).items) + " passed on by the memory limiter.", {{"processor", name}})),
      refused_(host.metrics().counter(
          "otelcol_processor_memory_limiter_refused_" + std::string(info_of(signal).metric_items),
          "The " + std::string(info_of(signal).items) +
              " refused by the memory limiter; their sender was told to retry.",
          {{"processor", name}})),
      timer_(loop_, [this] { check(); }) {}

Status MemoryLimiter::start() {
  loop_.post([this, alive = alive_] {
    if (*alive) check();
  });
  return {};
}

std::string MemoryLimiter::describe() const {
  return "refuses from " + soft_text() + " on, limit " + format_byte_size(hard_bytes_);
}

std::string MemoryLimiter::soft_text() const { return format_byte_size(soft_bytes_); }

void MemoryLimiter::follow() {
  const auto [hard, soft] = config_.limits(host_.memory_bytes());
  if (hard == hard_bytes_) return;
  hard_bytes_ = hard;
  soft_bytes_ = soft;
  budget_limit_.set(soft);
  host_.log().info(subject_, "the container has another size: " + describe());
}

void MemoryLimiter::check() {
  follow();
  const std::uint64_t heap = heap_bytes_();
  beside_budget_.store(heap - std::min(heap, host_.budget().used()), std::memory_order_relaxed);
  if (is_over()) {
    host_.log().warn_limited(subject_, "over_limit",
                             "the process uses " + format_byte_size(heap) + ", more than " + soft_text() +
                                 " (limit less spike); requests are refused");
  }
  timer_.arm(base::later(loop_.clock().monotonic_now(), config_.check_nanos));
}

bool MemoryLimiter::is_over() const {
  return beside_budget_.load(std::memory_order_relaxed) + host_.budget().used() >
         soft_bytes_.load(std::memory_order_relaxed);
}

Room MemoryLimiter::room_for(const Batch& batch) const { return is_over() ? Room::kNotNow : next_.room_for(batch); }

void MemoryLimiter::consume(BatchRef batch, Completion done) {
  const std::uint64_t spans = batch->counts().spans;
  items_.incoming.add(spans);
  if (!is_over()) {
    items_.outgoing.add(spans);
    accepted_.add(spans);
    return next_.consume(std::move(batch), std::move(done));
  }
  refused_.add(spans);
  done(Outcome::retry(subject_ + ": the process uses more than " + soft_text() + " of memory; send again"));
}

}  // namespace nanospan::gateway
