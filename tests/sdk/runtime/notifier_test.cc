#include "sdk/runtime/notifier.h"

#include <mutex>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace nanospan::sdk {
namespace {

TEST(Notifier, WhatIsReadyIsNotWaitedFor) {
  Notifier notifier;
  const std::lock_guard lock(notifier);
  EXPECT_TRUE(notifier.wait(base::Deadline{0}, [] { return true; }));
  EXPECT_TRUE(notifier.wait(base::Deadline::never(), [] { return true; }));
}

TEST(Notifier, ADeadlineThatHasPassedIsNotWaitedFor) {
  Notifier notifier;
  const std::lock_guard lock(notifier);
  EXPECT_FALSE(notifier.wait(base::Deadline{1}, [] { return false; }));
}

TEST(Notifier, WakesAllWaiters) {
  Notifier notifier;
  bool ready = false;
  int woken = 0;
  std::vector<std::thread> waiters;
  for (int i = 0; i < 4; ++i) {
    waiters.emplace_back([&] {
      const std::lock_guard lock(notifier);
      if (notifier.wait(base::Deadline::never(), [&] { return ready; })) ++woken;
    });
  }
  {
    const std::lock_guard lock(notifier);
    ready = true;
    notifier.notify_all();
  }
  for (auto& waiter : waiters) waiter.join();
  EXPECT_EQ(woken, 4);
}

TEST(Notifier, AChildTakesOverALockThatSomebodyHeld) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the thread sanitizer keeps its own account of who holds a lock";
#endif
  Notifier notifier;
  notifier.lock();
  notifier.reset_after_fork();
  notifier.lock();
  notifier.unlock();
}

}  // namespace
}  // namespace nanospan::sdk
