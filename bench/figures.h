// Figures: what a benchmark found, next to what it was to find, as lines for people and as JSON for tools/bench.
#pragma once

#include <string>
#include <vector>

namespace nanospan::bench {

/// Which side of the goal is good.
enum class Better { kLower, kHigher, kNone };

struct Figure {
  std::string goal;  ///< Row of the table of goals: "S8".
  std::string what;
  double value = 0;
  std::string unit;
  Better better = Better::kNone;
  double target = 0;
};

class Figures {
 public:
  /// Adds one and prints it at once.
  void add(Figure figure);
  /// False if the file cannot be written.
  bool write_json(const std::string& path) const;

 private:
  std::vector<Figure> all_;
};

}  // namespace nanospan::bench
