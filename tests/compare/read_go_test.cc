#include "compare/read_go.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/compare/reading.h"

namespace nanospan::compare {
namespace {

using testing::fault_of;
using testing::read;
using testing::values;

TEST(ReadGo, GoTextIsReadAsBenchstatReadsIt) {
  const Results results = read(
      "goos: linux\npkg: example.org/span\n"
      "Unit req/s better=higher\nUnit hops assume=exact\n"
      "BenchmarkStart-8   \t 1000\t  12.5 ns/op\t 16 B/op\t 1 allocs/op\r\n"
      "BenchmarkStart-8 1000 13e0 ns/op 16 B/op 1 allocs/op\n"
      "BenchmarkStart-8\nBenchmarked by hand: 7 ns/op\nBenchmark 10 3 hops\nsome program's output\nPASS\nok  x 1.2s\n");
  EXPECT_EQ(values(results, "example.org/span.Start-8", "ns/op"), (std::vector<double>{12.5, 13}));
  EXPECT_EQ(values(results, "example.org/span.Start-8", "allocs/op"), (std::vector<double>{1, 1}));
  EXPECT_EQ(values(results, "example.org/span.Benchmark", "hops"), (std::vector<double>{3}));
  EXPECT_EQ(results.kind("req/s").better, Better::kHigher);
  EXPECT_TRUE(results.kind("hops").counter);
  EXPECT_TRUE(results.kind("B/op").counter);
  EXPECT_FALSE(results.kind("ns/op").counter);
}

TEST(ReadGo, BrokenGoTextIsSaidWithLineAndRemedy) {
  const std::string again = "the run was cut off or its output mixed with other text: run it again";
  EXPECT_EQ(fault_of("PASS\nBenchmarkA 1000 12"), "in:2: a number without a unit; " + again);
  EXPECT_EQ(fault_of("BenchmarkA 1000 12.x ns/op"), "in:1: \"12.x\" is no number; " + again);
  EXPECT_EQ(fault_of("BenchmarkA 1000 NaN ns/op"), "in:1: \"NaN\" is no number; " + again);
  EXPECT_EQ(fault_of("BenchmarkA 1000\n"), "in:1: a benchmark without a result; " + again);
}

}  // namespace
}  // namespace nanospan::compare
