// A small profile with all there is: two values, labels, mappings, names that need care.
#pragma once

#include "profile/model/profile.h"

namespace nanospan::profile::testing {

inline Profile sample_profile() {
  Profile profile;
  profile.types = {{"samples", "count"}, {"cpu", "nanoseconds"}};
  profile.default_type = 1;
  profile.period_type = {"cpu", "nanoseconds"};
  profile.period = 10'000'000;
  profile.time_unix_nanos = 1'700'000'000'000'000'000;
  profile.duration_nanos = 2'000'000'000;
  profile.comments = {"a comment"};
  profile.mappings = {{0x1000, 0x2000, 0x10, "/bin/app", "abcd"}};
  profile.frames = {{0x1010, 0, "leaf;with\nodd", {}, 0}, {0x1020, 0, "main", "main.cc", 7}, {0x99, -1, "jit", {}, 0}};
  profile.samples = {{{0, 1}, {1, 10'000'000}, {{"http.route", "/a\"b", 0, {}}, {"thread_id", {}, 7, {}}}},
                     {{2, 1}, {3, 30'000'000}, {}}};
  return profile;
}

}  // namespace nanospan::profile::testing
