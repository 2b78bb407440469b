#include "sdk/sampling/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace nanospan::sdk {
namespace {

TEST(Glob, StarQuestionMarkAndLiterals) {
  EXPECT_TRUE(matches_glob("", ""));
  EXPECT_FALSE(matches_glob("", "a"));
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("**", "abc"));
  EXPECT_TRUE(matches_glob("a*c", "abbbc"));
  EXPECT_FALSE(matches_glob("a*c", "abbb"));
  EXPECT_TRUE(matches_glob("a?c", "abc"));
  EXPECT_FALSE(matches_glob("a?c", "ac"));
  EXPECT_TRUE(matches_glob("*ab", "aab"));
  EXPECT_TRUE(matches_glob("*a*b*", "xxaxxbxx"));
  EXPECT_FALSE(matches_glob("abc", "ABC"));
  EXPECT_FALSE(matches_glob("a", "ab"));
  EXPECT_TRUE(matches_glob("a.[b]", "a.[b]"));
}

TEST(Glob, AHostileTextCostsNoMoreThanTheProductOfBothLengths) {
  const std::string text(100'000, 'a');
  EXPECT_FALSE(matches_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

}  // namespace
}  // namespace nanospan::sdk
