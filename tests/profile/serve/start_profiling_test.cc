#include <gtest/gtest.h>
#include <nanospan/profile.h>

#include "tests/profile/busy_threads.h"
#include "tests/profile/http_get.h"

namespace nanospan {
namespace {

TEST(StartProfiling, ServesUntilItGoes) {
  std::uint16_t port = 0;
  {
    const auto profiling = start_profiling({.port = 0});
    ASSERT_TRUE(profiling.ok()) << profiling.error().message;
    port = profiling->port();
    EXPECT_EQ(profile::testing::http_get(port, "/debug/pprof/").status, 200);
    const auto second = start_profiling({.port = 0});
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::kAlreadyExists);
  }
  EXPECT_EQ(profile::testing::http_get(port, "/debug/pprof/").status, 0);
  EXPECT_TRUE(start_profiling({.port = 0}).ok()) << "and again";
}

TEST(StartProfiling, RefusesNonsense) {
  EXPECT_FALSE(start_profiling({.port = 0, .hz = 0}).ok());
  EXPECT_FALSE(start_profiling({.port = 0, .hz = 5000}).ok());
  EXPECT_FALSE(start_profiling({.host = "0.0.0.0", .port = 0}).ok());
  EXPECT_FALSE(start_profiling({.host = "no address", .port = 0, .token = "secret"}).ok());
}

}  // namespace
}  // namespace nanospan
