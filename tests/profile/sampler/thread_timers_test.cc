// RLIMIT_SIGPENDING in a child process, since the limit is the user's.
#include "profile/sampler/thread_timers.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <thread>

#include "profile/sampler/sampler.h"
#include "tests/profile/busy_threads.h"

namespace nanospan::profile {
namespace {

// 0 if as many threads go without a timer as the limit says, and the others are sampled.
int sample_under_a_limit_of(rlim_t limit) {
  const rlimit few{limit, limit};
  if (setrlimit(RLIMIT_SIGPENDING, &few) != 0) return 2;
  const testing::BusyThreads busy(60, testing::known_hot_function);
  auto sampler = Sampler::create({});
  if (!sampler.ok() || !(*sampler)->start(100).ok()) return 3;
  const SamplerCounters counters = (*sampler)->counters();
  if (counters.threads_unarmed < 10 || counters.threads_unarmed > 60) return 4;
  std::uint64_t samples = 0;
  while (samples < 20) (*sampler)->drain([&](const SampledThread&, const Sample&) { ++samples; });
  return 0;
}

// 0 if a thread can be asked where no signal finds room for its value.
int ask_where_the_limit_is_used_up() {
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_SIGPENDING, &none) != 0) return 2;
  const testing::BusyThreads busy(1, testing::known_hot_function, "asked");
  auto sampler = Sampler::create({gettid()});
  if (!sampler.ok() || !(*sampler)->start(0).ok()) return 3;
  const std::uint64_t before = (*sampler)->counters().foreign_signals;
  for (const SampledThread& thread : (*sampler)->threads()) {
    if (!(*sampler)->interrupt(thread, SampleKind::kThread)) return 4;
  }
  for (int answers = 0; answers == 0;) {
    (*sampler)->drain([&](const SampledThread& thread, const Sample& sample) {
      answers += thread.name == "asked" && sample.kind == SampleKind::kThread;
    });
    if ((*sampler)->counters().foreign_signals > before) return 5;
  }
  return 0;
}

TEST(ThreadTimers, WhereTheLimitOfSignalsIsUsedUpThreadsStillAnswer) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer allows no threads in a child of a process that had some";
#endif
  const pid_t child = fork();
  if (child == 0) _exit(ask_where_the_limit_is_used_up());
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(WIFEXITED(status));
}

TEST(ThreadTimers, WhereTheLimitOfSignalsIsShortTheRestIsSampledAndCounted) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer allows no threads in a child of a process that had some";
#endif
  const pid_t child = fork();
  if (child == 0) _exit(sample_under_a_limit_of(50));
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(WIFEXITED(status));
}

TEST(ThreadTimers, AThreadThatNamesItselfWhenItBeginsIsKnownByThatName) {
  std::atomic<int> step{0};
  const auto await = [&](int wanted) {
    for (int now = step; now != wanted; now = step) step.wait(now);
  };
  const auto go_to = [&](int next) {
    step = next;
    step.notify_all();
  };
  std::atomic<std::int32_t> tid{0};
  std::thread thread([&] {
    tid = gettid();
    go_to(1);
    await(2);
    pthread_setname_np(pthread_self(), "settled");
    go_to(3);
    await(4);
  });
  await(1);
  {
    const auto sampler = Sampler::create({gettid()}).value();
    EXPECT_TRUE(sampler->start(0).ok());
    const auto name = [&]() -> std::string {
      for (const SampledThread& known : sampler->threads()) {
        if (known.tid == tid) return known.name;
      }
      return "not found";
    };
    EXPECT_NE(name(), "not found");
    EXPECT_NE(name(), "settled");
    go_to(2);
    await(3);
    sampler->rescan([](const SampledThread&, const Sample&) {});
    EXPECT_EQ(name(), "settled");
  }
  go_to(4);
  thread.join();
}

}  // namespace
}  // namespace nanospan::profile
