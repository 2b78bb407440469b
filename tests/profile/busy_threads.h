// Threads that burn CPU until they are told to stop, in functions that a profile must name.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace nanospan::profile::testing {

inline std::atomic<std::uint64_t>& sink() {
  static std::atomic<std::uint64_t> value{0};
  return value;
}

/// About three times as long as known_cool_function.
[[gnu::noinline]] inline void known_hot_function() {
  std::uint64_t x = 1;
  for (int i = 0; i < 30'000; ++i) x = x * 6364136223846793005u + 1;
  sink().fetch_add(x, std::memory_order_relaxed);
  asm volatile("");  // no tail call
}
[[gnu::noinline]] inline void known_cool_function() {
  std::uint64_t x = 1;
  for (int i = 0; i < 10'000; ++i) x = x * 6364136223846793005u + 1;
  sink().fetch_add(x, std::memory_order_relaxed);
  asm volatile("");
}

class BusyThreads {
 public:
  BusyThreads(std::size_t count, std::function<void()> round, const char* name = "busy") {
    for (std::size_t i = 0; i < count; ++i) {
      threads_.emplace_back([this, round] {
        while (!stop_.load(std::memory_order_relaxed)) round();
      });
      pthread_setname_np(threads_.back().native_handle(), name);
    }
  }
  ~BusyThreads() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  std::vector<std::thread>& threads() { return threads_; }

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

/// Sleeps until it is destroyed.
class IdleThread {
 public:
  explicit IdleThread(const char* name) : thread_([this] { ends_.wait(false); }) {
    pthread_setname_np(thread_.native_handle(), name);
  }
  ~IdleThread() {
    ends_ = true;
    ends_.notify_one();
    thread_.join();
  }

 private:
  std::atomic<bool> ends_{false};
  std::thread thread_;
};

}  // namespace nanospan::profile::testing
