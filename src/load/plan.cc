// Straight lines and the areas under them.
#include "load/plan.h"

#include <algorithm>
#include <cmath>

namespace nanospan::load {
namespace {

constexpr double kNanos = 1e9;

double seconds(const Stage& stage) { return static_cast<double>(stage.nanos) / kNanos; }
double area(double from, const Stage& stage) { return (from + stage.target) / 2 * seconds(stage); }

/// The time after the stage's start at which the area under its line, from `from` to its target, is `wanted`.
/// from t + slope t^2 / 2 = wanted, solved in the form that does not cancel where the slope is small.
double time_of_area(double from, const Stage& stage, double wanted) {
  const double slope = (stage.target - from) / seconds(stage);
  const double root = std::sqrt(std::max(0.0, from * from + 2 * slope * wanted));
  return from + root > 0 ? 2 * wanted / (from + root) : 0;
}

}  // namespace

std::uint64_t Plan::nanos() const {
  std::uint64_t sum = 0;
  for (const Stage& stage : stages_) sum += stage.nanos;
  return sum;
}

double Plan::peak() const {
  double peak = 0;
  for (const Stage& stage : stages_) peak = std::max(peak, stage.target);
  return peak;
}

double Plan::target_at(std::uint64_t nanos) const {
  double from = 0;
  for (const Stage& stage : stages_) {
    if (nanos < stage.nanos) {
      return from + (stage.target - from) * static_cast<double>(nanos) / static_cast<double>(stage.nanos);
    }
    nanos -= stage.nanos;
    from = stage.target;
  }
  return 0;
}

std::uint64_t Plan::arrival(std::uint64_t index) const {
  double left = static_cast<double>(index);
  double from = 0;
  std::uint64_t start = 0;
  for (const Stage& stage : stages_) {
    const double here = area(from, stage);
    if (left < here) return start + static_cast<std::uint64_t>(std::llround(time_of_area(from, stage, left) * kNanos));
    left -= here;
    start += stage.nanos;
    from = stage.target;
  }
  return base::kNever;
}

std::uint64_t Plan::arrivals() const {
  double all = 0;
  double from = 0;
  for (const Stage& stage : stages_) {
    all += area(from, stage);
    from = stage.target;
  }
  return static_cast<std::uint64_t>(std::ceil(all));
}

}  // namespace nanospan::load
