// Signals are blocked before the thread exists, so that none is ever delivered to it but a profiler's. Thread-safe.
#include "sdk/pipeline/sdk_thread.h"

#include <pthread.h>
#include <signal.h>

#include <memory>
#include <new>
#include <string>
#include <utility>

#include <nanospan/diagnostics.h>

namespace nanospan::sdk {
namespace {

struct Start {
  std::string name;
  std::function<void()> body;
};

void* enter(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  pthread_setname_np(pthread_self(), start->name.c_str());
  const SuppressTracing suppress;
  start->body();
  return nullptr;
}

}  // namespace

bool start_sdk_thread(const char* name, std::function<void()> body) {
  std::unique_ptr<Start> start;
  try {
    start = std::make_unique<Start>(Start{name, std::move(body)});
  } catch (const std::bad_alloc&) {
    return false;
  }
  sigset_t all, before;
  sigfillset(&all);
  sigdelset(&all, SIGPROF);  // a profiler's, which is sent to one thread for its own sake
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const bool started = pthread_create(&thread, &attributes, &enter, start.get()) == 0;
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (started) static_cast<void>(start.release());
  return started;
}

}  // namespace nanospan::sdk
