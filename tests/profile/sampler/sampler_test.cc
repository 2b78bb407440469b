#include "profile/sampler/sampler.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "profile/sampler/proc.h"
#include "profile/sampler/signal.h"
#include "profile/sampler/thread_timers.h"
#include "tests/profile/busy_threads.h"

namespace nanospan::profile {
namespace {

using testing::BusyThreads;
using testing::IdleThread;

std::unique_ptr<Sampler> sampler_without_me() {
  auto made = Sampler::create({static_cast<std::int32_t>(syscall(SYS_gettid))});
  EXPECT_TRUE(made.ok());
  return std::move(made).value();
}

TEST(Sampler, SamplesThreadsThatKnowNothingOfIt) {
  const BusyThreads busy(2, testing::known_hot_function, "unaware");
  auto sampler = sampler_without_me();
  ASSERT_TRUE(sampler->start(1000).ok());
  std::map<std::string, std::uint64_t> by_thread;
  std::uint64_t in_function = 0, of_mine = 0;
  const auto cpu_nanos = [&] {
    std::uint64_t sum = 0;
    for (const SampledThread& thread : sampler->threads()) sum += thread_cpu_nanos(thread.tid);
    return sum;
  };
  const std::uint64_t cpu_before = cpu_nanos();
  const auto begin = reinterpret_cast<std::uint64_t>(&testing::known_hot_function);
  const auto sink = [&](const SampledThread& thread, const Sample& sample) {
    by_thread[thread.name] += sample.weight;
    of_mine += thread.tid == gettid();
    in_function += sample.pcs[0] - begin < 200;
  };
  while (sampler->counters().samples < 200) sampler->drain(sink);
  sampler->stop(sink);
  [[maybe_unused]] const auto took = static_cast<double>(cpu_nanos() - cpu_before);
  const SamplerCounters counters = sampler->counters();
  EXPECT_EQ(of_mine, 0u);
  // A thread of another test may be about to go.
  EXPECT_GE(by_thread["unaware"] * 100, counters.weight * 90);
  EXPECT_GE(counters.weight, counters.samples) << "ticks that the kernel could not deliver count";
  EXPECT_GT(in_function * 100, counters.samples * 90);
#if !defined(__SANITIZE_THREAD__)  // which delivers signals late: with registers of then, on the stack of now
  // A tick is 1 ms. The kernel looks a few hundred times a second: most of them are in the weights.
  EXPECT_NEAR(static_cast<double>(counters.weight) * 1e6, took, took * 0.1);
  EXPECT_GE(counters.to_root * 1000, counters.samples * 999);
#endif
  EXPECT_EQ(counters.dropped_ring_full, 0u);
}

TEST(Sampler, FollowsThreadsThatComeAndGo) {
  auto sampler = sampler_without_me();
  ASSERT_TRUE(sampler->start(1000).ok());
  const auto ignore = [](const SampledThread&, const Sample&) {};
  const auto known = [&] {  // by name: a thread of another test may be about to go
    const std::vector<SampledThread>& threads = sampler->threads();
    return std::count_if(threads.begin(), threads.end(), [](const SampledThread& t) { return t.name == "late"; });
  };
  {
    const BusyThreads late(3, testing::known_hot_function, "late");
    sampler->rescan(ignore, false);
    EXPECT_EQ(known(), 3) << "their number has changed";
    std::uint64_t seen = 0;
    while (seen == 0) {
      sampler->drain([&](const SampledThread& thread, const Sample&) { seen += thread.name == "late"; });
    }
  }
  sampler->rescan(ignore, false);
  EXPECT_EQ(known(), 0);
}

TEST(Sampler, InterruptsOneThreadOnRequest) {
  const BusyThreads busy(1, testing::known_hot_function, "asked");
  auto sampler = sampler_without_me();
  ASSERT_TRUE(sampler->start(0).ok());
  std::size_t answers = 0;
  for (const SampledThread& thread : sampler->threads()) {
    if (thread.name == "asked") {
      EXPECT_TRUE(sampler->interrupt(thread, SampleKind::kThread));
    }
  }
  while (answers == 0) {
    sampler->drain([&](const SampledThread& thread, const Sample& sample) {
      answers += thread.name == "asked" && sample.kind == SampleKind::kThread;
    });
  }
  EXPECT_EQ(answers, 1u);
}

/// Runs with the profiler's signal blocked until it is told to take what is pending.
class Deaf {
 public:
  explicit Deaf(int signal)
      : thread_([this, signal] {
          sigset_t set;
          sigemptyset(&set);
          sigaddset(&set, signal);
          pthread_sigmask(SIG_BLOCK, &set, nullptr);
          is_deaf_ = true;
          while (!hears_) {
            testing::known_hot_function();
            sigset_t pending;
            sigpending(&pending);
            has_pending_ = sigismember(&pending, signal) == 1;
          }
          pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
        }) {
    pthread_setname_np(thread_.native_handle(), "deaf");
    while (!is_deaf_) std::this_thread::yield();
  }
  ~Deaf() { hear(); }
  void wait_until_pending() const {
    while (!has_pending_) std::this_thread::yield();
  }
  /// Comes back when it has taken its signals.
  void hear() {
    hears_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::atomic<bool> is_deaf_{false}, hears_{false}, has_pending_{false};
  std::thread thread_;
};

/// The kinds of samples that the deaf thread gave, when it heard at last.
std::map<SampleKind, int> heard(Sampler& sampler, Deaf& deaf) {
  deaf.hear();
  std::map<SampleKind, int> kinds;
  sampler.drain(
      [&](const SampledThread& thread, const Sample& sample) { kinds[sample.kind] += thread.name == "deaf"; });
  return kinds;
}

SampledThread deaf_thread(Sampler& sampler) {
  sampler.rescan([](const SampledThread&, const Sample&) {});
  const auto& threads = sampler.threads();
  return *std::find_if(threads.begin(), threads.end(), [](const SampledThread& t) { return t.name == "deaf"; });
}

TEST(Sampler, APendingTickSwallowsNoQuestion) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer keeps signals back until the thread makes a system call";
#endif
  auto sampler = sampler_without_me();
  ASSERT_TRUE(sampler->start(1000).ok());
  Deaf deaf(sampler->signal());
  const SampledThread thread = deaf_thread(*sampler);
  deaf.wait_until_pending();
  ASSERT_TRUE(sampler->interrupt(thread, SampleKind::kThread));
  std::map<SampleKind, int> kinds = heard(*sampler, deaf);
  EXPECT_GE(kinds[SampleKind::kCpu], 1);
  EXPECT_EQ(kinds[SampleKind::kThread], 1);
}

TEST(Sampler, APendingQuestionSwallowsNoOther) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer keeps signals back until the thread makes a system call";
#endif
  auto sampler = sampler_without_me();
  ASSERT_TRUE(sampler->start(0).ok());
  Deaf deaf(sampler->signal());
  const SampledThread thread = deaf_thread(*sampler);
  for (const SampleKind kind : {SampleKind::kWall, SampleKind::kThread, SampleKind::kWall}) {
    ASSERT_TRUE(sampler->interrupt(thread, kind));
    deaf.wait_until_pending();
  }
  std::map<SampleKind, int> kinds = heard(*sampler, deaf);
  EXPECT_EQ(kinds[SampleKind::kWall], 1);
  EXPECT_EQ(kinds[SampleKind::kThread], 1);
}

TEST(Sampler, OneInAProcess) {
  const auto first = sampler_without_me();
  const auto second = Sampler::create({});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kAlreadyExists);
}

