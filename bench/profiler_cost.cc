// profiler_cost: what the profiler takes from a program, for the goals P1, P2, P5 and P6.
//
//   profiler_cost [--json FILE]     a server's mix on two threads, sampled: cost of a sample, tables, history
//   profiler_cost --heap N BYTES    the mix N times in counted(), for callgrind; memory is sampled each BYTES on
//                                   average (0: not), where nanospan::profile_heap is linked: not in
//                                   profiler_cost_plain
//
// Times in the handler are given by their middle, since a thread that loses its processor there would count what others
// do; what the profiler's own thread uses is CPU time.
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/time.h"
#include "bench/figures.h"
#include "profile/heap/heap_sampler.h"
#include "profile/model/history.h"
#include "profile/sampler/proc.h"
#include "profile/sampler/sampler.h"
#include "profile/serve/profile_server.h"
#include "profile/unwind/loaded_code.h"
#include "tests/support/server_workload.h"

namespace nanospan::bench {
namespace {

using profile::Sample;
using profile::SampledThread;

std::uint64_t own_cpu_nanos() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<std::uint64_t>(used.tv_sec) * base::kNanosPerSecond + static_cast<std::uint64_t>(used.tv_nsec);
}

std::int32_t own_tid() { return static_cast<std::int32_t>(::syscall(SYS_gettid)); }

double micros(std::uint64_t nanos) { return static_cast<double>(nanos) / 1e3; }

std::uint64_t percentile(std::vector<std::uint64_t> values, double part) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

/// Threads that do what a server does, over more memory than the caches near a core hold.
class Service {
 public:
  explicit Service(std::size_t threads) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this, i] { work(i); });
  }
  ~Service() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  void work(std::size_t number) {
    std::vector<std::uint64_t> data(kBytes / sizeof(std::uint64_t), number);
    std::uint64_t seed = number + 1;
    while (!stop_.load(std::memory_order_relaxed)) {
      for (int i = 0; i < 4; ++i) seed += profile::testing::work_round(seed);
      for (std::size_t i = 0; i < data.size(); i += 8) data[i] += seed;
    }
    sum_ += seed;
  }

  static constexpr std::size_t kBytes = std::size_t{4} << 20;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> sum_{0};
  std::vector<std::thread> threads_;
};

/// What the kernel takes to deliver a signal and to come back from it, without a handler's work.
std::uint64_t delivery_nanos() {
  constexpr std::uint64_t kSignals = 20'000;
  struct sigaction action {};
  action.sa_sigaction = [](int, siginfo_t*, void*) {};
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  ::sigaction(SIGUSR2, &action, nullptr);
  const pid_t process = ::getpid();
  const std::int32_t thread = own_tid();
  const std::uint64_t before = own_cpu_nanos();
  for (std::uint64_t i = 0; i < kSignals; ++i) ::syscall(SYS_tgkill, process, thread, SIGUSR2);
  return (own_cpu_nanos() - before) / kSignals;
}

struct Taken {
  std::vector<std::uint64_t> handler_nanos;
  std::uint64_t frames = 0;
  std::uint64_t to_root = 0;
  profile::StackStore store{std::size_t{64} << 20};
  std::vector<std::uint32_t> stacks;

  void add(const Sample& sample) {
    handler_nanos.push_back(sample.handler_nanos);
    frames += sample.frames;
    to_root += sample.end == profile::WalkEnd::kRoot;
    std::vector<profile::CodePoint> points;
    for (std::size_t i = 0; i < sample.frames; ++i) {
      const std::uint64_t pc = i == 0 ? sample.pcs[i] : sample.pcs[i] - 1;
      points.push_back(store.point(profile::Sampler::module_of(sample, pc), pc));
    }
    stacks.push_back(store.stack(points));
  }
};

/// A new sampler each time, as for the first to ask: from the request to a sample in its hands.
std::vector<std::uint64_t> first_samples(int rounds) {
  const base::Clock& clock = base::system_clock();
  std::vector<std::uint64_t> nanos;
  for (int i = 0; i < rounds; ++i) {
    const base::MonotonicNanos asked = clock.monotonic_now();
    auto sampler = profile::Sampler::create({own_tid()}).value();
    if (!sampler->start(100)) std::exit(1);
    bool seen = false;
    while (!seen) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      sampler->drain([&](const SampledThread&, const Sample&) { seen = true; });
    }
    nanos.push_back(clock.monotonic_now() - asked);
  }
  return nanos;
}

void add_tables(Figures& figures) {
  const std::uint64_t before = own_cpu_nanos();
  profile::LoadedCode code;
  code.refresh();
  const std::uint64_t took = own_cpu_nanos() - before;
  figures.add(
      {"P5", "unwind tables of this program and its " + std::to_string(code.map()->modules().size() - 1) + " libraries",
       static_cast<double>(code.map()->table_bytes()) / (1 << 20), "MiB", Better::kLower, 2});
  figures.add({"P5", "making them, CPU time", micros(took) / 1e3, "ms"});
}

