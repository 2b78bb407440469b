// Standstill: holds event loops between two rounds, for a thread that wants to change what runs on them.
//
// While it lives no callback runs on these loops: none is in the middle of anything, and what they use may be destroyed
// or replaced by the thread that made it. It takes as long as the longest callback under way; keep it short, everything
// on the loops waits meanwhile. The loops must be running, and must not depend on the calling thread. Not from a loop's
// own thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "net/event_loop.h"

namespace nanospan::net {

class Standstill {
 public:
  explicit Standstill(const std::vector<EventLoop*>& loops) : gate_(std::make_shared<Gate>()) {
    for (EventLoop* loop : loops) {
      loop->post([gate = gate_] {
        std::unique_lock lock(gate->mutex);
        ++gate->standing;
        gate->changed.notify_all();
        gate->changed.wait(lock, [&gate] { return gate->released; });
      });
    }
    std::unique_lock lock(gate_->mutex);
    gate_->changed.wait(lock, [this, &loops] { return gate_->standing == loops.size(); });
  }
  ~Standstill() {
    const std::lock_guard lock(gate_->mutex);
    gate_->released = true;
    gate_->changed.notify_all();
  }
  Standstill(const Standstill&) = delete;
  Standstill& operator=(const Standstill&) = delete;

 private:
  struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t standing = 0;
    bool released = false;
  };
  const std::shared_ptr<Gate> gate_;
};

}  // namespace nanospan::net
