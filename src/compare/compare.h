// The comparison of one side of results with others: what changed, how sure that is, and what a build should make of
// it.
//
// Counters (instructions, allocations, bytes, system calls) are the same in every run, so any growth is a regression.
// Times are judged by the U test over all runs, corrected for the number of rows (Holm), and only where the change is
// large enough to matter; a pair of runs of the same program (A/A) tells whether the machine can be trusted at all.
// Decision 0104 says why counts gate and time informs.
//
// Pure functions of values; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compare/results.h"
#include "compare/statistics.h"

namespace nanospan::compare {

struct CompareOptions {
  /// A whole report shows a difference by chance in at most one of 1/alpha cases. A gate runs often, hence 0.001.
  double alpha = 0.001;
  double confidence = 0.95;         ///< Of the intervals of medians.
  double effect_min = 0.01;         ///< Changes of a time below this share are no finding, however certain.
  double counter_tolerance = 0;     ///< Share by which a counter may grow.
  std::vector<std::string> units;   ///< Only these; all if empty.
  std::vector<std::string> lower;   ///< Units that are better when lower, whatever their name says.
  std::vector<std::string> higher;  ///< Units that are better when higher.
  std::vector<std::string> counters;
};

enum class Verdict {
  kSame,  ///< No difference that is certain and large enough.
  kImproved,
  kRegressed,
  kChanged,    ///< Different, in a unit of which nobody said what is better.
  kTooFew,     ///< So few runs that no difference could have become certain.
  kNotJudged,  ///< The A/A pair differs, too.
};

/// One benchmark in one unit.
struct Row {
  std::string benchmark;
  std::string unit;
  bool counter = false;  ///< Compared exactly. A counter that varies within a side is treated as a time.
  Better better = Better::kUnknown;
  Summary before;
  Summary after;
  double delta = 0;  ///< Share of the old median; infinite if that is 0 and the new one is not.
  std::optional<double> p;
  std::optional<double> p_adjusted;  ///< By Holm, over all rows of the report that have a p.
  Verdict verdict = Verdict::kSame;
};

/// Of the medians of all rows with one unit, where all are positive.
struct Geomean {
  std::string unit;
  double before = 0;
  double after = 0;
  double delta = 0;
};

/// The old side against one new one.
struct Comparison {
  std::string label;
  std::vector<Row> rows;
  std::vector<Geomean> geomeans;
  std::vector<std::string> only_before;  ///< "benchmark unit" that the other side lacks.
  std::vector<std::string> only_after;
  std::vector<std::string> failed_before;  ///< Benchmarks with runs that failed.
  std::vector<std::string> failed_after;
};

struct Side {
  std::string label;
  Results results;
};

struct Report {
  std::string label;  ///< Of the old side.
  CompareOptions options;
  std::vector<Comparison> comparisons;
  bool with_noise_check = false;
  std::vector<Row> noise;  ///< Rows in which the A/A pair differs.
  /// A time of the A/A pair differs: no time is judged.
  bool too_noisy = false;
  std::size_t noise_too_few = 0;  ///< Rows of the A/A pair with too few runs to show any noise.
};

/// If times of `noise`'s two sides differ, the machine is too noisy; a counter that differs is none. Null: no A/A pair
/// was given.
Report compare(const Side& before, const std::vector<Side>& after, const std::pair<Side, Side>* noise,
               const CompareOptions& options);

std::size_t count(const Report& report, Verdict verdict);
/// What was measured before and is not any more, or has begun to fail: nobody can say that it did not get worse.
std::size_t count_missing(const Report& report);
/// Runs a side from which the report could be certain of a difference in any of its rows.
std::size_t runs_needed(const Report& report);

}  // namespace nanospan::compare
