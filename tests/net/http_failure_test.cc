// Every failure has a name and a code of its own kind.
#include "net/http_failure.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace nanospan::net {
namespace {

TEST(HttpFailure, NamesAreDistinctAndCodesAreSet) {
  std::set<std::string> names;
  for (std::uint8_t value = 1; value <= static_cast<std::uint8_t>(HttpFailure::kTls); ++value) {
    const auto failure = static_cast<HttpFailure>(value);
    EXPECT_TRUE(names.insert(std::string(to_string(failure))).second) << to_string(failure);
    EXPECT_NE(error_code_for(failure), ErrorCode::kUnknown) << to_string(failure);
  }
  EXPECT_EQ(to_string(HttpFailure::kRefused), "refused");
  EXPECT_EQ(error_code_for(HttpFailure::kConnectTimeout), ErrorCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace nanospan::net
