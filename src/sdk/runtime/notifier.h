// A condition that threads wait for until a deadline on the monotonic clock.
//
// std::condition_variable would do, but its monotonic waits are invisible to the thread sanitizer that checks this
// code.
#pragma once

#include <pthread.h>

#include "base/time.h"

namespace nanospan::sdk {

class Notifier {
 public:
  Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;
  ~Notifier();

  void lock() { pthread_mutex_lock(&mutex_); }
  void unlock() { pthread_mutex_unlock(&mutex_); }
  /// REQUIRES: locked. Wakes all waiters.
  void notify_all() { pthread_cond_broadcast(&condition_); }
  /// REQUIRES: locked. Waits until `ready()` or the deadline; returns ready().
  template <class Ready>
  bool wait(base::Deadline deadline, Ready&& ready) {
    while (!ready()) {
      if (!wait_once(deadline)) return ready();
    }
    return true;
  }
  /// In a forked child: whoever held it is gone.
  void reset_after_fork();

 private:
  bool wait_once(base::Deadline deadline);

  pthread_mutex_t mutex_;
  pthread_cond_t condition_;
};

}  // namespace nanospan::sdk
