#include "setup/profiling_settings.h"

#include <gtest/gtest.h>

#include <tuple>

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
                                {"NANOSPAN_PROFILING_HZ", "50"},
                                {"NANOSPAN_PROFILING_HEAP_INTERVAL_BYTES", "4096"},
                                {"NANOSPAN_PROFILING_LOCKS", "False"}});
  const ProfilingOptions on = read_profiling_settings({}, set);
  EXPECT_TRUE(on.enabled);
  EXPECT_EQ(on.host, "0.0.0.0");
  EXPECT_EQ(on.port, 7070);
  EXPECT_EQ(on.token, "secret");
  EXPECT_EQ(on.hz, 50u);
  EXPECT_EQ(on.heap_interval_bytes, 4096u);
  EXPECT_FALSE(on.locks);
}

TEST(ProfilingSettings, MemoryAndLocksAreProfiledUnlessTheyAreSwitchedOff) {
  const auto read = [](const char* interval, const char* locks, ProfilingOptions program) {
    FakeEnvironment set(Variables{{"NANOSPAN_PROFILING", "true"},
                                  {"NANOSPAN_PROFILING_HEAP_INTERVAL_BYTES", interval},
                                  {"NANOSPAN_PROFILING_LOCKS", locks}});
    const ProfilingOptions on = read_profiling_settings(std::move(program), set);
    return std::tuple(on.heap_interval_bytes, on.locks, set.warnings().size());
  };
  constexpr std::size_t kHalfMegabyte = std::size_t{512} << 10, kNone = 0;
  EXPECT_EQ(read("", "", {}), std::tuple(kHalfMegabyte, true, kNone));
  EXPECT_EQ(read("0", "true", {}), std::tuple(kNone, true, kNone));
  EXPECT_EQ(read("512KiB", "no", {}), std::tuple(kHalfMegabyte, true, std::size_t{2}));
  EXPECT_EQ(read("4096", "true", {.heap_interval_bytes = 1024, .locks = false}),
            std::tuple(std::size_t{1024}, false, kNone))
      << "the program wins";
}

TEST(ProfilingSettings, TheHistoryHasAsManyBytesAsTheEnvironmentSaysOrIsOff) {
  const auto read = [](const char* continuous, const char* bytes, ProfilingOptions program) {
    FakeEnvironment set(Variables{{"NANOSPAN_PROFILING", "true"},
                                  {"NANOSPAN_PROFILING_CONTINUOUS", continuous},
                                  {"NANOSPAN_PROFILING_HISTORY_BYTES_MAX", bytes}});
    const ProfilingOptions on = read_profiling_settings(std::move(program), set);
    return std::tuple(on.continuous, on.history_bytes_max, set.warnings().size());
  };
  constexpr std::size_t kEightMegabytes = std::size_t{8} << 20, kLeast = std::size_t{64} << 10, kNone = 0;
  EXPECT_EQ(read("", "", {}), std::tuple(true, kEightMegabytes, kNone));
  EXPECT_EQ(read("false", "65536", {}), std::tuple(false, kLeast, kNone));
  EXPECT_EQ(read("no", "65535", {}), std::tuple(true, kEightMegabytes, std::size_t{2}));
  EXPECT_EQ(read("true", "65536", {.continuous = false, .history_bytes_max = kLeast + 1}),
            std::tuple(false, kLeast + 1, kNone))
      << "the program wins";
}

TEST(ProfilingSettings, ProfilesThatNobodyAsksForGoWhereTheEnvironmentSays) {
  FakeEnvironment set(Variables{{"NANOSPAN_PROFILING", "true"},
                                {"NANOSPAN_PROFILING_DIRECTORY", "/var/lib/shop/profiles"},
                                {"NANOSPAN_PROFILING_DIRECTORY_BYTES_MAX", "1000000"},
                                {"NANOSPAN_PROFILING_PUSH_URL", "http://pyroscope:4040"},
                                {"NANOSPAN_PROFILING_PUSH_HEADERS", "X-Scope-OrgID=team,Authorization=Basic%20YTpi"},
                                {"NANOSPAN_PROFILING_SECONDS", "10"},
                                {"NANOSPAN_PROFILING_EVERY_SECONDS", "20"}});
  const ProfilingOptions on = read_profiling_settings({}, set);
  EXPECT_EQ(on.directory, "/var/lib/shop/profiles");
  EXPECT_EQ(on.directory_bytes_max, 1'000'000u);
  EXPECT_EQ(on.push_url, "http://pyroscope:4040");
  const std::vector<std::pair<std::string, std::string>> headers = {{"X-Scope-OrgID", "team"},
                                                                    {"Authorization", "Basic YTpi"}};
  EXPECT_EQ(on.push_headers, headers);
  EXPECT_EQ(on.profile_seconds, 10u);
  EXPECT_EQ(on.every_seconds, 20u);

  FakeEnvironment one_line(Variables{{"NANOSPAN_PROFILING", "true"}, {"NANOSPAN_PROFILING_DIRECTORY", "/profiles"}});
  const ProfilingOptions thirty = read_profiling_settings({}, one_line);
  EXPECT_EQ(thirty.profile_seconds, 30u);
  EXPECT_EQ(thirty.every_seconds, 60u);
}