/// A quarter of an hour of these stacks, at 100 Hz for each of `threads`.
void add_history(Figures& figures, const Taken& taken, int threads) {
  profile::History history({});
  base::UnixNanos now = base::kNanosPerSecond;
  std::size_t next = 0;
  for (int tick = 0; tick < 15 * 60 * 100; ++tick, now += 10 * base::kNanosPerMilli) {
    for (int thread = 0; thread < threads; ++thread, ++next) {
      profile::StackStore& store = history.store();
      const std::uint32_t stack = store.stack_of(taken.store, taken.stacks[next * 7919 % taken.stacks.size()]);
      profile::LabelSet labels;
      labels.thread = store.text("worker-" + std::to_string(thread));
      history.add(now, stack, store.labels(labels), {1, 10'000'000, 0, 0});
    }
  }
  const std::string what = std::to_string(threads) + " busy threads: ";
  figures.add({"P5", what + "15 minutes of history", static_cast<double>(history.bytes()) / (1 << 20), "MiB",
               Better::kLower, 8});
  figures.add({"P5", what + "of which are there", static_cast<double>(history.buckets()) / 6, "minutes"});
}

/// The profiler's own thread over some seconds of 100 Hz: reading, counting, looking for threads and code.
void add_collector(Figures& figures, double handler_micros, double delivery_micros) {
  profile::ProfileServerOptions options;
  options.port = 0;
  options.profiler.continuous = true;
  options.profiler.heap_interval_bytes = 0;
  const auto server = profile::ProfileServer::start(std::move(options)).value();
  std::int32_t collector = 0;
  profile::for_each_thread([&](std::int32_t tid) {
    if (profile::thread_name(tid) == "nanospan-prof") collector = tid;
  });
  constexpr std::uint64_t kSeconds = 10;
  std::this_thread::sleep_for(std::chrono::seconds(1));  // the tables are made by then
  const std::uint64_t before = profile::thread_cpu_nanos(collector);
  std::this_thread::sleep_for(std::chrono::seconds(kSeconds));
  const double used = micros(profile::thread_cpu_nanos(collector) - before);
  constexpr double kSamples = 2 * 100 * kSeconds;  // of two busy threads, if both had a core
  figures.add({"P2", "the profiler's thread, each sample, CPU time", used / kSamples, "us"});
  const double all = handler_micros + delivery_micros + used / kSamples;
  figures.add({"P2", "a sample, all in", all, "us", Better::kLower, 10});
  figures.add({"P2", "100 Hz, of a busy core", all / 100, "%", Better::kLower, 0.1});
}

void measure(Figures& figures) {
  add_tables(figures);
  const Service service(2);
  const std::vector<std::uint64_t> first = first_samples(40);
  figures.add({"P5", "first sample after the request, middle of 40", micros(percentile(first, 0.5)) / 1e3, "ms",
               Better::kLower, 20});
  figures.add({"P5", "slowest of the 40", micros(percentile(first, 1)) / 1e3, "ms"});
  Taken taken;
  {
    auto sampler = profile::Sampler::create({own_tid()}).value();
    if (!sampler->start(100)) std::exit(1);
    while (taken.handler_nanos.size() < 3000) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      sampler->drain([&](const SampledThread&, const Sample& sample) { taken.add(sample); });
    }
  }
  const auto samples = static_cast<double>(taken.handler_nanos.size());
  figures.add({"P1", "samples that reach the thread's root", 100 * static_cast<double>(taken.to_root) / samples, "%",
               Better::kHigher, 99.9});
  figures.add({"P2", "frames of a stack", static_cast<double>(taken.frames) / samples, ""});
  const double handler = micros(percentile(taken.handler_nanos, 0.5));
  figures.add({"P2", "in the handler, middle", handler, "us"});
  figures.add({"P2", "in the handler, 90th percentile", micros(percentile(taken.handler_nanos, 0.9)), "us"});
  const double delivery = micros(delivery_nanos());
  figures.add({"P2", "the kernel's delivery and return, CPU time", delivery, "us"});
  add_collector(figures, handler, delivery);
  for (const int threads : {1, 16}) add_history(figures, taken, threads);
}

/// What callgrind collects: --toggle-collect='*counted*'.
[[gnu::noinline]] std::uint64_t counted(std::uint64_t rounds) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < rounds; ++i) sum += profile::testing::work_round(i);
  return sum;
}

int run_heap(std::uint64_t rounds, std::size_t interval) {
  profile::ProfileServerOptions options;
  options.port = 0;
  options.profiler.heap_interval_bytes = interval;
  auto server = profile::ProfileServer::start(std::move(options));
  if (!server.ok()) return 1;
  std::uint64_t sum = 0;  // what is bound lazily; the thread's countdown begins
  for (std::uint64_t i = 0; i < 10; ++i) sum += profile::testing::work_round(i);
  const std::uint64_t before = profile::heap_sampler::snapshot().samples;
  sum += counted(rounds);
  std::printf("samples %llu\nsum %llu\n",
              static_cast<unsigned long long>(profile::heap_sampler::snapshot().samples - before),
              static_cast<unsigned long long>(sum));
  return 0;
}

}  // namespace
}  // namespace nanospan::bench

int main(int count, char** arguments) {
  using namespace nanospan;
  if (count == 4 && std::strcmp(arguments[1], "--heap") == 0) {
    return bench::run_heap(std::strtoull(arguments[2], nullptr, 10), std::strtoull(arguments[3], nullptr, 10));
  }
  if (count != 1 && !(count == 3 && std::strcmp(arguments[1], "--json") == 0)) {
    std::fputs("usage: profiler_cost [--json FILE] | --heap ROUNDS INTERVAL_BYTES\n", stderr);
    return 2;
  }
  bench::Figures figures;
  bench::measure(figures);
  return count == 1 || figures.write_json(arguments[2]) ? 0 : 1;
}
