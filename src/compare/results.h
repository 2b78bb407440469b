// Results of benchmarks as the comparison sees them, whatever file they come from: per benchmark and unit a list of
// values, and what a unit means.
//
// Plain values; not thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nanospan::compare {

enum class Better { kUnknown, kLower, kHigher };

/// What is known of a unit.
struct UnitKind {
  Better better = Better::kUnknown;
  bool counter = false;  ///< Deterministic: the same in each run of the same program, so any change is real.
};

/// By the unit's name: "ns/op" and "real_time" are better when lower, "items_per_second" when higher, "allocs/op",
/// "instructions", "bytes", "syscalls" are counters. Unknown ones are shown and never gate.
UnitKind kind_of_unit(std::string_view unit);

/// The name as a terminal and JSON can have it: control characters, and all of invalid UTF-8, become "?".
std::string printable(std::string_view name);

/// One benchmark in one unit.
struct Series {
  std::string benchmark;
  std::string unit;
  std::vector<double> values;
};

/// One side of a comparison: what one or several files of results hold, in the order of their first appearance.
class Results {
 public:
  static constexpr std::size_t kValuesMax = 4'000'000;  ///< Of all series together.

  /// False if there are too many values. Names are made printable.
  bool add(std::string_view benchmark, std::string_view unit, double value);
  /// A file says itself what its unit means; above kind_of_unit().
  void declare(std::string_view unit, UnitKind kind) { declared_[std::string(unit)] = kind; }
  /// A run that its benchmark reported as failed: it has no values.
  void add_failed(std::string_view benchmark) { failed_.push_back(printable(benchmark)); }

  const std::vector<Series>& series() const { return series_; }
  const std::vector<std::string>& failed() const { return failed_; }
  std::size_t values() const { return values_; }
  UnitKind kind(const std::string& unit) const;
  /// nullptr if there is none.
  const Series* find(const std::string& benchmark, const std::string& unit) const;

 private:
  std::vector<Series> series_;
  std::map<std::pair<std::string, std::string>, std::size_t> index_;
  std::map<std::string, UnitKind> declared_;
  std::vector<std::string> failed_;
  std::size_t values_ = 0;
};

}  // namespace nanospan::compare
