// The lock profiles of a program that links nanospan::profile_locks: a known contended std::mutex and a known wait for
// a std::condition_variable come out with their delays. A program of its own, since it has another pthread_mutex_lock.
#include <nanospan/profile.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "tests/profile/difference.h"
#include "tests/profile/go_pprof.h"
#include "tests/profile/http_get.h"
#include "tests/profile/listing.h"

namespace {

using nanospan::profile::testing::http_get;
using nanospan::profile::testing::sums_of;

std::mutex contended;
std::uint64_t guarded = 0;
std::atomic<std::uint64_t> truly_waited{0};

int fail(const std::string& why) {
  const std::string line = why + "\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
  return 1;
}

std::uint64_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

/// Who waits, and who lets wait, step by step: the lock is held until the other one is at it, and for a while longer.
std::atomic<int> step{0};

void await_step(int wanted) {
  while (step != wanted) std::this_thread::yield();
}

[[gnu::noinline]] void known_contention() {
  const std::uint64_t began = now();
  contended.lock();
  truly_waited += now() - began;
  contended.unlock();
}

void wait_for_lock(int rounds) {
  for (int i = 0; i < rounds; ++i) {
    await_step(1);
    step = 2;
    known_contention();
    step = 0;
  }
}

void hold_lock(int rounds) {
  for (int i = 0; i < rounds; ++i) {
    await_step(0);
    contended.lock();
    step = 1;
    await_step(2);
    for (int k = 0; k < 3'000'000; ++k) guarded = guarded * 6364136223846793005u + 1;
    contended.unlock();
  }
}

std::mutex turn_mutex;
std::condition_variable turn_changed;
int turn = 0;

[[gnu::noinline]] void known_turn(int mine) {
  std::unique_lock<std::mutex> lock(turn_mutex);
  turn_changed.wait(lock, [&] { return turn == mine; });
  turn = 1 - mine;
  for (int i = 0; i < 50'000; ++i) guarded += static_cast<std::uint64_t>(i);
  turn_changed.notify_one();
}

/// `go tool pprof -top` names the lock's waiter with the time that it waited, and the turns in block alone.
std::string seen_by_go(std::uint16_t port, double contention_nanos) {
  using nanospan::profile::testing::cumulative_of;
  const std::string base =
      "go tool pprof -top -unit=ns -sample_index=delay http://127.0.0.1:" + std::to_string(port) + "/debug/pprof/";
  const std::string mutex = nanospan::profile::testing::output_of(base + "mutex");
  const std::string block = nanospan::profile::testing::output_of(base + "block");
  for (const std::string* text : {&mutex, &block}) {
    const double seen = cumulative_of(*text, "known_contention");
    if (seen < contention_nanos * 0.99 || seen > contention_nanos * 1.01) return *text;
  }
  return cumulative_of(block, "known_turn") > 0 ? "" : block;
}

std::string seen_when_switched_off() {
  const auto off = nanospan::start_profiling({.port = 0, .continuous = false, .locks = false});
  if (!off.ok()) return off.error().message;
  const std::string mutex = http_get(off->port(), "/debug/pprof/mutex").body;
  const std::string block = http_get(off->port(), "/debug/pprof/block").body;
  for (const std::string* answer : {&mutex, &block}) {
    if (answer->find("locks is false") == std::string::npos) return *answer;
  }
  return "";
}

template <class Work>
void in_two_threads(Work work) {
  std::array<std::thread, 2> threads;
  for (int i = 0; i < 2; ++i) threads[static_cast<std::size_t>(i)] = std::thread(work, i);
  for (std::thread& thread : threads) thread.join();
}

/// The difference has the waits of its time: all of them, and, the second time, none of the first.
std::string seen_in_a_difference() {
  using nanospan::profile::WindowKind;
  constexpr int kRounds = 20;
  for (const WindowKind kind : {WindowKind::kMutex, WindowKind::kBlock}) {
    const std::uint64_t before = truly_waited;
    const auto sums = nanospan::profile::testing::difference_over(kind, "known_contention", [] {
      in_two_threads([](int i) { return i == 0 ? wait_for_lock(kRounds) : hold_lock(kRounds); });
    });
    const auto waited = static_cast<double>(truly_waited - before);
    if (sums[0] < kRounds / 2 || sums[0] > kRounds || sums[1] < waited * 0.9 || sums[1] > waited * 1.01) {
      return std::to_string(sums[0]) + " waits, " + std::to_string(sums[1] / waited) + " of what was waited";
    }
  }
  return "";
}

}  // namespace

int main() {
  if (const std::string wrong = seen_in_a_difference(); !wrong.empty()) return fail("difference: " + wrong);
  if (const std::string wrong = seen_when_switched_off(); !wrong.empty()) return fail("switched off: " + wrong);
  const auto profiling = nanospan::start_profiling({.port = 0, .continuous = false});
  if (!profiling.ok()) return fail(profiling.error().message);
  const std::uint16_t port = profiling->port();
  http_get(port, "/debug/pprof/threads");  // by now the tables are there
  constexpr int kRounds = 100;
  in_two_threads([](int i) { return i == 0 ? wait_for_lock(kRounds) : hold_lock(kRounds); });
  in_two_threads([](int mine) {
    for (int i = 0; i < 300; ++i) known_turn(mine);
  });
  const std::string mutex = http_get(port, "/debug/pprof/mutex?debug=1").body;
  const std::string block = http_get(port, "/debug/pprof/block?debug=1").body;
  const auto contention = sums_of<2>(mutex, "known_contention");
  const auto waited = static_cast<double>(truly_waited.load());
  const std::string figures = "mutex: " + std::to_string(contention[0]) + " waits, " +
                              std::to_string(contention[1] / waited) + " of " + std::to_string(waited / 1e9) +
                              " s that were waited; turns: " + std::to_string(sums_of<2>(block, "known_turn")[0]) +
                              " waits\n";
  [[maybe_unused]] const auto written = write(STDOUT_FILENO, figures.data(), figures.size());
  // The program's own clock also counts what comes between it and the lock, on a busy machine.
  if (contention[0] < kRounds * 0.8 || contention[1] < waited * 0.7 || contention[1] > waited * 1.01)
    return fail(mutex);
  if (sums_of<2>(mutex, "known_turn")[1] > sums_of<2>(block, "known_turn")[1])
    return fail("block has all waits: " + block);
  if (sums_of<2>(block, "known_turn")[0] < 100) return fail(block);
  if (!nanospan::profile::testing::has_go()) {
    [[maybe_unused]] const auto said = write(STDOUT_FILENO, "without `go tool pprof`\n", 24);
  } else if (const std::string wrong = seen_by_go(port, contention[1]); !wrong.empty()) {
    return fail("go tool pprof: " + wrong);
  }
  return http_get(port, "/debug/pprof/heap").status == 404 ? 0 : fail("there is no heap profile here");
}
