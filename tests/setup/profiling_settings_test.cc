#include "setup/profiling_settings.h"

#include <gtest/gtest.h>

#include "setup/profile_hook.h"
#include "tests/setup/fake_environment.h"

namespace nanospan::setup {
namespace {

TEST(ProfilingSettings, OffUnlessAskedFor) {
  FakeEnvironment none(Variables{{"NANOSPAN_PROFILING_PORT", "1"}});
  const ProfilingOptions off = read_profiling_settings({}, none);
  EXPECT_FALSE(off.enabled);
  EXPECT_EQ(off.port, 6060);
}

TEST(ProfilingSettings, TheEnvironmentAloneIsEnough) {
  FakeEnvironment set(Variables{{"NANOSPAN_PROFILING", "true"},
                                {"NANOSPAN_PROFILING_HOST", "0.0.0.0"},
                                {"NANOSPAN_PROFILING_PORT", "7070"},
                                {"NANOSPAN_PROFILING_TOKEN", "secret"},
                                {"NANOSPAN_PROFILING_HZ", "50"}});
  const ProfilingOptions on = read_profiling_settings({}, set);
  EXPECT_TRUE(on.enabled);
  EXPECT_EQ(on.host, "0.0.0.0");
  EXPECT_EQ(on.port, 7070);
  EXPECT_EQ(on.token, "secret");
  EXPECT_EQ(on.hz, 50u);
}

TEST(ProfilingSettings, TheProgramWins) {
  FakeEnvironment set(Variables{{"NANOSPAN_PROFILING_PORT", "7070"}, {"NANOSPAN_PROFILING_HZ", "5000"}});
  ProfilingOptions program;
  program.enabled = true;
  program.port = 8080;
  const ProfilingOptions on = read_profiling_settings(program, set);
  EXPECT_EQ(on.port, 8080);
  EXPECT_EQ(on.hz, 100u) << "out of range: warned about and ignored";
}

TEST(ProfileHook, SaysWhatToLink) {
  const Result<LinkedProfiler> started = start_linked_profiler({});
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(started.error().message.find("nanospan::profile"), std::string::npos);
}

}  // namespace
}  // namespace nanospan::setup
