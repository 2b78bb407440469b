// Timers by raw system calls: glibc's timer_create knows nothing of other threads' clocks.
#include "profile/sampler/thread_timers.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include "base/time.h"
#include "profile/sampler/proc.h"
#include "profile/sampler/signal.h"

namespace nanospan::profile {
namespace {

// The clock of another thread's CPU time: include/linux/posix-timers.h, MAKE_THREAD_CPUCLOCK(tid, CPUCLOCK_SCHED).
clockid_t cpu_clock_of(std::int32_t tid) { return static_cast<clockid_t>(~static_cast<std::uint32_t>(tid) << 3 | 6u); }

timespec to_timespec(std::uint64_t nanos) {
  return {static_cast<time_t>(nanos / base::kNanosPerSecond), static_cast<long>(nanos % base::kNanosPerSecond)};
}

std::uint64_t next_random(std::uint64_t& state) {  // splitmix64: only to spread the first expiries
  std::uint64_t mixed = state += 0x9E3779B97F4A7C15u;
  mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
  return mixed ^ mixed >> 31;
}

std::uint64_t links_of_tasks() {
  struct stat status {};
  return ::stat("/proc/self/task", &status) == 0 ? status.st_nlink : 0;
}

}  // namespace

std::uint64_t thread_cpu_nanos(std::int32_t tid) {
  timespec used{};
  if (::syscall(SYS_clock_gettime, cpu_clock_of(tid), &used) != 0) return 0;
  return static_cast<std::uint64_t>(used.tv_sec) * base::kNanosPerSecond + static_cast<std::uint64_t>(used.tv_nsec);
}

ThreadTimers::~ThreadTimers() {
  stop();
  for (const SampledThread& thread : threads_) slots_[thread.slot].tid.store(0, std::memory_order_release);
}

void ThreadTimers::start(int signal, unsigned hz) {
  stop();
  signal_ = signal;
  hz_ = hz;
  random_ ^= base::system_clock().monotonic_now();
  unarmed_ = 0;
  for (SampledThread& thread : threads_) arm(thread);
}

void ThreadTimers::stop() {
  for (SampledThread& thread : threads_) disarm(thread);
  hz_ = 0;
}

bool ThreadTimers::number_changed() const { return links_of_tasks() != links_; }

void ThreadTimers::scan(const std::function<void(const SampledThread&)>& gone) {
  links_ = links_of_tasks();  // before: who comes meanwhile is seen the next time
  for (SampledThread& thread : threads_) thread.seen = false;
  unarmed_ = over_limit_ = 0;
  for_each_thread([&](std::int32_t tid) {
    if (std::find(except_.begin(), except_.end(), tid) != except_.end()) return;
    const auto known = std::lower_bound(threads_.begin(), threads_.end(), tid,
                                        [](const SampledThread& thread, std::int32_t id) { return thread.tid < id; });
    if (known == threads_.end() || known->tid != tid) return adopt(tid);
    const std::uint64_t cpu_nanos = thread_cpu_nanos(tid);
    if (cpu_nanos < known->cpu_nanos) disarm(*known);  // another thread that got the same number
    known->seen = true;
    known->cpu_nanos = cpu_nanos;
    if (std::exchange(known->is_new, false)) known->name = thread_name(tid);
    if (!known->has_timer) arm(*known);
  });
  std::erase_if(threads_, [&](SampledThread& thread) {
    if (thread.seen) return false;
    disarm(thread);
    gone(thread);
    slots_[thread.slot].tid.store(0, std::memory_order_release);
    return true;
  });
}

void ThreadTimers::adopt(std::int32_t tid) {
  ThreadSlot* const end = slots_ + kSlots;
  ThreadSlot* const slot =
      std::find_if(slots_, end, [](const ThreadSlot& s) { return s.tid.load(std::memory_order_relaxed) == 0; });
  if (slot == end || !slot->ring.prepare()) {
    ++over_limit_;
    return;
  }
  // What the slot's last owner left refers to a code map that may be gone by now.
  slot->ring.consume(slot->ring.readable());
  slot->asked.store(0, std::memory_order_relaxed);
  if (slot->rules == nullptr) slot->rules = std::make_unique<RowCache>();
  slot->tid.store(tid, std::memory_order_release);
  SampledThread thread;
  thread.tid = tid;
  thread.slot = static_cast<std::size_t>(slot - slots_);
  thread.name = thread_name(tid);
  thread.cpu_nanos = thread_cpu_nanos(tid);
  thread.seen = true;
  arm(thread);
  const auto place = std::upper_bound(threads_.begin(), threads_.end(), tid,
                                      [](std::int32_t id, const SampledThread& other) { return id < other.tid; });
  threads_.insert(place, std::move(thread));
}

void ThreadTimers::arm(SampledThread& thread) {
  if (hz_ == 0) return;
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = signal_;
  event.sigev_value.sival_ptr = signal_value(thread.slot);
  event._sigev_un._tid = thread.tid;
  if (::syscall(SYS_timer_create, cpu_clock_of(thread.tid), &event, &thread.timer) != 0) {
    ++unarmed_;
    return;
  }
  thread.has_timer = true;
  const std::uint64_t period = base::kNanosPerSecond / hz_;
  itimerspec times{};
  times.it_interval = to_timespec(period);
  // Anywhere within the first period: short work is hit in proportion, and threads do not tick together.
  times.it_value = to_timespec(1 + next_random(random_) % period);
  if (::syscall(SYS_timer_settime, thread.timer, 0, &times, nullptr) != 0) {
    disarm(thread);
    ++unarmed_;
  }
}

void ThreadTimers::disarm(SampledThread& thread) {
  if (!thread.has_timer) return;
  ::syscall(SYS_timer_delete, thread.timer);
  thread.has_timer = false;
}

}  // namespace nanospan::profile
