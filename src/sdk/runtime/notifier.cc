// A pthread condition on the monotonic clock. Thread-safe.
#include "sdk/runtime/notifier.h"

#include <time.h>

namespace nanospan::sdk {

Notifier::Notifier() { reset_after_fork(); }

Notifier::~Notifier() {
  pthread_cond_destroy(&condition_);
  pthread_mutex_destroy(&mutex_);
}

void Notifier::reset_after_fork() {
  pthread_mutex_init(&mutex_, nullptr);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&condition_, &attributes);
  pthread_condattr_destroy(&attributes);
}

bool Notifier::wait_once(base::Deadline deadline) {
  if (deadline.at == base::kNever) {
    pthread_cond_wait(&condition_, &mutex_);
    return true;
  }
  timespec until{};
  until.tv_sec = static_cast<time_t>(deadline.at / base::kNanosPerSecond);
  until.tv_nsec = static_cast<long>(deadline.at % base::kNanosPerSecond);
  return pthread_cond_timedwait(&condition_, &mutex_, &until) == 0;
}

}  // namespace nanospan::sdk
