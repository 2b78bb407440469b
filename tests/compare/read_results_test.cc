#include "compare/read_results.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/compare/reading.h"

namespace nanospan::compare {
namespace {

using testing::fault_of;
using testing::read;
using testing::values;

TEST(ReadResults, FilesOfOneSideAdd) {
  Results results;
  ASSERT_TRUE(read_results({"a", "BenchmarkA 1 5 ns/op\n"}, results).ok());
  ASSERT_TRUE(read_results({"b", "BenchmarkA 1 6 ns/op\n"}, results).ok());
  EXPECT_EQ(values(results, "A", "ns/op"), (std::vector<double>{5, 6}));
}

TEST(ReadResults, NamesAreFitForATerminal) {
  const Results results = read("{\"workloads\": {\"a\\u001b[2Jb\": {\"instructions\": 1}}}");
  EXPECT_EQ(results.series()[0].benchmark, "a?[2Jb");
}

TEST(ReadResults, HostileSizesAreRefused) {
  EXPECT_EQ(fault_of(std::string(100'000, '[')).substr(0, 5), "in:1:");
  EXPECT_NE(fault_of(std::string(40, '[') + std::string(40, ']')).find("nested too deeply"), std::string::npos);
  EXPECT_NE(fault_of(std::string(kInputBytesMax + 1, ' ')).find("larger than 64 MiB"), std::string::npos);
  std::string many = "[0";
  for (int i = 0; i < 2'000'000; ++i) many += ",0";
  EXPECT_NE(fault_of(many + "]").find("more than 2,000,000 JSON values"), std::string::npos);
}

}  // namespace
}  // namespace nanospan::compare
