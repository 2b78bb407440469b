#include "compare/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace nanospan::compare {
namespace {

constexpr std::size_t kBenchmarks = 10;
// With this noise 2 % are found with probability 0.997 (0.95 with 30 runs, 0.68 with 20).
constexpr std::size_t kRuns = 40;

/// Times as benchmarks on a shared machine give them: 1 % of skewed noise, a run in twenty that something else slowed
/// down, and a clock that counts in hundredths.
class Machine {
 public:
  explicit Machine(unsigned seed) : random_(seed) {}

  double run(double nanos) {
    double time = nanos * std::exp(0.01 * normal_(random_));
    if (share_(random_) < 0.05) time *= 1 + 0.4 * share_(random_);
    return std::round(time * 100) / 100;
  }

  /// Benchmarks from 5 ns to 5 us; that of number `slower` takes `factor` times as long.
  Side measure(std::size_t slower = kBenchmarks, double factor = 1) {
    Side side;
    side.label = "side";
    for (std::size_t i = 0; i < kBenchmarks; ++i) {
      const double nanos = 5 * std::pow(1000, static_cast<double>(i) / (kBenchmarks - 1)) * (i == slower ? factor : 1);
      for (std::size_t j = 0; j < kRuns; ++j) side.results.add("b" + std::to_string(i), "cpu_time", run(nanos));
    }
    return side;
  }

 private:
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  std::uniform_real_distribution<double> share_;
};

Side side_of(std::initializer_list<std::pair<const char*, std::vector<double>>> series, const char* benchmark = "b") {
  Side side;
  for (const auto& [unit, values] : series) {
    for (const double value : values) side.results.add(benchmark, unit, value);
  }
  return side;
}

std::vector<double> repeated(double value, std::size_t count) { return std::vector<double>(count, value); }

Verdict only_verdict(const Side& before, const Side& after, const CompareOptions& options = {}) {
  const Report report = compare(before, {after}, nullptr, options);
  EXPECT_EQ(report.comparisons[0].rows.size(), 1U);
  return report.comparisons[0].rows[0].verdict;
}

TEST(Compare, NoFalseAlarmInAHundredRunsOfTheSameProgram) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    Machine machine(seed);
    const Side before = machine.measure();
    const Report report = compare(before, {machine.measure()}, nullptr, {});
    EXPECT_EQ(count(report, Verdict::kRegressed), 0U) << seed;
    EXPECT_EQ(count(report, Verdict::kImproved), 0U) << seed;
  }
}

TEST(Compare, TenOfTenRegressionsOfTwoPercentAreFound) {
  for (std::size_t slower = 0; slower < 10; ++slower) {
    Machine machine(1000 + static_cast<unsigned>(slower));
    const Side before = machine.measure();
    const Report report = compare(before, {machine.measure(slower, 1.02)}, nullptr, {});
    EXPECT_EQ(count(report, Verdict::kRegressed), 1U) << slower;
    EXPECT_EQ(report.comparisons[0].rows[slower].verdict, Verdict::kRegressed) << slower;
  }
}

TEST(Compare, AnImprovementIsNoRegression) {
  Machine machine(7);
  const Side slow = machine.measure(3, 1.05);
  const Report report = compare(slow, {machine.measure()}, nullptr, {});
  EXPECT_EQ(report.comparisons[0].rows[3].verdict, Verdict::kImproved);
  EXPECT_EQ(count(report, Verdict::kRegressed), 0U);
}

TEST(Compare, CountersAreComparedExactlyFromOneRunOn) {
  EXPECT_EQ(only_verdict(side_of({{"instructions", {225}}}), side_of({{"instructions", {226}}})), Verdict::kRegressed);
  EXPECT_EQ(only_verdict(side_of({{"allocs/op", {3, 3}}}), side_of({{"allocs/op", {2, 2}}})), Verdict::kImproved);
  EXPECT_EQ(only_verdict(side_of({{"bytes", {7}}}), side_of({{"bytes", {7}}})), Verdict::kSame);
  EXPECT_EQ(only_verdict(side_of({{"syscalls", {0}}}), side_of({{"syscalls", {1}}})), Verdict::kRegressed);
}

