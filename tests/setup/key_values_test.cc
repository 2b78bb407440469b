#include "setup/key_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nanospan::setup {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

TEST(KeyValues, PairsInOrder) {
  EXPECT_THAT(*parse_key_values("a=1,b=2"), ElementsAre(Pair("a", "1"), Pair("b", "2")));
  EXPECT_THAT(*parse_key_values(" a = 1 ,\tb=2 ,, "), ElementsAre(Pair("a", "1"), Pair("b", "2")));
  EXPECT_THAT(*parse_key_values("a="), ElementsAre(Pair("a", "")));
  EXPECT_THAT(*parse_key_values(""), IsEmpty());
}

TEST(KeyValues, PercentDecodesKeysAndValuesButNotPlus) {
  EXPECT_THAT(*parse_key_values("k%3d%2c=v%20%F0%9F%92%BC%2cw+x"), ElementsAre(Pair("k=,", "v \xF0\x9F\x92\xBC,w+x")));
}

TEST(KeyValues, ValueMayContainEqualsAndSemicolon) {
  EXPECT_THAT(*parse_key_values("Authorization=Basic YTpiCg==;x"),
              ElementsAre(Pair("Authorization", "Basic YTpiCg==;x")));
}

TEST(KeyValues, AnyErrorDiscardsEverything) {
  for (const char* text : {"good=1,bad", "good=1,=x", "good=1,a=%", "good=1,a=%4", "good=1,a=%4g", "good=1,%zz=1",
                           "good=1,a=%ff", "good=1,a=\xff", "a=%C3"}) {
    const auto pairs = parse_key_values(text);
    EXPECT_FALSE(pairs.ok()) << text;
    EXPECT_EQ(pairs.error().code, ErrorCode::kMalformed);
  }
}

TEST(KeyValues, ErrorsNameTheEntryAndNeverItsValue) {
  const auto pairs = parse_key_values("api-key=secret1,token=secret2%");
  ASSERT_FALSE(pairs.ok());
  EXPECT_THAT(pairs.error().message, HasSubstr("entry 2"));
  EXPECT_THAT(pairs.error().message, Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace nanospan::setup
