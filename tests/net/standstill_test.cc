// While it lives nothing runs on the loops; afterwards everything does.
#include "net/standstill.h"

#include <gtest/gtest.h>

#include <atomic>

#include "net/loop_threads.h"

namespace nanospan::net {
namespace {

TEST(Standstill, NothingRunsWhileItLives) {
  const auto threads = LoopThreads::start(2, "test-loop").value();
  int steps = 0;  // Not atomic: a thread sanitizer sees whether the loops stand still.
  std::atomic<int> ended{0};
  for (EventLoop* loop : {threads->loops()[0], threads->loops()[0]}) loop->post([&steps] { ++steps; });
  {
    const Standstill still(threads->loops());
    EXPECT_EQ(steps, 2);  // What was posted before has run.
    for (EventLoop* loop : threads->loops()) {
      loop->post([&ended] {
        ++ended;
        ended.notify_all();
      });
    }
    steps = 10;
    EXPECT_EQ(ended, 0);
  }
  while (ended != 2) ended.wait(ended.load());
  EXPECT_EQ(steps, 10);
}

}  // namespace
}  // namespace nanospan::net