TEST(Compare, CountersMayBeGivenATolerance) {
  CompareOptions options;
  options.counter_tolerance = 0.005;
  EXPECT_EQ(only_verdict(side_of({{"instructions", {1000}}}), side_of({{"instructions", {1005}}}), options),
            Verdict::kSame);
  EXPECT_EQ(only_verdict(side_of({{"instructions", {1000}}}), side_of({{"instructions", {1006}}}), options),
            Verdict::kRegressed);
}

TEST(Compare, ACounterThatVariesIsJudgedAsATime) {
  const Report report =
      compare(side_of({{"B/op", {100, 101, 100}}}), {side_of({{"B/op", {101, 100, 102}}})}, nullptr, {});
  EXPECT_FALSE(report.comparisons[0].rows[0].counter);
  EXPECT_EQ(report.comparisons[0].rows[0].verdict, Verdict::kTooFew);
}

TEST(Compare, ACertainButSmallChangeIsNoFinding) {
  std::vector<double> before;
  std::vector<double> after;
  for (int i = 0; i < 20; ++i) {
    before.push_back(100 + 0.01 * i);
    after.push_back(100.5 + 0.01 * i);
  }
  EXPECT_EQ(only_verdict(side_of({{"ns", before}}), side_of({{"ns", after}})), Verdict::kSame);
  CompareOptions options;
  options.effect_min = 0.001;
  EXPECT_EQ(only_verdict(side_of({{"ns", before}}), side_of({{"ns", after}}), options), Verdict::kRegressed);
}

TEST(Compare, TooFewRunsAreSaidWithHowManyAreNeeded) {
  const Report report = compare(side_of({{"ns", {10, 11, 12}}}), {side_of({{"ns", {20, 21, 22}}})}, nullptr, {});
  EXPECT_EQ(count(report, Verdict::kTooFew), 1U);
  EXPECT_EQ(runs_needed(report), 7U);  // 2 / C(14, 7) = 0.0006
}

TEST(Compare, WhatIsBetterIsTakenFromTheUnitTheFileOrTheOption) {
  const std::vector<double> low = repeated(100, 10);
  const std::vector<double> high = repeated(200, 10);
  EXPECT_EQ(only_verdict(side_of({{"items_per_second", low}}), side_of({{"items_per_second", high}})),
            Verdict::kImproved);
  EXPECT_EQ(only_verdict(side_of({{"widgets", low}}), side_of({{"widgets", high}})), Verdict::kChanged);
  CompareOptions options;
  options.lower = {"widgets"};
  EXPECT_EQ(only_verdict(side_of({{"widgets", low}}), side_of({{"widgets", high}}), options), Verdict::kRegressed);
  options.lower.clear();
  options.counters = {"widgets"};
  EXPECT_EQ(only_verdict(side_of({{"widgets", {1}}}), side_of({{"widgets", {2}}}), options), Verdict::kRegressed);
  Side declared = side_of({{"widgets", high}});
  declared.results.declare("widgets", {Better::kHigher, false});
  EXPECT_EQ(only_verdict(side_of({{"widgets", low}}), declared), Verdict::kImproved);
}