TEST(Sampler, WhatAHandlerLeavesBehindAtTheEndGoesWithItsMap) {
  const BusyThreads busy(1, testing::known_hot_function);
  auto sampler = sampler_without_me();
  ASSERT_TRUE(sampler->start(100).ok());
  ASSERT_FALSE(sampler->threads().empty());
  SampleRing& ring = signal_state().slots[sampler->threads().front().slot].ring;
  sampler->stop([](const SampledThread&, const Sample&) {});
  ring.commit(kSampleHeadWords);  // as a handler does that was still inside when the rings were drained
  sampler.reset();
  EXPECT_EQ(ring.readable(), 0u) << "the next sampler would look into a map that is gone";
}

TEST(Sampler, WhatAThreadLeavesBehindIsNotOfTheNextOwnerOfItsSlot) {
  auto sampler = sampler_without_me();
  ASSERT_TRUE(sampler->start(0).ok());
  const ThreadSlot* left = nullptr;
  {
    const IdleThread ends("ends");
    sampler->rescan([](const SampledThread&, const Sample&) {});
    for (const SampledThread& thread : sampler->threads()) {
      if (thread.name != "ends") continue;
      ThreadSlot& slot = signal_state().slots[thread.slot];
      slot.ring.commit(kSampleHeadWords);  // a sample that was taken after the last drain
      left = &slot;
    }
    ASSERT_NE(left, nullptr);
  }
  // Another rate: threads that have ended give their slots back.
  for (unsigned hz = 1; left->tid != 0; ++hz) ASSERT_TRUE(sampler->start(hz).ok());
  const IdleThread next("next");
  sampler->rescan([](const SampledThread&, const Sample&) {});
  ASSERT_NE(left->tid, 0) << "the first free slot is taken";
  EXPECT_EQ(left->ring.readable(), 0u);
}

