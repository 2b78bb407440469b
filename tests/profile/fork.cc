// Forks of a program whose allocations and waits for locks are sampled, while its threads allocate under a lock that a
// handler of pthread_atfork wants, too: fork() comes back, and the child is not profiled. A program of its own, since
// it has another operator new and another pthread_mutex_lock.
#include <nanospan/profile.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "profile/heap/heap_sampler.h"
#include "profile/locks/lock_sampler.h"
#include "tests/profile/http_get.h"

namespace {

namespace heap_sampler = nanospan::profile::heap_sampler;
namespace lock_sampler = nanospan::profile::lock_sampler;

constexpr int kForks = 200, kWorkers = 3;

int fail(std::string_view why) {
  [[maybe_unused]] const auto written = write(STDERR_FILENO, why.data(), why.size());
  return 1;
}

std::mutex shared;  // as the SDK's own: locked around a fork, and allocated under

void allocate_under_the_lock() {
  const std::lock_guard<std::mutex> lock(shared);
  for (int i = 0; i < 10; ++i) {
    const auto block = std::make_unique_for_overwrite<char[]>(1000);
    asm volatile("" : : "r"(block.get()) : "memory");
  }
}

int be_child() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // if it hangs, it goes with its parent
  for (int i = 0; i < 100; ++i) allocate_under_the_lock();
  std::thread other(allocate_under_the_lock);
  allocate_under_the_lock();
  other.join();
  return heap_sampler::snapshot().samples == 0 && lock_sampler::snapshot().samples == 0 ? 0 : 1;
}

bool fork_once() {
  const pid_t child = fork();
  if (child == 0) _exit(be_child());
  int status = 1;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

int main() {
  // Before the profiler is there: of the handlers that run before a fork, the last registered runs first.
  pthread_atfork([] { shared.lock(); }, [] { shared.unlock(); }, [] { shared.unlock(); });
  const auto profiling = nanospan::start_profiling({.port = 0, .continuous = false});
  if (!profiling.ok()) return fail(profiling.error().message);
  nanospan::profile::testing::http_get(profiling->port(), "/debug/pprof/threads");  // by now the tables are there
  heap_sampler::set_interval(1000);
  std::atomic<bool> over{false};
  std::vector<std::thread> workers;
  for (int i = 0; i < kWorkers; ++i) {
    workers.emplace_back([&] {
      while (!over) allocate_under_the_lock();
    });
  }
  const std::uint64_t before = heap_sampler::snapshot().samples;
  bool well = true;
  for (int i = 0; i < kForks && well; ++i) well = fork_once();
  over = true;
  for (std::thread& worker : workers) worker.join();
  if (!well) return fail("a child was profiled, or came to no good end\n");
  if (heap_sampler::snapshot().samples == before) return fail("the parent was no longer profiled\n");
  if (lock_sampler::snapshot().samples == 0) return fail("nobody waited for the lock: this shows nothing\n");
  return 0;
}
