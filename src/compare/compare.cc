// Rows are made one by one, then judged together, since Holm's correction needs all of their p-values. Pure.
#include "compare/compare.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace nanospan::compare {
namespace {

bool has(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

UnitKind kind_of(const Results& before, const Results& after, const std::string& unit, const CompareOptions& options) {
  UnitKind kind = after.kind(unit);
  if (kind.better == Better::kUnknown) kind = before.kind(unit);
  if (has(options.lower, unit)) kind.better = Better::kLower;
  if (has(options.higher, unit)) kind.better = Better::kHigher;
  if (has(options.counters, unit)) kind.counter = true;
  if (kind.counter && kind.better == Better::kUnknown) kind.better = Better::kLower;
  return kind;
}

bool constant(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [&](double value) { return value == values[0]; });
}

double change(double before, double after) {
  if (before == after) return 0;
  if (before == 0) return std::copysign(std::numeric_limits<double>::infinity(), after);
  return (after - before) / std::abs(before);
}

Row make_row(const Series& before, const Series& after, UnitKind kind, const CompareOptions& options) {
  Row row;
  row.benchmark = before.benchmark;
  row.unit = before.unit;
  row.better = kind.better;
  row.counter = kind.counter && constant(before.values) && constant(after.values);
  row.before = summarize(before.values, options.confidence);
  row.after = summarize(after.values, options.confidence);
  row.delta = change(row.before.median, row.after.median);
  if (!row.counter) row.p = u_test(before.values, after.values);
  return row;
}

void add_geomeans(Comparison& comparison) {
  std::vector<std::string> units;
  for (const Row& row : comparison.rows) {
    if (!has(units, row.unit)) units.push_back(row.unit);
  }
  for (const std::string& unit : units) {
    std::vector<double> before;
    std::vector<double> after;
    for (const Row& row : comparison.rows) {
      if (row.unit != unit) continue;
      before.push_back(row.before.median);
      after.push_back(row.after.median);
    }
    const auto positive = [](const std::vector<double>& all) {
      return std::all_of(all.begin(), all.end(), [](double value) { return value > 0; });
    };
    if (before.size() < 2 || !positive(before) || !positive(after)) continue;
    Geomean mean{unit, geometric_mean(before), geometric_mean(after), 0};
    mean.delta = change(mean.before, mean.after);
    comparison.geomeans.push_back(std::move(mean));
  }
}

bool wanted(const std::string& unit, const CompareOptions& options) {
  return options.units.empty() || has(options.units, unit);
}

std::vector<std::string> each_once(const std::vector<std::string>& names) {
  const std::set<std::string> sorted(names.begin(), names.end());
  return {sorted.begin(), sorted.end()};
}

Comparison compare_sides(const Side& before, const Side& after, const CompareOptions& options) {
  Comparison comparison;
  comparison.label = after.label;
  for (const Series& series : before.results.series()) {
    if (!wanted(series.unit, options)) continue;
    const Series* const other = after.results.find(series.benchmark, series.unit);
    if (other == nullptr) {
      comparison.only_before.push_back(series.benchmark + " " + series.unit);
      continue;
    }
    const UnitKind kind = kind_of(before.results, after.results, series.unit, options);
    comparison.rows.push_back(make_row(series, *other, kind, options));
  }
  for (const Series& series : after.results.series()) {
    if (wanted(series.unit, options) && before.results.find(series.benchmark, series.unit) == nullptr) {
      comparison.only_after.push_back(series.benchmark + " " + series.unit);
    }
  }
  comparison.failed_before = each_once(before.results.failed());
  comparison.failed_after = each_once(after.results.failed());
  add_geomeans(comparison);
  return comparison;
}

Verdict direction(const Row& row) {
  if (row.better == Better::kUnknown) return Verdict::kChanged;
  return (row.delta > 0) == (row.better == Better::kLower) ? Verdict::kRegressed : Verdict::kImproved;
}

Verdict judge(const Row& row, std::size_t tests, const CompareOptions& options) {
  if (row.counter) return std::abs(row.delta) > options.counter_tolerance ? direction(row) : Verdict::kSame;
  if (*row.p_adjusted <= options.alpha) {
    return std::abs(row.delta) >= options.effect_min ? direction(row) : Verdict::kSame;
  }
  const double least = u_test_least_p(row.before.count, row.after.count) * static_cast<double>(tests);
  return least > options.alpha ? Verdict::kTooFew : Verdict::kSame;
}

/// Holm's correction needs all rows of a report at once.
void judge_all(std::vector<Comparison>& comparisons, const CompareOptions& options) {
  std::vector<Row*> tested;
  std::vector<double> p;
  for (Comparison& comparison : comparisons) {
    for (Row& row : comparison.rows) {
      if (!row.p) continue;
      tested.push_back(&row);
      p.push_back(*row.p);
    }
  }
  const std::vector<double> adjusted = holm(p);
  for (std::size_t i = 0; i < tested.size(); ++i) tested[i]->p_adjusted = adjusted[i];
  for (Comparison& comparison : comparisons) {
    for (Row& row : comparison.rows) row.verdict = judge(row, p.size(), options);
  }
}

void check_noise(const std::pair<Side, Side>& noise, Report& report) {
  std::vector<Comparison> pair;
  pair.push_back(compare_sides(noise.first, noise.second, report.options));
  judge_all(pair, report.options);
  std::set<std::pair<std::string, std::string>> uncertain_counters;
  for (const Row& row : pair[0].rows) {
    if (row.verdict == Verdict::kTooFew) ++report.noise_too_few;
    if (row.verdict == Verdict::kSame || row.verdict == Verdict::kTooFew) continue;
    report.noise.push_back(row);
    report.too_noisy = report.too_noisy || !row.counter;
    if (row.counter) uncertain_counters.emplace(row.benchmark, row.unit);
  }
  for (Comparison& comparison : report.comparisons) {
    for (Row& row : comparison.rows) {
      const bool trusted = row.counter ? !uncertain_counters.contains({row.benchmark, row.unit}) : !report.too_noisy;
      if (!trusted) row.verdict = Verdict::kNotJudged;
    }
  }
}

}  // namespace

