// Waits for a reader that is slow, and raises no SIGPIPE for one that is gone. Thread-safe.
#include "export/output/write_fully.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

namespace nanospan::exporters {
namespace {

/// While it lives, a write of this thread to a closed pipe raises nothing. SIGPIPE goes to the thread that wrote, so
/// one that was not pending before is ours to take away again.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~WithoutSigpipe() {
    const int error = errno;
    const timespec at_once{0, 0};
    if (raised_ && !was_pending_) static_cast<void>(::sigtimedwait(&pipe_, nullptr, &at_once));
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = error;
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

  void raised() { raised_ = true; }

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_ = false;
  bool raised_ = false;
};

}  // namespace

WriteResult write_fully(int fd, std::string_view text, int wait_ms) {
  WithoutSigpipe guard;
  WriteResult result;
  while (result.written < text.size()) {
    const ssize_t count = ::write(fd, text.data() + result.written, text.size() - result.written);
    if (count > 0) {
      result.written += static_cast<std::size_t>(count);
      continue;
    }
    const int error = count == 0 ? ENOSPC : errno;
    if (error == EINTR) continue;
    pollfd writable{fd, POLLOUT, 0};
    if (error == EAGAIN && ::poll(&writable, 1, wait_ms) > 0) continue;
    if (error == EPIPE) guard.raised();
    result.error = error;
    return result;
  }
  return result;
}

}  // namespace nanospan::exporters
