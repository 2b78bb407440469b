// LogWriter: writes lines to a descriptor, usually standard error, that somebody else reads, or does not.
//
// A pipe whose reader stands still blocks whoever writes to it, and with it everything that has something to say, the
// end of the process included. So a write waits for kWaitMillis in all; what has no room by then is left out, nothing
// more is waited for until there is room again, and the first line that finds room says how many are missing. A line
// that was begun is cut off, and counted.
//
// One caller at a time (Log's lock); dropped() from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace nanospan::gateway {

class LogWriter {
 public:
  static constexpr int kWaitMillis = 100;

  /// Writes to `fd`, which it does not own. `wait_millis` is for tests.
  explicit LogWriter(int fd, int wait_millis = kWaitMillis) : fd_(fd), wait_millis_(wait_millis) {}
  /// `text` is whole lines.
  void write(std::string_view text);
  /// Texts that were not written, or not to their end. For the metric nanospan_log_dropped.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  bool put(std::string_view text);
  bool has_room(int wait_millis) const;

  const int fd_;
  const int wait_millis_;
  bool is_stuck_ = false;      // the last one found no room
  bool is_cut_ = false;        // what was written last does not end its line
  std::uint64_t missing_ = 0;  // since the last one that was written
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace nanospan::gateway
