#include "compare/read_json.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/compare/reading.h"

namespace nanospan::compare {
namespace {

using testing::fault_of;
using testing::kFormsWanted;
using testing::read;
using testing::values;

TEST(ReadJson, GoogleRepetitionsAreRunsAndAggregatesAreNot) {
  const Results results = read(R"({"context": {"num_cpus": 2}, "benchmarks": [
    {"name": "walk/8/repeats:2", "family_index": 0, "run_name": "walk/8", "run_type": "iteration", "repetitions": 2,
     "repetition_index": 0, "threads": 1, "iterations": 100, "real_time": 1.5, "cpu_time": 1.4, "time_unit": "us",
     "items_per_second": 7, "allocations": 2},
    {"name": "walk/8/repeats:2", "run_name": "walk/8", "run_type": "iteration", "iterations": 100, "real_time": 1.6,
     "cpu_time": 1.5, "time_unit": "us", "items_per_second": 8, "allocations": 2},
    {"name": "walk/8_mean", "run_name": "walk/8", "run_type": "aggregate", "real_time": 1.55, "time_unit": "us"},
    {"name": "old_stddev", "real_time": 0.1, "cpu_time": 0.1, "time_unit": "us"},
    {"name": "broken", "run_name": "broken", "run_type": "iteration", "error_occurred": true, "error_message": "lost"}
  ]})");
  EXPECT_EQ(values(results, "walk/8", "real_time"), (std::vector<double>{1500, 1600}));
  EXPECT_EQ(values(results, "walk/8", "cpu_time"), (std::vector<double>{1400, 1500}));
  EXPECT_EQ(values(results, "walk/8", "items_per_second"), (std::vector<double>{7, 8}));
  EXPECT_EQ(values(results, "walk/8", "allocations"), (std::vector<double>{2, 2}));
  EXPECT_EQ(results.series().size(), 4U);
  EXPECT_EQ(results.failed(), std::vector<std::string>{"broken"});
}

TEST(ReadJson, OurOwnReportsAreRead) {
  const Results bench = read(R"({"machine": {}, "figures": [
    {"goal": "S3", "what": "sampled", "value": 12.5, "unit": "ns", "ratio": 1.25, "median": 13, "verdict": "met"},
    {"goal": "-", "what": "instructions of W2", "value": 225.5, "unit": "", "ratio": null}]})");
  EXPECT_EQ(values(bench, "sampled", "ns"), (std::vector<double>{12.5}));
  EXPECT_EQ(values(bench, "sampled", "ratio"), (std::vector<double>{1.25}));
  EXPECT_EQ(values(bench, "instructions of W2", "instructions"), (std::vector<double>{225.5}));

  const Results figures = read(R"([ {"goal": "S8", "what": "CPU a span", "value": 180, "unit": "ns"} ])");
  EXPECT_EQ(values(figures, "CPU a span", "ns"), (std::vector<double>{180}));

  const Results counts =
      read(R"({"wakes_per_20000": 0, "workloads": {"W2": {"instructions": 225, "allocations": 0}}})");
  EXPECT_EQ(values(counts, "W2", "instructions"), (std::vector<double>{225}));

  const Results load = read(
      "{\"label\":\"on\",\"requests\":5,\"requests_per_second\":900.5,\"p99_ms\":3.25}\n"
      "{\"label\":\"off\",\"requests\":5,\"requests_per_second\":905,\"p99_ms\":3}\n");
  EXPECT_EQ(values(load, "on", "p99_ms"), (std::vector<double>{3.25}));
  EXPECT_EQ(values(load, "off", "requests_per_second"), (std::vector<double>{905}));
  EXPECT_EQ(values(load, "on", "requests"), std::vector<double>{});
}

TEST(ReadJson, BrokenFilesAreSaidWithLineAndRemedy) {
  const std::string again = "write the file again; a run that was stopped leaves half of one";
  EXPECT_EQ(fault_of(""), "in:1: no benchmark results in it; " + std::string(kFormsWanted));
  EXPECT_EQ(fault_of("PASS\n"), "in:1: no benchmark results in it; " + std::string(kFormsWanted));
  EXPECT_EQ(fault_of("{\n\"benchmarks\": [\n"), "in:3: the JSON document ends too early; " + again);
  EXPECT_EQ(fault_of("{\n\"benchmarks\":\n nonsense}"), "in:3: broken JSON; " + again);
  EXPECT_EQ(fault_of("{\"benchmarks\": []}\n{}"), "in:2: text after the end of the JSON document; " + again);
  EXPECT_EQ(fault_of("{\n\n\"x\": \"\xFF\"}"), "in:1: not valid UTF-8; " + again);
  EXPECT_EQ(fault_of("\n{\"x\": 1}"), "in:2: JSON of a form that is not known; " + std::string(kFormsWanted));
  EXPECT_EQ(fault_of("{\"benchmarks\": [\n{\"name\": \"a\",\n\"real_time\": \"fast\"}]}"),
            "in:3: real_time is no number; " + std::string(kFormsWanted));
  EXPECT_EQ(fault_of("{\"benchmarks\": [\n7]}"), "in:2: a result that is no object; " + std::string(kFormsWanted));
  EXPECT_EQ(fault_of("{\"benchmarks\": [{\"name\": \"a_mean\", \"real_time\": 1, \"time_unit\": \"ns\"}]}"),
            "in:1: only aggregates, no single runs; "
            "run without --benchmark_report_aggregates_only and --benchmark_display_aggregates_only");
}

}  // namespace
}  // namespace nanospan::compare
