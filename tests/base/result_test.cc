#include <nanospan/result.h>

#include <gtest/gtest.h>

namespace nanospan {
namespace {

TEST(Result, HoldsAValue) {
  const Result<int> result(7);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, 7);
}

TEST(Result, HoldsAnErrorWhosePrefixSaysWhere) {
  const Result<int> result(Error{ErrorCode::kInvalidArgument, "port 99999 is above 65535"});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().with_prefix("endpoint").message, "endpoint: port 99999 is above 65535");
  EXPECT_EQ(result.value_or(4318), 4318);
}

}  // namespace
}  // namespace nanospan
