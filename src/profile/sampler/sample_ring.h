// SampleRing: 64-bit words from the signal handler of one thread to the collector, without a lock.
//
// Single producer, single consumer. The producer reserves the most that it may need, writes, and commits what it used;
// a record is visible whole or not at all. Where there is no room the sample is dropped and counted by the caller.
// Memory comes from mmap, is zero pages until used, and is owned by the ring.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace nanospan::profile {

class SampleRing {
 public:
  static constexpr std::size_t kWords = 8192;  // 64 KiB: a hundred stacks of 40 frames; drained ten times a second
  static constexpr std::size_t kMask = kWords - 1;

  SampleRing() = default;
  ~SampleRing();
  SampleRing(const SampleRing&) = delete;
  SampleRing& operator=(const SampleRing&) = delete;

  /// Gets the memory if there is none yet. Not async-signal-safe. False: out of memory.
  bool prepare();
  bool prepared() const { return words_ != nullptr; }

  // Producer; async-signal-safe.
  bool has_room(std::size_t words) const {
    return words_ != nullptr &&
           tail_.load(std::memory_order_relaxed) - head_.load(std::memory_order_acquire) + words <= kWords;
  }
  std::uint64_t* words() { return words_; }
  std::size_t position() const { return tail_.load(std::memory_order_relaxed); }
  void commit(std::size_t words) {
    tail_.store(tail_.load(std::memory_order_relaxed) + words, std::memory_order_release);
  }

  // Consumer.
  std::size_t readable() const { return tail_.load(std::memory_order_acquire) - head_.load(std::memory_order_relaxed); }
  std::uint64_t peek(std::size_t at) const { return words_[(head_.load(std::memory_order_relaxed) + at) & kMask]; }
  void consume(std::size_t words) {
    head_.store(head_.load(std::memory_order_relaxed) + words, std::memory_order_release);
  }

 private:
  std::uint64_t* words_ = nullptr;
  std::atomic<std::size_t> tail_{0};  // words ever written
  std::atomic<std::size_t> head_{0};  // words ever read
};

}  // namespace nanospan::profile
