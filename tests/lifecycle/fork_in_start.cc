// Forks while another thread is inside start(): in the middle, and while it holds the lock of the process's telemetry.
// The child can start its own, and exit.
#include <dlfcn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <fstream>
#include <thread>

#include <nanospan/diagnostics.h>
#include <nanospan/nanospan.h>

#include "tests/lifecycle/program.h"

namespace nanospan::lifecycle {
namespace {

enum class Fork { kNone, kAsked, kDone };
std::atomic<Fork> wanted{Fork::kNone};
std::atomic<int> forks{0};
thread_local bool is_starting = false;

/// Whether the main thread sleeps, which here means that it waits for a lock on its way into the fork.
bool main_sleeps() {
  std::ifstream file("/proc/self/task/" + std::to_string(getpid()) + "/stat");
  std::string text;
  std::getline(file, text);
  return text[text.rfind(')') + 2] == 'S';
}

void have_a_fork_made() {
  wanted = Fork::kAsked;
  while (wanted != Fork::kDone && !main_sleeps()) std::this_thread::yield();
}

void in_the_middle(TracerProviderOptions& options) {
  options.processors.clear();
  if (is_starting) have_a_fork_made();
}

[[noreturn]] void be_child() {
  alarm(30);  // ends it if it hangs
  const bool before_anything_ran = forks == 1;
  static auto own = start({.read_environment = false, .customize = &in_the_middle});
  require(own.ok() || own.error().code == ErrorCode::kAlreadyExists, "a child may start");
  require(own.ok() || !before_anything_ran, "and finds the process free if nothing had started");
  std::exit(0);
}

void run() {
  set_error_handler([](std::string_view, std::string_view) {});
  std::atomic<bool> done{false};
  std::thread other([&done] {
    is_starting = true;
    auto telemetry = start({.read_environment = false, .customize = &in_the_middle});
    is_starting = false;
    require(telemetry.ok(), "the parent's own start is not disturbed");
    done = true;
  });
  while (!done || wanted == Fork::kAsked) {
    if (wanted != Fork::kAsked) {
      std::this_thread::yield();
      continue;
    }
    ++forks;
    const pid_t child = fork();
    if (child == 0) be_child();
    wanted = Fork::kDone;
    int status = 1;
    require(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child did well");
  }
  other.join();
  require(forks >= 2, "one in the middle, one under the lock");
}

}  // namespace
}  // namespace nanospan::lifecycle

// start() registers its exit handler under its lock.
extern "C" int __cxa_atexit(void (*handler)(void*), void* argument, void* library) {
  using Register = int (*)(void (*)(void*), void*, void*);
  if (nanospan::lifecycle::is_starting) nanospan::lifecycle::have_a_fork_made();
  return reinterpret_cast<Register>(dlsym(RTLD_NEXT, "__cxa_atexit"))(handler, argument, library);
}

int main() {
  nanospan::lifecycle::run();
  return 0;
}
