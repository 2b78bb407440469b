// MetricsRegistry: the gateway's own counters and gauges, and their Prometheus text. Names are the Collector's, so that
// its dashboards work; what it does not have is called nanospan_*.
//
// Thread-safe. Series live as long as the registry; adding to a counter is one relaxed atomic operation. Observed
// series call back into their component, as long as it holds the Observation: once that is gone no call is under way.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
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

/// How large values were: how many of them fell into each bucket, and their sum. Any thread.
class Histogram {
 public:
  /// `bounds` ascend, and stay; a value belongs to the first bucket whose bound is not less.
  explicit Histogram(std::span<const std::uint64_t> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}
  void observe(std::uint64_t value);

 private:
  friend class MetricsRegistry;
  const std::span<const std::uint64_t> bounds_;
  std::vector<std::atomic<std::uint64_t>> counts_;  // the last one: above all bounds
  std::atomic<std::uint64_t> sum_{0};
};

class MetricsRegistry;

/// Keeps a callback registered; the registry must outlive it. An empty one keeps nothing.
class Observation {
 public:
  Observation() = default;
  Observation(Observation&& other) noexcept : registry_(std::exchange(other.registry_, nullptr)), id_(other.id_) {}
  Observation& operator=(Observation&& other) noexcept {
    std::swap(registry_, other.registry_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~Observation();

 private:
  friend class MetricsRegistry;
  Observation(MetricsRegistry& registry, std::uint64_t id) : registry_(&registry), id_(id) {}
  MetricsRegistry* registry_ = nullptr;
  std::uint64_t id_ = 0;
};

class MetricsRegistry {
 public:
  /// The series of this name with these labels; made on first use, the same object afterwards.
  Metric& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Metric& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  /// `bounds` must outlive the registry.
  Histogram& histogram(std::string_view name, std::string_view help, std::span<const std::uint64_t> bounds,
                       const Labels& labels);
  /// A gauge that says something by its labels and is 1. It is the only series of its name: another one replaces it.
  void set_info(std::string_view name, std::string_view help, const Labels& labels);
  /// A series whose value is asked for when it is read; the sum, if several observe it.
  [[nodiscard]] Observation observe_counter(std::string_view name, std::string_view help, const Labels& labels,
                                            std::function<double()> read);
  [[nodiscard]] Observation observe_gauge(std::string_view name, std::string_view help, const Labels& labels,
                                          std::function<double()> read);

  /// The present value of a series; nothing if there is none. The labels are in the order in which it was made.
  std::optional<double> value(std::string_view name, const Labels& labels) const;

  /// Prometheus text exposition format 0.0.4.
  std::string render() const;

  /// How often a series was looked up by its name, under the lock: at start and once for each new reason, never for
  /// each request. For tests.
  std::uint64_t lookups() const;

 private:
  friend class Observation;
  struct Reader {
    std::uint64_t id = 0;
    std::function<double()> read;
  };
  struct Series {
    Metric metric;
    std::vector<Reader> readers;           // none: the metric is the value
    std::unique_ptr<Histogram> histogram;  // of one
    double value() const;
  };
  struct Family {
    std::string help;
    const char* type = "";
    std::map<std::string, Series*> series;  // by rendered labels
  };
  Series& series(std::string_view name, std::string_view help, const char* type, const Labels& labels);
  Observation observe(std::string_view name, std::string_view help, const char* type, const Labels& labels,
                      std::function<double()> read);
  void forget(std::uint64_t id);
  static void render_histogram(std::string& out, std::string_view name, std::string_view labels,
                               const Histogram& histogram);

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
  std::deque<Series> storage_;  // stable addresses
  std::uint64_t last_reader_ = 0;
  std::uint64_t lookups_ = 0;
};

}  // namespace nanospan::gateway
