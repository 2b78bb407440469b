// Poller: the seam between the event loop and the kernel's readiness interface. Tests replace it with a scripted one.
//
// Level-triggered: an event is reported again until its cause is gone. All calls are for the loop's thread, except
// wake(). The poller never owns the descriptors that it watches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "base/time.h"

namespace nanospan::net {

/// What to watch for, and what was seen; a bit set. Failure and hang-up are always watched for and are reported as
/// kFailed.
inline constexpr unsigned kReadable = 1;
inline constexpr unsigned kWritable = 2;
inline constexpr unsigned kFailed = 4;
inline constexpr unsigned kHungUp = 8;  ///< The peer sends nothing more: also seen behind bytes that nobody has read.

struct PollEvent {
  std::uint64_t tag = 0;  ///< As given to add() or modify().
  unsigned ready = 0;
};

class Poller {
 public:
  virtual ~Poller() = default;

  virtual Status add(int fd, unsigned interest, std::uint64_t tag) = 0;
  virtual Status modify(int fd, unsigned interest, std::uint64_t tag) = 0;
  virtual void remove(int fd) = 0;

  /// Waits until something is ready, wake() is called or `timeout_nanos` pass (0: do not wait, base::kNever: no limit).
  /// Fills the front of `events`, returns how many.
  virtual std::size_t wait(std::span<PollEvent> events, std::uint64_t timeout_nanos) = 0;

  /// Makes the present or the next wait() return at once. Any thread; async-signal-safe.
  virtual void wake() = 0;

  /// A descriptor that is readable whenever wait() would not block, so that another loop can nest this one; -1 if there
  /// is none.
  virtual int pollable_fd() const = 0;

  /// In the child of a fork: closes the poller's own descriptors and makes every later call a no-op. Must come before
  /// any remove(): the kernel object is shared with the parent, and removing there would silence the parent's sockets.
  virtual void abandon_after_fork() = 0;
};

/// The epoll poller, woken through an eventfd. Fails with kSystem if the process is out of descriptors.
Result<std::unique_ptr<Poller>> make_epoll_poller();

}  // namespace nanospan::net
