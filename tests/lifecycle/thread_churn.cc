// Threads come and go, each leaving a span it never flushed; and spans that start on one thread end on another. Nothing
// is lost and memory stays flat.
#include <pthread.h>

#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/lifecycle/program.h"

namespace nanospan::lifecycle {
namespace {

#ifdef __SANITIZE_THREAD__
constexpr int kLateRounds = PTHREAD_DESTRUCTOR_ITERATIONS - 1;  // its own view of a thread ends before the last one
#else
constexpr int kLateRounds = PTHREAD_DESTRUCTOR_ITERATIONS;
#endif

Tracer* the_tracer = nullptr;
pthread_key_t late_key;

// Ends a span in each round of destructors that a thread has at its exit, so also after the SDK's own hook ran for the
// last time. The value is the number of rounds left.
void late_destructor(void* value) {
  the_tracer->start_span("late").end();
  const auto left = reinterpret_cast<std::uintptr_t>(value) - 1;
  pthread_setspecific(late_key, reinterpret_cast<void*>(left));
}

// Ends a span in a destructor of C++, which runs before those of POSIX.
struct EndsLate {
  ~EndsLate() { the_tracer->start_span("thread-local").end(); }
};

void work_on_a_thread(bool late) {
  if (late) {
    static thread_local EndsLate ends_late;
    static_cast<void>(&ends_late);
    pthread_setspecific(late_key, reinterpret_cast<void*>(std::uintptr_t{kLateRounds}));
  }
  the_tracer->start_span("short").set("key", "value");
}

// `late`: each thread also ends spans while it exits. Returns the spans ended.
std::uint64_t short_threads(int threads, bool late) {
  std::uint64_t before = 0;
  constexpr int kAtOnce = 4;
  for (int i = 0; i < threads; i += kAtOnce) {
    std::vector<std::thread> some;
    for (int t = 0; t < kAtOnce; ++t) some.emplace_back([late] { work_on_a_thread(late); });
    for (auto& thread : some) thread.join();
    if (i == threads / 10 / kAtOnce * kAtOnce) before = resident_bytes();
  }
  require(resident_bytes() < before + kGrowthMax, "memory does not grow with threads that came and went");
  const auto rounded = static_cast<std::uint64_t>((threads + kAtOnce - 1) / kAtOnce * kAtOnce);
  return rounded * (late ? 2 + kLateRounds : 1);
}

// One thread starts, another ends; the queue between them is short.
std::uint64_t handed_over(Sdk& sdk, int spans) {
  constexpr std::size_t kQueueMax = 256;
  std::mutex mutex;
  std::deque<Span> queue;
  std::atomic<bool> done{false};
  std::thread ender([&] {
    for (;;) {
      std::deque<Span> some;
      {
        const std::lock_guard lock(mutex);
        some.swap(queue);
      }
      if (some.empty()) {
        if (done) return;
        std::this_thread::yield();
      }
    }
  });
  std::uint64_t before = 0;
  for (int i = 0; i < spans; ++i) {
    Span span = the_tracer->start_span("handed over");
    span.set("i", i);
    for (bool placed = false; !placed;) {
      const std::lock_guard lock(mutex);
      placed = queue.size() < kQueueMax;
      if (placed) queue.push_back(std::move(span));
    }
    if (i == spans / 10) before = resident_bytes();
    if (i % 10'000 == 0) sdk.provider->flush(20'000);  // so that no ring overflows on a busy machine
  }
  done = true;
  ender.join();
  require(resident_bytes() < before + kGrowthMax, "slabs that others ended come back to their thread");
  return static_cast<std::uint64_t>(spans);
}

void run(int threads) {
  Sdk sdk(roomy());
  the_tracer = &sdk.tracer;
  std::uint64_t spans = 1;
  sdk.tracer.start_span("first").end();  // the SDK's key is made before ours, so that its hook runs first
  require(pthread_key_create(&late_key, &late_destructor) == 0, "a key");
  spans += short_threads(threads, false);
  spans += short_threads(threads, true);
  spans += handed_over(sdk, threads * 20);
  require(sdk.provider->shutdown(60'000) == FlushResult::kSuccess, "everything is exported");
  const Ledger ledger = sdk.ledger();
  require(ledger.ended == spans && ledger.exported == spans && ledger.balances(), "every span arrived");
}

}  // namespace
}  // namespace nanospan::lifecycle

int main(int count, char** arguments) {
  nanospan::lifecycle::run(nanospan::lifecycle::repeats(count, arguments));
  return 0;
}
