// LoopThreads: event loops, each run by a thread of its own. The threads are named and take no signals of the host
// program.
//
// Lifecycle: start() gives running loops; stop() (idempotent, also by the destructor) ends and joins the threads, after
// which the loops still exist, so that what is registered with them can be destroyed. Not from one of the loops' own
// threads.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/event_loop.h"

namespace nanospan::net {

class LoopThreads {
 public:
  /// `name` is cut to 15 characters by the kernel. Fails with kSystem if threads or descriptors run out.
  static Result<std::unique_ptr<LoopThreads>> start(std::size_t count, const std::string& name,
                                                    const base::Clock& clock = base::system_clock());
  ~LoopThreads() { stop(); }
  LoopThreads(const LoopThreads&) = delete;
  LoopThreads& operator=(const LoopThreads&) = delete;

  std::vector<EventLoop*> loops() const;
  void stop();

 private:
  LoopThreads() = default;
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::vector<pthread_t> threads_;
};

}  // namespace nanospan::net
