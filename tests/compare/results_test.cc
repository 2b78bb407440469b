#include "compare/results.h"

#include <gtest/gtest.h>

namespace nanospan::compare {
namespace {

TEST(Results, UnitsAreKnownByName) {
  EXPECT_EQ(kind_of_unit("ns/op").better, Better::kLower);
  EXPECT_FALSE(kind_of_unit("ns/op").counter);
  EXPECT_EQ(kind_of_unit("MB/s").better, Better::kHigher);
  EXPECT_EQ(kind_of_unit("spans_per_second").better, Better::kHigher);
  EXPECT_TRUE(kind_of_unit("instructions").counter);
  EXPECT_TRUE(kind_of_unit("syscalls/op").counter);
  EXPECT_EQ(kind_of_unit("widgets").better, Better::kUnknown);
}

TEST(Results, WhatAFileDeclaresStandsAboveTheName) {
  Results results;
  results.declare("ns/op", {Better::kHigher, true});
  EXPECT_EQ(results.kind("ns/op").better, Better::kHigher);
  EXPECT_TRUE(results.kind("ns/op").counter);
}

TEST(Results, SeriesKeepTheOrderOfTheFile) {
  Results results;
  for (const char* name : {"b", "a", "b"}) ASSERT_TRUE(results.add(name, "ns", 1));
  ASSERT_EQ(results.series().size(), 2U);
  EXPECT_EQ(results.series()[0].benchmark, "b");
  EXPECT_EQ(results.series()[0].values.size(), 2U);
  EXPECT_EQ(results.find("c", "ns"), nullptr);
}

TEST(Results, NamesBecomePrintable) {
  EXPECT_EQ(printable("tab\tescape\x1B[2J\x7F"), "tab?escape?[2J?");
  EXPECT_EQ(printable("gr\xC3\xBC"
                      "n"),
            "gr\xC3\xBC"
            "n");
  EXPECT_EQ(printable("bad\xFF\xC3"), "bad??");
}

TEST(Results, ValuesAreBounded) {
  Results results;
  for (std::size_t i = 0; i < Results::kValuesMax; ++i) ASSERT_TRUE(results.add("b", "ns", 1));
  EXPECT_FALSE(results.add("b", "ns", 1));
}

}  // namespace
}  // namespace nanospan::compare
