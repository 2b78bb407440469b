// ThreadTimers: one CPU-time timer for each thread of the process, found in /proc/self/task, without any help of the
// threads.
//
// A timer counts the CPU time of one thread, kernel included, and signals that thread; a thread that sleeps is never
// disturbed. What the kernel could not deliver in time is in the next signal's overrun. Each timer takes one of the
// user's RLIMIT_SIGPENDING: where they run out, threads go without, are counted, and are tried again at the next scan.
// One thread (the collector's).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "profile/sampler/thread_slot.h"

namespace nanospan::profile {

struct SampledThread {
  std::int32_t tid = 0;
  std::size_t slot = 0;
  std::string name;    ///< As of the scan after the one that found it: threads name themselves when they begin.
  bool is_new = true;  ///< Found by the last scan.
  bool has_timer = false;
  std::int32_t timer = 0;
  std::uint64_t cpu_nanos = 0;  ///< CPU time of the thread, as of the last scan.
  bool seen = false;            ///< By the scan that is under way.
};

/// CPU time of a thread of this process so far, kernel included; 0 if it is gone.
std::uint64_t thread_cpu_nanos(std::int32_t tid);

class ThreadTimers {
 public:
  /// `slots` has kSlots entries and outlives this. Threads in `except` are left alone.
  ThreadTimers(ThreadSlot* slots, std::vector<std::int32_t> except) : slots_(slots), except_(std::move(except)) {}
  ~ThreadTimers();
  ThreadTimers(const ThreadTimers&) = delete;
  ThreadTimers& operator=(const ThreadTimers&) = delete;

  /// Arms a timer for every thread at `hz`, from now on also for those that scan() finds. `hz` 0: no timers, threads
  /// are followed all the same.
  void start(int signal, unsigned hz);
  /// Takes the timers away. Threads are forgotten at the next scan() or by the destructor.
  void stop();
  /// True if there are more or fewer threads than at the last scan(): a fifth of a scan's work.
  bool number_changed() const;
  /// Looks for threads that came and went. `gone` is told of a thread before its slot is given back.
  void scan(const std::function<void(const SampledThread&)>& gone);

  const std::vector<SampledThread>& threads() const { return threads_; }
  std::size_t unarmed() const { return unarmed_; }
  /// Threads that found no free slot at the last scan.
  std::size_t over_limit() const { return over_limit_; }

 private:
  void adopt(std::int32_t tid);
  void arm(SampledThread& thread);
  void disarm(SampledThread& thread);

  ThreadSlot* const slots_;
  const std::vector<std::int32_t> except_;
  std::vector<SampledThread> threads_;
  int signal_ = 0;
  unsigned hz_ = 0;
  std::uint64_t random_ = 0;
  std::size_t unarmed_ = 0;
  std::size_t over_limit_ = 0;
  std::uint64_t links_ = 0;  // of /proc/self/task, one for each thread
};

}  // namespace nanospan::profile
