// MetricsByReason: the counters of one event, a series for each reason, without the registry's lock once a reason is
// known: refusals come in their thousands when there is least time for them.
//
// Thread-safe: a list that only grows at its head. Reasons are few and come from the code, not from peers. The registry
// must outlive it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/telemetry/metrics.h"

namespace nanospan::gateway {

class MetricsByReason {
 public:
  /// `find` looks the series of a reason up in the registry.
  explicit MetricsByReason(std::function<Metric&(std::string_view reason)> find) : find_(std::move(find)) {}
  MetricsByReason(const MetricsByReason&) = delete;
  MetricsByReason& operator=(const MetricsByReason&) = delete;
  ~MetricsByReason() {
    for (const Known* known = first_.load(); known != nullptr;) {
      const std::unique_ptr<const Known> gone(known);
      known = gone->next;
    }
  }

  Metric& of(std::string_view reason) {
    const Known* const first = first_.load(std::memory_order_acquire);
    for (const Known* known = first; known != nullptr; known = known->next) {
      if (known->reason == reason) return known->metric;
    }
    // Two threads that come at once get the same series from the registry; that it is listed twice harms nobody.
    auto fresh = std::make_unique<Known>(std::string(reason), find_(reason), first);
    while (!first_.compare_exchange_weak(fresh->next, fresh.get(), std::memory_order_acq_rel)) {
    }
    return fresh.release()->metric;
  }

 private:
  struct Known {
    Known(std::string text, Metric& counter, const Known* before)
        : reason(std::move(text)), metric(counter), next(before) {}
    std::string reason;
    Metric& metric;
    const Known* next;
  };
  const std::function<Metric&(std::string_view)> find_;
  std::atomic<const Known*> first_{nullptr};
};

}  // namespace nanospan::gateway
