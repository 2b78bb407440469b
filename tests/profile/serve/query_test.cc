#include "profile/serve/query.h"

#include <gtest/gtest.h>

#include <string>

namespace nanospan::profile {
namespace {

TEST(Query, ReadsNamesAndValues) {
  const Query query("/debug/pprof/profile?seconds=5&format=a%20b+c&flag&=x&seconds=6");
  EXPECT_EQ(query.text("seconds"), "6");
  EXPECT_EQ(query.text("format"), "a b c");
  EXPECT_TRUE(query.has("flag"));
  EXPECT_FALSE(query.has("none"));
  EXPECT_EQ(Query("/no/query").text("a"), "");
  EXPECT_EQ(Query("/x?a=%zz%4").text("a"), "%zz%4");
}

TEST(Query, NumbersHaveBounds) {
  const Query query("?a=5&b=x&c=-1&d=99999999999999999999&e=");
  EXPECT_EQ(query.number("a", 1, 1, 10).value(), 5u);
  EXPECT_EQ(query.number("none", 7, 1, 10).value(), 7u);
  EXPECT_EQ(query.number("e", 7, 1, 10).value(), 7u);
  EXPECT_FALSE(query.number("a", 1, 6, 10).ok());
  for (const char* wrong : {"b", "c", "d"}) EXPECT_FALSE(query.number(wrong, 1, 0, 10).ok()) << wrong;
}

TEST(Query, KeepsABoundedNumberOfParameters) {
  std::string target = "?";
  for (int i = 0; i < 1000; ++i) target += "k" + std::to_string(i) + "=1&";
  const Query query(target);
  EXPECT_TRUE(query.has("k31"));
  EXPECT_FALSE(query.has("k32"));
}

}  // namespace
}  // namespace nanospan::profile
