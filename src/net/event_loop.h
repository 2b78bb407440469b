// EventLoop: one thread's world of descriptors, timers and posted functions.
//
// Everything is for the thread that runs the loop (or, before it runs, for the thread that sets it up), except post(),
// stop() and the LoopHandle, which any thread may use at any time, even after the loop is gone. Handlers and timers are
// owned by their users and unregister when they are destroyed; a handler may be destroyed from within any callback, its
// own included.
//
// Two ways to run it: run() in a thread of its own, or nested in another poll loop, which waits for pollable_fd() to
// become readable or for next_timer() to come, and then calls poll_once().
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/poller.h"
#include "net/unique_function.h"

namespace nanospan::net {

class EventLoop;
class Network;
using Task = UniqueFunction<void()>;

/// Receives the events of one descriptor.
class FdHandler {
 public:
  virtual ~FdHandler() = default;
  /// `ready` is a set of kReadable, kWritable and kFailed. Try the operation: its own result says what happened.
  virtual void on_ready(unsigned ready) = 0;
};

/// Posts to a loop from any thread, for as long as anyone likes: once the loop is destroyed, post() answers false.
class LoopHandle {
 public:
  explicit LoopHandle(Poller* poller) : poller_(poller) {}
  /// Runs `task` on the loop's thread, soon and in order. False (and the task is destroyed at once) if the loop is
  /// gone.
  bool post(Task task);
  /// True on the thread that last entered the loop.
  bool on_loop_thread() const { return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

 private:
  friend class EventLoop;
  std::vector<Task> take();
  void close();

  std::mutex mutex_;
  std::vector<Task> tasks_;
  Poller* poller_;  // null once the loop is gone
  std::atomic<std::thread::id> thread_{};
};

/// A one-shot timer that can be armed any number of times; allocation-free after construction. Fires on the loop's
/// thread.
class Timer {
 public:
  Timer(EventLoop& loop, UniqueFunction<void()> on_fire) : loop_(loop), on_fire_(std::move(on_fire)) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Fires once when the loop's clock reaches `at`; replaces an earlier arm(). kNever is the same as cancel().
  void arm(base::MonotonicNanos at);
  void cancel();
  bool armed() const { return place_ != kUnarmed; }
  base::MonotonicNanos at() const { return armed() ? at_ : base::kNever; }

 private:
  friend class EventLoop;
  static constexpr std::size_t kUnarmed = static_cast<std::size_t>(-1);

  EventLoop& loop_;
  UniqueFunction<void()> on_fire_;
  base::MonotonicNanos at_ = base::kNever;
  std::size_t place_ = kUnarmed;  // index in the loop's heap
};

class EventLoop {
 public:
  /// A loop on epoll and the kernel's sockets.
  static Result<std::unique_ptr<EventLoop>> create(const base::Clock& clock = base::system_clock());
  EventLoop(const base::Clock& clock, std::unique_ptr<Poller> poller);
  /// Both ends of another world: `network`, which must outlive the loop, gives descriptors that `poller` knows.
  EventLoop(const base::Clock& clock, std::unique_ptr<Poller> poller, Network& network);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Calls handler.on_ready() when `fd` is ready for `interest`. The handler must stay until unwatch(fd).
  Status watch(int fd, unsigned interest, FdHandler& handler);
  /// Changes what is watched for; 0 leaves only failures. REQUIRES: fd is watched.
  void set_interest(int fd, unsigned interest);
  /// Stops watching; no event of this fd is delivered afterwards, not even one already collected. Call it before
  /// close().
  void unwatch(int fd);

  /// Runs until stop(). stop() before run() makes run() return at once (after what is already due).
  void run();
  void stop();
  /// Waits for the next event, timer, post or for `deadline`, handles all that is due, and returns how much that was.
  std::size_t run_once(base::Deadline deadline);
  /// Handles what is due now, without waiting.
  std::size_t poll_once();
  /// Runs what has been posted, and delivers no event and no timer: for who has stopped the loop and destroys what is
  /// registered with it. What the events would have reached may be gone.
  std::size_t run_posted();

  /// Runs `task` on this loop, soon and in order; any thread.
  void post(Task task) { handle_->post(std::move(task)); }
  const std::shared_ptr<LoopHandle>& handle() const { return handle_; }

  const base::Clock& clock() const { return clock_; }
  /// Where its connections come from.
  Network& network() const { return network_; }
  /// The time at which this round of events was collected; cheaper than the clock and the same for all of them.
  base::MonotonicNanos now() const { return now_; }
  /// When the earliest timer is due; kNever if there is none.
  base::MonotonicNanos next_timer() const { return timers_.empty() ? base::kNever : timers_.front()->at_; }
  int pollable_fd() const { return poller_->pollable_fd(); }

  /// True on the thread that last entered run(), run_once(), poll_once() or run_posted().
  bool on_loop_thread() const { return handle_->on_loop_thread(); }

  /// In the child of a fork: lets go of the kernel objects shared with the parent. Only destruction is allowed
  /// afterwards (of the loop and of what is registered with it).
  void abandon_after_fork();

 private:
  friend class Timer;
  struct Watch {
    FdHandler* handler = nullptr;
    std::uint32_t generation =
        0;  // grows with each watch of the same fd, so that an event of an earlier one is recognised
    unsigned interest = 0;
  };

  void enter();
  std::size_t round(base::Deadline deadline);
  void deliver(const PollEvent& event);
  std::size_t fire_timers();
  std::size_t run_tasks();
  void place(std::size_t index, Timer* timer);
  void sift_up(std::size_t index);
  void sift_down(std::size_t index);

  const base::Clock& clock_;
  const std::unique_ptr<Poller> poller_;
  const std::shared_ptr<LoopHandle> handle_;
  std::vector<Watch> watches_;  // by descriptor number
  std::vector<Timer*> timers_;  // binary heap, earliest first
  std::vector<PollEvent> events_;
  base::MonotonicNanos now_;
  std::atomic<bool> stopped_{false};
  Network& network_;
};

}  // namespace nanospan::net
