// How producers reach the export thread: start it, wake it. A wake costs microseconds, so producers ask only when their
// ring passes its watermark, or when the export thread sleeps deeply because nothing was ended for a while.
#pragma once

#include <atomic>
#include <cstdint>

namespace nanospan::sdk {

class DrainSignal {
 public:
  enum class Sleep : std::uint32_t {
    kAwake,
    kShort,  ///< Wakes by itself soon: only a filling ring is worth a wake.
    kDeep,   ///< May sleep for long: the first span is worth a wake.
    kAbsent  ///< The thread does not run yet.
  };

  /// Called by producers, on their slow path.
  void wake_if_sleeping(bool filling) {
    const Sleep sleep = sleep_.load(std::memory_order_seq_cst);
    if (sleep == Sleep::kAwake || (sleep == Sleep::kShort && !filling)) return;
    wake();
  }
  /// Wakes or starts the export thread.
  void wake();
  /// Wakes that producers and flushes asked for.
  std::uint64_t wakes() const { return wakes_.load(std::memory_order_relaxed); }

  // Of the export thread.
  void set_sleep(Sleep sleep) { sleep_.store(sleep, std::memory_order_seq_cst); }
  int fd() const { return fd_.load(std::memory_order_relaxed); }
  void clear();

  /// How the thread is started, set once by src/sdk/pipeline.
  void set_starter(void (*starter)()) { starter_.store(starter, std::memory_order_release); }
  /// In a forked child: there is no thread, and the descriptor is the parent's.
  void reset_after_fork();
  /// Opens the descriptor; false if the kernel refuses.
  bool open();

 private:
  std::atomic<Sleep> sleep_{Sleep::kAbsent};
  std::atomic<int> fd_{-1};
  std::atomic<std::uint64_t> wakes_{0};
  std::atomic<void (*)()> starter_{nullptr};
};

DrainSignal& drain_signal();

}  // namespace nanospan::sdk