TEST(Sampler, LeavesErrnoAlone) {
  std::atomic<bool> changed{false};
  const BusyThreads busy(1, [&] {
    errno = 4711;
    testing::known_hot_function();
    if (errno != 4711) changed = true;
  });
  auto sampler = sampler_without_me();
  ASSERT_TRUE(sampler->start(1000).ok());
  while (sampler->counters().samples < 100) sampler->drain([](const SampledThread&, const Sample&) {});
  EXPECT_FALSE(changed);
}

TEST(Sampler, AForkedChildIsNotSampledAndNotDisturbed) {
  auto sampler = sampler_without_me();
  ASSERT_TRUE(sampler->start(1000).ok());
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 1000; ++i) testing::known_hot_function();
    raise(SIGPROF);  // harmless: the handler stays, disarmed
    _exit(signal_state().armed.load() ? 1 : 0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(signal_state().armed.load());
}

TEST(Sampler, StopsWhenSomebodyTakesTheSignal) {
  auto sampler = sampler_without_me();
  ASSERT_TRUE(sampler->start(100).ok());
  const int signal = sampler->signal();
  ASSERT_TRUE(owns_signal(signal));
  struct sigaction ours {
  }, theirs{};
  theirs.sa_handler = SIG_IGN;
  sigaction(signal, &theirs, &ours);
  sampler->rescan([](const SampledThread&, const Sample&) {});
  EXPECT_FALSE(sampler->running());
  EXPECT_EQ(sampler->counters().signal_lost, 1u);
  // And takes another one the next time.
  ASSERT_TRUE(sampler->start(100).ok());
  EXPECT_NE(sampler->signal(), signal);
  sigaction(signal, &ours, nullptr);
}

TEST(Sampler, SignalsOfOthersAreIgnoredAndCounted) {
  auto sampler = sampler_without_me();
  ASSERT_TRUE(sampler->start(0).ok());
  const std::uint64_t before = sampler->counters().foreign_signals;
  raise(sampler->signal());
  EXPECT_EQ(sampler->counters().foreign_signals, before + 1);
}

TEST(Proc, TellsThreadsAndNames) {
  std::size_t count = 0;
  bool me = false;
  for_each_thread([&](std::int32_t tid) {
    ++count;
    me = me || tid == static_cast<std::int32_t>(syscall(SYS_gettid));
  });
  EXPECT_GE(count, 1u);
  EXPECT_TRUE(me);
  EXPECT_FALSE(thread_name(static_cast<std::int32_t>(syscall(SYS_gettid))).empty());
  EXPECT_EQ(thread_name(0), "?");
  EXPECT_EQ(thread_state(static_cast<std::int32_t>(syscall(SYS_gettid))), "running");
  EXPECT_EQ(thread_state(0), "");
  EXPECT_EQ(read_proc("/proc/self/nothing"), "");
  EXPECT_EQ(read_proc("/proc/self/maps", 10).size(), 10u);
}

}  // namespace
}  // namespace nanospan::profile
