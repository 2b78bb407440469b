// Wall time, history and rates, over a real socket and real threads.
#include "profile/profiler.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "profile/serve/profile_server.h"
#include "profile/wall_ticker.h"
#include "tests/profile/busy_threads.h"
#include "tests/profile/http_get.h"

namespace nanospan::profile {
namespace {

using testing::BusyThreads;
using testing::http_get;
using testing::HttpAnswer;

std::unique_ptr<ProfileServer> start(bool continuous = false) {
  ProfileServerOptions options;
  options.port = 0;
  options.profiler.continuous = continuous;
  auto server = ProfileServer::start(std::move(options));
  EXPECT_TRUE(server.ok());
  return std::move(server).value();
}

TEST(Wall, ASleeperIsInterruptedOnceAtMostAndItsTimeIsKnown) {
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  std::atomic<int> interruptions{0};
  std::thread sleeper([&] {
    pthread_setname_np(pthread_self(), "sleeper");
    pollfd waits{pipe_ends[0], POLLIN, 0};
    while (poll(&waits, 1, -1) < 0) ++interruptions;  // EINTR, whatever SA_RESTART says
  });
  const auto server = start();
  const HttpAnswer answer = http_get(server->port(), "/debug/pprof/wall?seconds=1&debug=1");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find("thread=sleeper"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("poll"), std::string::npos) << answer.body;
  EXPECT_LE(interruptions, 1);
  ASSERT_EQ(write(pipe_ends[1], "x", 1), 1);
  sleeper.join();
  for (const int end : pipe_ends) close(end);
}

TEST(Continuous, ThePastIsThereWhenItIsAskedFor) {
  const auto server = start(true);
  {
    const BusyThreads busy(1, testing::known_hot_function, "past");
    http_get(server->port(), "/debug/pprof/profile?seconds=1");
  }
  const HttpAnswer past = http_get(server->port(), "/debug/pprof/profile?from=-5m&to=now&debug=1");
  EXPECT_EQ(past.status, 200);
  EXPECT_NE(past.body.find("thread=past"), std::string::npos) << past.body;
  EXPECT_NE(past.body.find("known_hot_function"), std::string::npos);
  EXPECT_EQ(http_get(server->port(), "/debug/pprof/profile?from=-2h&to=-1h").status, 404);
  for (const char* wrong : {"from=x", "from=-5d", "to=1x", "from=99999999999999999999"}) {
    EXPECT_EQ(http_get(server->port(), std::string("/debug/pprof/profile?") + wrong).status, 400) << wrong;
  }
}

TEST(Continuous, WithoutItThereIsNoPast) {
  const auto server = start();
  EXPECT_EQ(http_get(server->port(), "/debug/pprof/profile?from=-1m").status, 404);
  EXPECT_EQ(http_get(server->port(), "/debug/pprof/routes").status, 200);
}

TEST(Continuous, AFasterProfileDoesNotDistortTheHistory) {
  const BusyThreads busy(1, testing::known_hot_function, "rate");
  const auto server = start(true);
  const HttpAnswer fast = http_get(server->port(), "/debug/pprof/profile?seconds=1&hz=1000&debug=1");
  EXPECT_EQ(fast.status, 200);
  const HttpAnswer past = http_get(server->port(), "/debug/pprof/profile?from=-1m&format=page");
  EXPECT_EQ(past.status, 200);
  EXPECT_NE(past.body.find("known_hot_function"), std::string::npos);
}

}  // namespace
}  // namespace nanospan::profile
