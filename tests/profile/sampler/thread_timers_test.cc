// RLIMIT_SIGPENDING in a child process, since the limit is the user's.
#include "profile/sampler/thread_timers.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

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

}  // namespace
}  // namespace nanospan::profile
