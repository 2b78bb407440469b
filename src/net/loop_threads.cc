// Threads are started with all signals but SIGPROF blocked, and joined by stop(). Threads: see the header.
#include "net/loop_threads.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

#include "net/socket.h"

namespace nanospan::net {
namespace {

void* run_loop(void* loop) {
  static_cast<EventLoop*>(loop)->run();
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<LoopThreads>> LoopThreads::start(std::size_t count, const std::string& name,
                                                        const base::Clock& clock) {
  std::unique_ptr<LoopThreads> made(new LoopThreads());
  for (std::size_t i = 0; i < count; ++i) {
    Result<std::unique_ptr<EventLoop>> loop = EventLoop::create(clock);
    if (!loop.ok()) return loop.error();
    made->loops_.push_back(std::move(loop).value());
  }
  sigset_t all, before;
  ::sigfillset(&all);
  ::sigdelset(&all, SIGPROF);                     // a profiler's, which is sent to one thread for its own sake
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited by the threads
  int failure = 0;
  for (std::size_t i = 0; i < count && failure == 0; ++i) {
    pthread_t thread;
    failure = ::pthread_create(&thread, nullptr, run_loop, made->loops_[i].get());
    if (failure != 0) break;
    ::pthread_setname_np(thread, name.substr(0, 15).c_str());
    made->threads_.push_back(thread);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (failure != 0) return system_error("starting thread " + name, failure);
  return made;
}

std::vector<EventLoop*> LoopThreads::loops() const {
  std::vector<EventLoop*> out;
  for (const auto& loop : loops_) out.push_back(loop.get());
  return out;
}

void LoopThreads::stop() {
  for (std::size_t i = 0; i < threads_.size(); ++i) loops_[i]->stop();
  for (const pthread_t thread : std::exchange(threads_, {})) ::pthread_join(thread, nullptr);
}

}  // namespace nanospan::net
