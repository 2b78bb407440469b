// What was recorded between two moments: a profile with `seconds`, on a clock that stands still until the work is done.
#pragma once

#include <unistd.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "profile/profiler.h"
#include "tests/support/fake_clock.h"

namespace nanospan::profile::testing {

/// The values of `function` in the difference over the time in which `work` ran. REQUIRES: no other profiler runs.
inline std::array<double, 4> difference_over(WindowKind kind, std::string_view function,
                                             const std::function<void()>& work) {
  ::nanospan::testing::FakeClock clock;
  const auto loop = net::EventLoop::create(clock).value();
  const auto profiler = Profiler::create(*loop, gettid(), {}).value();
  std::optional<Profile> profile;
  profiler->collect({.kind = kind, .nanos = base::kNanosPerSecond},
                    [&](Result<Profile> made) { profile = std::move(made).value(); });
  work();
  clock.advance(base::kNanosPerSecond);
  loop->poll_once();
  std::array<double, 4> sums{};
  for (const ProfileSample& sample : profile.value().samples) {
    bool is_in = false;
    for (const std::uint32_t frame : sample.frames) {
      is_in = is_in || profile->frames[frame].function.find(function) != std::string::npos;
    }
    for (std::size_t i = 0; is_in && i < sample.values.size(); ++i) sums[i] += static_cast<double>(sample.values[i]);
  }
  return sums;
}

}  // namespace nanospan::profile::testing
