// Reading results from text in tests. What was read, or the fault, without the ceremony.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "compare/read_results.h"

namespace nanospan::compare::testing {

inline std::string fault_of(std::string_view text) {
  Results results;
  const Status status = read_results({"in", text}, results);
  return status.ok() ? "" : status.error().message;
}

inline Results read(std::string_view text) {
  Results results;
  const Status status = read_results({"in", text}, results);
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
  return results;
}

inline std::vector<double> values(const Results& results, const std::string& benchmark, const std::string& unit) {
  const Series* const series = results.find(benchmark, unit);
  return series == nullptr ? std::vector<double>() : series->values;
}

inline constexpr std::string_view kFormsWanted =
    "give Google Benchmark's --benchmark_format=json, `go test -bench` text, or a report of nanospan's";

}  // namespace nanospan::compare::testing