Report compare(const Side& before, const std::vector<Side>& after, const std::pair<Side, Side>* noise,
               const CompareOptions& options) {
  Report report;
  report.label = before.label;
  report.options = options;
  for (const Side& side : after) report.comparisons.push_back(compare_sides(before, side, options));
  judge_all(report.comparisons, options);
  report.with_noise_check = noise != nullptr;
  if (noise != nullptr) check_noise(*noise, report);
  return report;
}

std::size_t count_missing(const Report& report) {
  std::size_t missing = 0;
  for (const Comparison& comparison : report.comparisons) {
    std::set<std::string> names(comparison.only_before.begin(), comparison.only_before.end());
    for (const std::string& failed : comparison.failed_after) {
      if (!has(comparison.failed_before, failed)) names.insert(failed);
    }
    missing += names.size();
  }
  return missing;
}

std::size_t count(const Report& report, Verdict verdict) {
  std::size_t rows = 0;
  for (const Comparison& comparison : report.comparisons) {
    rows += static_cast<std::size_t>(std::count_if(comparison.rows.begin(), comparison.rows.end(),
                                                   [&](const Row& row) { return row.verdict == verdict; }));
  }
  return rows;
}

std::size_t runs_needed(const Report& report) {
  std::size_t tests = 0;
  for (const Comparison& comparison : report.comparisons) {
    tests += static_cast<std::size_t>(std::count_if(comparison.rows.begin(), comparison.rows.end(),
                                                    [](const Row& row) { return row.p.has_value(); }));
  }
  std::size_t runs = 1;
  while (u_test_least_p(runs, runs) * static_cast<double>(tests) > report.options.alpha && runs < 1000) ++runs;
  return runs;
}

}  // namespace nanospan::compare