TEST(Compare, APairOfOneProgramThatDiffersMakesTheMachineTooNoisy) {
  Machine machine(3);
  const Side before = machine.measure();
  const Side slower = machine.measure(4, 1.10);
  const std::pair<Side, Side> quiet(machine.measure(), machine.measure());
  const Report trusted = compare(before, {slower}, &quiet, {});
  EXPECT_FALSE(trusted.too_noisy);
  EXPECT_EQ(count(trusted, Verdict::kRegressed), 1U);

  const std::pair<Side, Side> noisy(machine.measure(), machine.measure(2, 0.93));
  const Report untrusted = compare(before, {slower}, &noisy, {});
  EXPECT_TRUE(untrusted.too_noisy);
  EXPECT_EQ(untrusted.noise.size(), 1U);
  EXPECT_EQ(count(untrusted, Verdict::kRegressed), 0U);
  EXPECT_EQ(count(untrusted, Verdict::kNotJudged), kBenchmarks);
}

TEST(Compare, CountersGateOnANoisyMachineUnlessTheyThemselvesDiffer) {
  const Side before = side_of({{"ns", repeated(10, 10)}, {"instructions", {5}}, {"bytes", {8}}});
  const Side after = side_of({{"ns", repeated(10, 10)}, {"instructions", {6}}, {"bytes", {9}}});
  const std::pair<Side, Side> noisy(side_of({{"ns", repeated(10, 10)}, {"bytes", {8}}}),
                                    side_of({{"ns", repeated(20, 10)}, {"bytes", {9}}}));
  const Report report = compare(before, {after}, &noisy, {});
  const std::vector<Row>& rows = report.comparisons[0].rows;
  EXPECT_EQ(rows[0].verdict, Verdict::kNotJudged);
  EXPECT_EQ(rows[1].verdict, Verdict::kRegressed);
  EXPECT_EQ(rows[2].verdict, Verdict::kNotJudged);
}

TEST(Compare, WhatOneSideLacksIsNamed) {
  const Report report =
      compare(side_of({{"ns", {1}}, {"us", {1}}}), {side_of({{"ns", {1}}, {"ms", {1}}})}, nullptr, {});
  EXPECT_EQ(report.comparisons[0].only_before, std::vector<std::string>{"b us"});
  EXPECT_EQ(report.comparisons[0].only_after, std::vector<std::string>{"b ms"});
  EXPECT_EQ(count_missing(report), 1U) << "what is new is not";
}

TEST(Compare, WhatBeginsToFailIsMissing) {
  Side healthy = side_of({{"ns", {1}}}), broken = healthy;
  broken.results.add_failed("b");
  EXPECT_EQ(count_missing(compare(healthy, {broken}, nullptr, {})), 1U);
  EXPECT_EQ(count_missing(compare(broken, {healthy}, nullptr, {})), 0U);
  EXPECT_EQ(count_missing(compare(broken, {broken}, nullptr, {})), 0U) << "it failed before, too";
}

TEST(Compare, GeomeanIsOfAllRowsOfAUnit) {
  Side before = side_of({{"instructions", {100}}}, "x");
  Side after = side_of({{"instructions", {200}}}, "x");
  before.results.add("y", "instructions", 400);
  after.results.add("y", "instructions", 200);
  const Report report = compare(before, {after}, nullptr, {});
  ASSERT_EQ(report.comparisons[0].geomeans.size(), 1U);
  EXPECT_NEAR(report.comparisons[0].geomeans[0].before, 200, 1e-9);
  EXPECT_NEAR(report.comparisons[0].geomeans[0].delta, 0, 1e-12);
}

TEST(Compare, HolmCountsTheRowsOfAllNewSides) {
  std::vector<double> before;
  std::vector<double> after;
  for (int i = 0; i < 8; ++i) {
    before.push_back(100 + i);
    after.push_back(120 + i);
  }
  const Side old = side_of({{"ns", before}});
  const Side fresh = side_of({{"ns", after}});
  EXPECT_EQ(only_verdict(old, fresh), Verdict::kRegressed);  // 2 / C(16, 8) = 0.00016
  const Report report = compare(old, std::vector<Side>(7, fresh), nullptr, {});
  EXPECT_EQ(count(report, Verdict::kTooFew), 7U);  // seven times as much is above 0.001
}

}  // namespace
}  // namespace nanospan::compare
