// What we serve, as the real `go tool pprof` reads it. Skipped where Go is not installed.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "profile/serve/profile_server.h"
#include "profile/symbol/source_lines.h"
#include "tests/profile/busy_threads.h"
#include "tests/profile/go_pprof.h"
#include "tests/profile/http_get.h"

namespace nanospan::profile {
namespace {

using testing::has_go;
using testing::output_of;

TEST(GoPprof, TopNamesTheHotFunction) {
  if (!has_go()) GTEST_SKIP() << "no `go tool pprof` on this machine";
  const testing::BusyThreads busy(2, [] {
    testing::known_hot_function();
    testing::known_cool_function();
  });
  auto server = ProfileServer::start({.port = 0});
  ASSERT_TRUE(server.ok()) << server.error().message;
  const std::string top =
      output_of("go tool pprof -top -nodecount=10 http://127.0.0.1:" + std::to_string((*server)->port()) +
                "/debug/pprof/profile?seconds=2");
  EXPECT_NE(top.find("File: nanospan_profile_test\n"), std::string::npos) << top;
  EXPECT_NE(top.find("Type: cpu"), std::string::npos) << top;
  EXPECT_NE(top.find("known_hot_function"), std::string::npos) << top;
  EXPECT_LT(top.find("known_hot_function"), top.find("known_cool_function")) << top;
}

TEST(GoPprof, GetsInWithTheTokenInItsUrl) {
  if (!has_go()) GTEST_SKIP() << "no `go tool pprof` on this machine";
  ProfileServerOptions options;
  options.port = 0;
  options.endpoints.token = "secret";
  auto server = ProfileServer::start(std::move(options));
  ASSERT_TRUE(server.ok()) << server.error().message;
  const auto top_as = [&](const std::string& user) {
    return output_of("go tool pprof -top http://" + user + "127.0.0.1:" + std::to_string((*server)->port()) +
                     "/debug/pprof/threads");
  };
  EXPECT_NE(top_as("user:secret@").find("Type: threads"), std::string::npos) << top_as("user:secret@");
  EXPECT_NE(top_as("").find("a token is needed"), std::string::npos) << top_as("");
}

TEST(GoPprof, ListShowsTheLinesThatAreHot) {
  if (!has_go()) GTEST_SKIP() << "no `go tool pprof` on this machine";
  if (!has_source_lines()) GTEST_SKIP() << "this build has no libdw";
  const testing::BusyThreads busy(1, testing::known_hot_function);
  ProfileServerOptions options;
  options.port = 0;
  options.profiler.continuous = true;
  auto server = ProfileServer::start(std::move(options));
  ASSERT_TRUE(server.ok()) << server.error().message;
  const std::uint16_t port = (*server)->port();
  const std::string past = "/debug/pprof/profile?from=-5m";
  while (testing::http_get(port, past + "&debug=1").body.find("known_hot_function") == std::string::npos) {
  }
  const std::string list = output_of(
      "go tool pprof -list=known_hot_function 'http://127.0.0.1:" + std::to_string(port) + past + "&lines=1'");
  EXPECT_NE(list.find("tests/profile/busy_threads.h"), std::string::npos) << list;
  const std::size_t hot = list.find("x = x * 6364136223846793005u + 1;");
  ASSERT_NE(hot, std::string::npos) << list;
  const std::size_t line = list.rfind('\n', hot) + 1;
  EXPECT_NE(list.substr(line, hot - line).find("ms"), std::string::npos)
      << "time is on the line that takes it: " << list;
}

TEST(GoPprof, EveryProfileIsReadable) {
  if (!has_go()) GTEST_SKIP() << "no `go tool pprof` on this machine";
  const testing::BusyThreads busy(1, testing::known_hot_function);
  auto server = ProfileServer::start({.port = 0});
  ASSERT_TRUE(server.ok()) << server.error().message;
  const std::string base = "go tool pprof -top http://127.0.0.1:" + std::to_string((*server)->port()) + "/debug/pprof/";
  for (const auto& [page, type] : {std::pair{"wall?seconds=1", "Type: wall"},
                                   {"threads", "Type: threads"},
                                   {"goroutine", "Type: goroutine"},
                                   {"threadcreate", "Type: threadcreate"},
                                   {"profile?seconds=1\\&labels=trace", "Type: cpu"}}) {
    const std::string top = output_of(base + page);
    EXPECT_NE(top.find(type), std::string::npos) << page << "\n" << top;
    EXPECT_NE(top.find("known_hot_function"), std::string::npos) << page << "\n" << top;
  }
  const std::string refused = output_of(base + "heap");
  EXPECT_NE(refused.find("link nanospan::profile_heap"), std::string::npos) << refused;
}

}  // namespace
}  // namespace nanospan::profile
