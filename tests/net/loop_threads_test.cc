#include "net/loop_threads.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <future>
#include <string>

namespace nanospan::net {
namespace {

TEST(LoopThreads, EachLoopRunsOnItsOwnNamedThreadWithoutSignals) {
  auto threads = std::move(LoopThreads::start(2, "a-name-that-is-too-long")).value();
  std::vector<pthread_t> seen;
  for (EventLoop* loop : threads->loops()) {
    std::promise<pthread_t> ran;
    EXPECT_FALSE(loop->on_loop_thread());
    loop->post([&] {
      EXPECT_TRUE(loop->on_loop_thread());
      char name[32] = "";
      EXPECT_EQ(::pthread_getname_np(::pthread_self(), name, sizeof name), 0);
      EXPECT_STREQ(name, "a-name-that-is-");
      sigset_t blocked;
      ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
      EXPECT_EQ(::sigismember(&blocked, SIGTERM), 1);
      ran.set_value(::pthread_self());
    });
    seen.push_back(ran.get_future().get());
  }
  EXPECT_FALSE(::pthread_equal(seen[0], seen[1]));
  sigset_t here;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &here);
  EXPECT_EQ(::sigismember(&here, SIGTERM), 0) << "only the loops' threads";
}

TEST(LoopThreads, StopIsIdempotentAndLeavesTheLoops) {
  auto threads = std::move(LoopThreads::start(1, "x")).value();
  threads->stop();
  threads->stop();
  EXPECT_EQ(threads->loops().size(), 1u);
}

}  // namespace
}  // namespace nanospan::net
