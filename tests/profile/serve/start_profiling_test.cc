#include <gtest/gtest.h>
#include <nanospan/profile.h>

#include "tests/profile/busy_threads.h"
#include "tests/profile/http_get.h"
#include "tests/support/temporary_folder.h"

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
  const auto too_often = start_profiling({.port = 0, .profile_seconds = 30, .every_seconds = 20});
  ASSERT_FALSE(too_often.ok());
  EXPECT_EQ(too_often.error().message,
            "profiling takes 30 s of every 20 s; both may be 1 to 86400, the first not more than the second");
  const auto too_little = start_profiling({.port = 0, .history_bytes_max = 1000});
  ASSERT_FALSE(too_little.ok());
  EXPECT_EQ(too_little.error().message,
            "profiling history_bytes_max is 1000; it may be 65536 or more; set continuous to false to keep no history");
  EXPECT_TRUE(start_profiling({.port = 0, .continuous = false, .history_bytes_max = 0}).ok());
  EXPECT_FALSE(start_profiling({.port = 0, .directory = "/dev/null/profiles"}).ok());
  EXPECT_FALSE(start_profiling({.port = 0, .push_url = "pyroscope"}).ok());
  EXPECT_TRUE(start_profiling({.port = 0}).ok()) << "nothing is left of them";
}

TEST(StartProfiling, WhatIsUnderWayWhenItGoesIsWritten) {
  const nanospan::testing::TemporaryFolder folder;
  {
    const profile::testing::BusyThreads busy(1, profile::testing::known_hot_function);
    const auto profiling = start_profiling({.port = 0, .directory = folder.path().string()});
    ASSERT_TRUE(profiling.ok()) << profiling.error().message;
    profile::testing::wait_for_new_samples(profiling->port());
    const auto status = profile::testing::http_get(profiling->port(), "/debug/pprof/recordings");
    EXPECT_EQ(status.body.substr(0, status.body.find(';')), "# 30 s of every 60 s");
  }
  EXPECT_EQ(folder.files(), 1u);
  const auto without = start_profiling({.port = 0});
  EXPECT_EQ(profile::testing::http_get(without->port(), "/debug/pprof/recordings").status, 404);
}

}  // namespace
}  // namespace nanospan
