// Points: what an experiment measured, in the one form that the report reads: which case, which metric, value, unit.
//
// The JSON is {"experiment", "figures": [{"what", "value", "unit", "case", "metric"[, "plus_minus"]}], "notes":
// [text]}, so that `nanospan bench-compare` reads it as it reads all our reports. Not thread-safe.
#pragma once

#include <string>
#include <vector>

namespace nanospan::bench {

class Points {
 public:
  explicit Points(std::string experiment) : experiment_(std::move(experiment)) {}

  /// Adds one and prints it at once. Units as people write them: "ns", "spans/s", "%".
  /// `plus_minus`: half the width of the value's 95 % interval; 0 where it has none.
  void add(const std::string& of, const std::string& metric, double value, const std::string& unit,
           double plus_minus = 0);
  /// A sentence below the table: what a reader must know to not be misled.
  void note(const std::string& text);
  /// False if the file cannot be written.
  bool write_json(const std::string& path) const;

 private:
  struct Point {
    std::string of, metric, unit;
    double value, plus_minus;
  };
  std::string experiment_;
  std::vector<Point> points_;
  std::vector<std::string> notes_;
};

}  // namespace nanospan::bench
