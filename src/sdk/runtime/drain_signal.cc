// Waking: one exchange says who writes to the eventfd, so that a wake costs one system call, however many ask. Thread-
// safe.
#include "sdk/runtime/drain_signal.h"

#include <sys/eventfd.h>
#include <unistd.h>

namespace nanospan::sdk {

DrainSignal& drain_signal() {
  static constinit DrainSignal signal;
  return signal;
}

void DrainSignal::wake() {
  const Sleep before = sleep_.exchange(Sleep::kAwake, std::memory_order_seq_cst);
  if (before == Sleep::kAwake) return;
  wakes_.fetch_add(1, std::memory_order_relaxed);
  if (before == Sleep::kAbsent) {
    if (auto* starter = starter_.load(std::memory_order_acquire)) starter();
    return;
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(fd(), &one, sizeof one);
}

void DrainSignal::clear() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = read(fd(), &count, sizeof count);
}

bool DrainSignal::open() {
  if (fd() < 0) fd_.store(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), std::memory_order_relaxed);
  return fd() >= 0;
}

void DrainSignal::reset_after_fork() {
  if (fd() >= 0) close(fd());
  fd_.store(-1, std::memory_order_relaxed);
  sleep_.store(Sleep::kAbsent, std::memory_order_seq_cst);
}

}  // namespace nanospan::sdk
