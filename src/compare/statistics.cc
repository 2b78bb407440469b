// Exact p-values for small samples, the normal approximation for larger ones. Pure.
#include "compare/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace nanospan::compare {
namespace {

// Counting costs about values^2 * rank sum steps: a few milliseconds at these sizes. Twice the ranks are counted where
// there are ties, hence the lower limit.
constexpr std::size_t kExactMax = 50;
constexpr std::size_t kExactTiesMax = 25;

/// Ranks of both samples together. Tied values share the mean of their ranks, so ranks are doubled to stay whole.
struct Ranks {
  std::vector<std::size_t> doubled;  // of each value, in ascending order
  std::size_t doubled_sum_a = 0;     // of the first sample
  double tie_term = 0;               // sum of t^3 - t over the groups of t equal values
  bool ties = false;
};

Ranks rank(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<std::pair<double, bool>> all;
  for (const double value : a) all.emplace_back(value, true);
  for (const double value : b) all.emplace_back(value, false);
  std::sort(all.begin(), all.end());
  Ranks ranks;
  for (std::size_t first = 0; first < all.size();) {
    std::size_t end = first;
    while (end < all.size() && all[end].first == all[first].first) ++end;
    const std::size_t doubled = first + 1 + end;  // the mean of first + 1 ... end, twice
    for (std::size_t i = first; i < end; ++i) {
      ranks.doubled.push_back(doubled);
      if (all[i].second) ranks.doubled_sum_a += doubled;
    }
    const auto tied = static_cast<double>(end - first);
    ranks.tie_term += tied * tied * tied - tied;
    ranks.ties = ranks.ties || end - first > 1;
    first = end;
  }
  return ranks;
}

/// Counts, for each sum, the ways to take `taken` of the ranks: ways[k][s] grows rank by rank, as for a knapsack. All
/// terms are positive, so doubles lose nothing that matters.
double exact_p(const Ranks& ranks, std::size_t taken) {
  const std::size_t unit = ranks.ties ? 1 : 2;  // without ties the ranks themselves are whole
  const std::size_t observed = ranks.doubled_sum_a / unit;
  const std::size_t sum_max = std::accumulate(ranks.doubled.begin(), ranks.doubled.end(), std::size_t{0}) / unit;
  std::vector<std::vector<double>> ways(taken + 1, std::vector<double>(sum_max + 1));
  ways[0][0] = 1;
  std::size_t reached = 0;  // no sum so far is above this
  for (std::size_t i = 0; i < ranks.doubled.size(); ++i) {
    const std::size_t value = ranks.doubled[i] / unit;
    reached += value;
    for (std::size_t k = std::min(i + 1, taken); k > 0; --k) {
      for (std::size_t sum = reached; sum >= value; --sum) ways[k][sum] += ways[k - 1][sum - value];
    }
  }
  double below = 0;  // at most what was observed
  double above = 0;  // at least
  double all = 0;
  for (std::size_t sum = 0; sum <= sum_max; ++sum) {
    all += ways[taken][sum];
    if (sum <= observed) below += ways[taken][sum];
    if (sum >= observed) above += ways[taken][sum];
  }
  return std::min(1.0, 2 * std::min(below, above) / all);
}

double normal_p(const Ranks& ranks, double a, double b) {
  const double n = a + b;
  const double u = static_cast<double>(ranks.doubled_sum_a) / 2 - a * (a + 1) / 2;
  const double variance = a * b / 12 * ((n + 1) - ranks.tie_term / (n * (n - 1)));
  const double distance = std::max(0.0, std::abs(u - a * b / 2) - 0.5);
  return std::erfc(distance / std::sqrt(variance) / std::sqrt(2.0));
}

/// How many values to leave out at each end: the most with P(Binomial(n, 1/2) < left out) <= (1 - confidence) / 2.
std::size_t left_out(std::size_t count, double confidence) {
  const auto n = static_cast<double>(count);
  double tail = 0;
  std::size_t k = 0;
  for (; k < count; ++k) {
    const auto x = static_cast<double>(k);
    tail += std::exp(std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1) - n * std::log(2.0));
    if (tail > (1 - confidence) / 2) break;
  }
  return k;
}

}  // namespace

Summary summarize(std::vector<double> values, double confidence) {
  std::sort(values.begin(), values.end());
  const std::size_t count = values.size();
  Summary summary;
  summary.count = count;
  summary.median = (values[(count - 1) / 2] + values[count / 2]) / 2;
  // Order statistics k and n + 1 - k enclose the median unless fewer than k values fall on one side of it.
  const std::size_t k = left_out(count, confidence);
  if (k == 0) {
    summary.low = -std::numeric_limits<double>::infinity();
    summary.high = std::numeric_limits<double>::infinity();
  } else {
    summary.low = values[k - 1];
    summary.high = values[count - k];
  }
  return summary;
}

double u_test(const std::vector<double>& a, const std::vector<double>& b) {
  const Ranks ranks = rank(a, b);
  if (ranks.doubled.front() == ranks.doubled.back()) return 1;
  const std::size_t most = std::max(a.size(), b.size());
  if (most <= (ranks.ties ? kExactTiesMax : kExactMax)) return exact_p(ranks, a.size());
  return normal_p(ranks, static_cast<double>(a.size()), static_cast<double>(b.size()));
}

double u_test_least_p(std::size_t a, std::size_t b) {
  double ways = 1;  // C(a + b, a)
  for (std::size_t i = 1; i <= a; ++i) ways *= static_cast<double>(b + i) / static_cast<double>(i);
  return std::min(1.0, 2 / ways);
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) { return p[x] < p[y]; });
  std::vector<double> adjusted(p.size());
  double highest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    highest = std::max(highest, std::min(1.0, p[order[i]] * static_cast<double>(order.size() - i)));
    adjusted[order[i]] = highest;
  }
  return adjusted;
}

double geometric_mean(const std::vector<double>& values) {
  double logarithms = 0;
  for (const double value : values) logarithms += std::log(value);
  return std::exp(logarithms / static_cast<double>(values.size()));
}

}  // namespace nanospan::compare
