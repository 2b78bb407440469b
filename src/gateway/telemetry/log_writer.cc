// Waiting for room, and leaving out. Threads: see the header.
//
// poll() says that a pipe is writable when PIPE_BUF bytes fit (pipe(7)): so much at most is written at once, and no
// write blocks.
#include "gateway/telemetry/log_writer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

namespace nanospan::gateway {

void LogWriter::write(std::string_view text) {
  if (missing_ != 0) {
    const std::string note = std::string(is_cut_ ? "\n" : "") + std::to_string(missing_) +
                             " log messages are missing here: nobody read them\n";
    if (put(note)) missing_ = 0;
  }
  if (missing_ == 0 && put(text)) return;
  ++missing_;
  dropped_.fetch_add(1, std::memory_order_relaxed);
}

/// False if it is not written as a whole.
bool LogWriter::put(std::string_view text) {
  while (!text.empty()) {
    if (!has_room(is_stuck_ ? 0 : wait_millis_)) {
      is_stuck_ = true;
      return false;
    }
    const ssize_t written = ::write(fd_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;  // It is closed, or the disk behind it is full.
    text.remove_prefix(static_cast<std::size_t>(written));
    is_cut_ = !text.empty();
    is_stuck_ = false;
  }
  return true;
}

bool LogWriter::has_room(int wait_millis) const {
  pollfd waited{fd_, POLLOUT, 0};
  return ::poll(&waited, 1, wait_millis) > 0;
}

}  // namespace nanospan::gateway
