// Threshold: what a load must have reached to count as passed, written as k6 writes it: "p99<100ms", "errors<1%". A
// plain value; pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "load/http_load.h"

namespace nanospan::load {

class Threshold {
 public:
  enum class Metric : std::uint8_t { kQuantile, kMean, kMax, kRate, kErrors };

  /// "METRIC OP BOUND" without spaces, or with: p50, p99.9 (any p above 0 and below 100), mean, max against a duration
  /// (ms, us, s; without a unit: ms); rate against requests answered a second; errors, the share of requests that were
  /// not answered or answered 4xx or 5xx, against a percentage or a share of 1. OP is <, <=, > or >=.
  static Result<Threshold> parse(std::string_view text);

  const std::string& text() const { return text_; }
  Metric metric() const { return metric_; }
  bool holds(const HttpLoadResult& result) const;
  /// What was measured, with its unit: "12.3 ms".
  std::string measured(const HttpLoadResult& result) const;

 private:
  double value(const HttpLoadResult& result) const;

  std::string text_;
  Metric metric_ = Metric::kQuantile;
  double quantile_ = 0;  // 0 to 1
  bool below_ = true;    // < or <=, else > or >=
  bool or_equal_ = false;
  double bound_ = 0;  // nanoseconds, requests a second, or a share of 1
};

/// "0.42 ms", "12.3 ms", "1.24 s": three digits that matter.
std::string format_latency(double nanos);

}  // namespace nanospan::load
