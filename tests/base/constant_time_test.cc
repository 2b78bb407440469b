#include "base/constant_time.h"

#include <gtest/gtest.h>

namespace nanospan::base {
namespace {

TEST(ConstantTime, IsEquality) {
  EXPECT_TRUE(equals_in_constant_time("", ""));
  EXPECT_TRUE(equals_in_constant_time("secret", "secret"));
  EXPECT_FALSE(equals_in_constant_time("secret", "secreT"));
  EXPECT_FALSE(equals_in_constant_time("secret", "Secret"));
  EXPECT_FALSE(equals_in_constant_time("secret", "secre"));
  EXPECT_FALSE(equals_in_constant_time("", "s"));
  EXPECT_TRUE(equals_in_constant_time({"a\0b", 3}, {"a\0b", 3}));
  EXPECT_FALSE(equals_in_constant_time({"a\0b", 3}, {"a\0c", 3}));
}

}  // namespace
}  // namespace nanospan::base
