// The statistics of a comparison of two samples: medians with intervals, the U test, Holm's correction.
//
// Nothing here assumes a normal distribution: times of benchmarks are skewed and have outliers, so everything is built
// on ranks. Pure functions, thread-safe; results depend on nothing but the arguments.
#pragma once

#include <cstddef>
#include <vector>

namespace nanospan::compare {

/// Of a sample. Low and high are infinite if there are too few values for the confidence asked.
struct Summary {
  double median = 0;
  double low = 0;
  double high = 0;
  std::size_t count = 0;
};

/// Median and its interval between two values of the sample: the tightest symmetric pair of order statistics that holds
/// the true median with at least `confidence` (binomial distribution, no assumption on the shape).
/// REQUIRES: not empty.
Summary summarize(std::vector<double> values, double confidence);

/// Mann-Whitney U test, two-sided: how likely two samples of one distribution differ in rank at least as much as these.
/// Exact (all ways to deal the ranks are counted, ties included) up to 50 values a side, 25 if there are ties; above it
/// the normal approximation with corrections for ties and continuity. 1 if all values are equal.
/// REQUIRES: neither is empty.
double u_test(const std::vector<double>& a, const std::vector<double>& b);

/// The least p that the U test can give for samples of these sizes, however far apart.
double u_test_least_p(std::size_t a, std::size_t b);

/// Holm's step-down correction: p values that may be held against one alpha whatever their number, in the same order.
std::vector<double> holm(const std::vector<double>& p);

/// REQUIRES: not empty, all positive.
double geometric_mean(const std::vector<double>& values);

}  // namespace nanospan::compare
