// pthread_mutex_lock and the waits for condition variables, with a look at the clock around those that wait. An
// optional library (nanospan::profile_locks). std::mutex and std::condition_variable are these functions, in our own
// code and in libstdc++ alike; the program's definition goes before glibc's. Thread-safe, as they are.
#include "profile/locks/interpose.h"

#include <dlfcn.h>
#include <pthread.h>

#include <cerrno>

const char nanospan_lock_interposer_r1 = 1;

// glibc's own name for it, which nobody interposes; kept for programs that were linked before 2.34.
extern "C" int nanospan_real_mutex_lock(pthread_mutex_t* mutex) noexcept;
asm(".symver nanospan_real_mutex_lock,__pthread_mutex_lock@GLIBC_2.2.5");

namespace {

using nanospan::profile::lock_clock_nanos;
using nanospan::profile::lock_waited;
using nanospan::profile::locks_watched;

/// The definition behind ours. Two threads may find it at once: both find the same.
template <class Function>
Function next_definition(std::atomic<Function>& known, const char* name) {
  Function found = known.load(std::memory_order_relaxed);
  if (found == nullptr) {
    found = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
    known.store(found, std::memory_order_relaxed);
  }
  return found;
}

using Wait = int (*)(pthread_cond_t*, pthread_mutex_t*);
using TimedWait = int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*);
using ClockWait = int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*);
constinit std::atomic<Wait> real_wait{nullptr};
constinit std::atomic<TimedWait> real_timedwait{nullptr};
constinit std::atomic<ClockWait> real_clockwait{nullptr};

bool watched() { return locks_watched.load(std::memory_order_relaxed); }

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  if (!watched()) return nanospan_real_mutex_lock(mutex);
  const int tried = pthread_mutex_trylock(mutex);
  if (tried != EBUSY) return tried;
  const std::uint64_t began = lock_clock_nanos();
  const int result = nanospan_real_mutex_lock(mutex);
  lock_waited(lock_clock_nanos() - began, true);
  return result;
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  const auto real = next_definition(real_wait, "pthread_cond_wait");
  if (!watched()) return real(condition, mutex);
  const std::uint64_t began = lock_clock_nanos();
  const int result = real(condition, mutex);
  lock_waited(lock_clock_nanos() - began, false);
  return result;
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  const auto real = next_definition(real_timedwait, "pthread_cond_timedwait");
  if (!watched()) return real(condition, mutex, until);
  const std::uint64_t began = lock_clock_nanos();
  const int result = real(condition, mutex, until);
  lock_waited(lock_clock_nanos() - began, false);
  return result;
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until) {
  const auto real = next_definition(real_clockwait, "pthread_cond_clockwait");
  if (!watched()) return real(condition, mutex, clock, until);
  const std::uint64_t began = lock_clock_nanos();
  const int result = real(condition, mutex, clock, until);
  lock_waited(lock_clock_nanos() - began, false);
  return result;
}

}  // extern "C"
#pragma GCC visibility pop