TEST(ProfilingSettings, OtlpProfilesAreAskedForByName) {
  const auto read = [](const char* protocol) {
    FakeEnvironment set(Variables{{"NANOSPAN_PROFILING", "true"}, {"NANOSPAN_PROFILING_PUSH_PROTOCOL", protocol}});
    const ProfilePushProtocol known = read_profiling_settings({}, set).push_protocol;
    return std::pair(known, set.warnings().size());
  };
  EXPECT_EQ(read("pyroscope"), std::pair(ProfilePushProtocol::kPyroscope, std::size_t{0}));
  EXPECT_EQ(read("otlp_development"), std::pair(ProfilePushProtocol::kOtlpDevelopment, std::size_t{0}));
  EXPECT_EQ(read("otlp"), std::pair(ProfilePushProtocol::kPyroscope, std::size_t{1}));
}

TEST(ProfilingSettings, AProxyIsOnTheWayOfProfilesAsOfSpans) {
  const auto proxy = [](const char* url, const char* name, const char* value, ProfilingOptions program = {}) {
    FakeEnvironment set(Variables{{"NANOSPAN_PROFILING", "true"}, {"NANOSPAN_PROFILING_PUSH_URL", url}, {name, value}});
    const ProfilingOptions on = read_profiling_settings(std::move(program), set);
    return std::pair(on.push_proxy.value_or("none"), set.warnings());
  };
  const std::vector<std::string> quiet;
  EXPECT_EQ(proxy("http://far:4040", "HTTP_PROXY", "http://p:3128"), std::pair(std::string("http://p:3128"), quiet));
  EXPECT_EQ(proxy("https://far:4040", "HTTP_PROXY", "http://p:3128"), std::pair(std::string("none"), quiet));
  EXPECT_EQ(proxy("http://localhost:4040", "HTTP_PROXY", "http://p:3128"), std::pair(std::string("none"), quiet));
  EXPECT_EQ(proxy("http://far:4040", "HTTP_PROXY", "http://p:3128", {.push_proxy = ""}),
            std::pair(std::string(), quiet));
  EXPECT_EQ(proxy("http://far:4040", "HTTP_PROXY", "socks5://p:3128"),
            std::pair(std::string("none"),
                      std::vector<std::string>{"HTTP_PROXY: a proxy is spoken to in plain HTTP, not socks5; write "
                                               "http://[user:password@]host:port; it is ignored"}));
}

TEST(ProfilingSettings, SecondsThatDoNotGoTogetherAreIgnored) {
  const auto read = [](const char* name, const char* value, std::uint32_t seconds, std::uint32_t every,
                       const std::string& warning) {
    FakeEnvironment set(Variables{{"NANOSPAN_PROFILING", "true"}, {name, value}});
    const ProfilingOptions on = read_profiling_settings({.profile_seconds = seconds, .every_seconds = every}, set);
    EXPECT_EQ(set.warnings(), warning.empty() ? std::vector<std::string>{} : std::vector<std::string>{warning});
    return std::pair(on.profile_seconds, on.every_seconds);
  };
  EXPECT_EQ(read("NANOSPAN_PROFILING_SECONDS", "90", 30, 60,
                 "NANOSPAN_PROFILING_SECONDS: 90 s of every 60 s cannot be recorded; set "
                 "NANOSPAN_PROFILING_EVERY_SECONDS to 90 or more, too; it is ignored"),
            std::pair(30u, 60u));
  EXPECT_EQ(read("NANOSPAN_PROFILING_EVERY_SECONDS", "20", 30, 60,
                 "NANOSPAN_PROFILING_EVERY_SECONDS: 30 s of every 20 s cannot be recorded; set "
                 "NANOSPAN_PROFILING_SECONDS to 20 or less, too; it is ignored"),
            std::pair(30u, 60u));
  EXPECT_EQ(read("NANOSPAN_PROFILING_EVERY_SECONDS", "120", 90, 60, ""), std::pair(90u, 120u));
  EXPECT_EQ(read("NANOSPAN_PROFILING_HZ", "50", 90, 60, ""), std::pair(90u, 60u)) << "the program's own mistake stays";
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
