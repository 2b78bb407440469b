// MetricsRegistry: the gateway's own counters and gauges, and their Prometheus text. Names are the Collector's, so that
// its dashboards work; what it does not have is called nanospan_*.
//
// Thread-safe. Series are made at start and live as long as the registry; adding to a counter is one relaxed atomic
// operation. Observed series call back into their component: the endpoint that renders must stop before the components
// go.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nanospan::gateway {

using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

/// A number that may be changed from any thread. A counter only grows; a gauge may shrink.
class Metric {
 public:
  void add(std::uint64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  void subtract(std::uint64_t n) { value_.fetch_sub(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class MetricsRegistry {
 public:
  /// The series of this name with these labels; made on first use, the same object afterwards.
  Metric& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Metric& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  /// A series whose value is asked for when it is read.
  void observe_counter(std::string_view name, std::string_view help, const Labels& labels,
                       std::function<double()> read);
  void observe_gauge(std::string_view name, std::string_view help, const Labels& labels, std::function<double()> read);

  /// Prometheus text exposition format 0.0.4.
  std::string render() const;

 private:
  struct Series {
    Metric metric;
    std::function<double()> read;
  };
  struct Family {
    std::string help;
    const char* type = "";
    std::map<std::string, Series*> series;  // by rendered labels
  };
  Series& series(std::string_view name, std::string_view help, const char* type, const Labels& labels);

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
  std::deque<Series> storage_;  // stable addresses
};

}  // namespace nanospan::gateway
