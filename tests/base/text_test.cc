#include "base/text.h"

#include <gtest/gtest.h>

namespace nanospan::base {
namespace {

TEST(Trimmed, TakesWhiteSpaceAndLineEndsOffBothEndsOnly) {
  EXPECT_EQ(trimmed(" a b\r\n"), "a b");
  EXPECT_EQ(trimmed(" \n"), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(TrimOws, LeavesLineEnds) {
  EXPECT_EQ(trim_ows("\t a "), "a");
  EXPECT_EQ(trim_ows("a\n"), "a\n");
}

}  // namespace
}  // namespace nanospan::base
