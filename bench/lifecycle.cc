// S13, S15: memory, start and stop.
#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <nanospan/nanospan.h>

#include "bench/end_to_end.h"
#include "bench/remote.h"

namespace nanospan::bench {
namespace {

int thread_count() {
  int count = 0;
  DIR* tasks = opendir("/proc/self/task");
  while (const dirent* task = readdir(tasks)) count += task->d_name[0] != '.' ? 1 : 0;
  closedir(tasks);
  return count;
}

/// Runs this program anew as a child and returns the numbers that it prints.
std::vector<double> run_child(const std::string& name, const std::string& endpoint, double seconds) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) fail("pipe failed");
  const pid_t process = fork();
  if (process == 0) {
    dup2(pipe_ends[1], STDOUT_FILENO);
    execl("/proc/self/exe", "end_to_end", "--child", name.c_str(), endpoint.c_str(), std::to_string(seconds).c_str(),
          nullptr);
    _exit(127);
  }
  close(pipe_ends[1]);
  std::string text;
  char buffer[256];
  for (ssize_t size; (size = read(pipe_ends[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  close(pipe_ends[0]);
  int status = 0;
  waitpid(process, &status, 0);
  if (status != 0) fail("the child \"" + name + "\" failed");
  std::vector<double> numbers;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    numbers.push_back(std::stod(text.substr(at)));
  return numbers;
}

Telemetry start_telemetry(const std::string& endpoint) {
  Result<Telemetry> telemetry =
      nanospan::start({.service_name = "bench", .endpoint = endpoint, .read_environment = false});
  if (!telemetry) fail(telemetry.error().message);
  return std::move(telemetry).value();
}

/// Start to the end of the first span, in microseconds; and the threads before it.
int first_span_child(const std::string& endpoint) {
  const double start = monotonic_seconds();
  Telemetry telemetry = start_telemetry(endpoint);
  const double started = monotonic_seconds();
  const int threads = thread_count() - 1;
  const double resumed = monotonic_seconds();
  Tracer first = tracer("bench");
  first.start_span("first").end();
  const double ended = monotonic_seconds();
  std::printf("%f\n%d\n%f\n", (started - start + ended - resumed) * 1e6, threads, (started - start) * 1e6);
  return 0;
}

/// A service at 10,000 spans/s: resident memory at its highest, at half time, and at the end, KiB.
int service_child(const std::string& endpoint, double seconds) {
  Telemetry telemetry = start_telemetry(endpoint);
  Bench bench{.tracer = tracer("bench")};
  const auto make = [&](std::uint64_t i) { Ten{}(bench, i); };
  at_ten_thousand_a_second(seconds / 2, make);
  const double half = status_kib("VmRSS");
  at_ten_thousand_a_second(seconds / 2, make);
  std::printf("%f\n%f\n%f\n", status_kib("VmHWM"), half, status_kib("VmRSS"));
  const Ledger ledger = telemetry.ledger();
  std::printf("%llu\n%d\n", static_cast<unsigned long long>(ledger.dropped_total()), ledger.balances() ? 1 : 0);
  std::fflush(stdout);
  telemetry.shutdown(1);
  return 0;
}

}  // namespace

int child(const std::string& name, const std::string& endpoint, double seconds) {
  if (name == "first-span") return first_span_child(endpoint);
  if (name == "service") return service_child(endpoint, seconds);
  return 2;
}

void thread_memory(const Run& run) {
  constexpr int kThreads = 64;
  Receiver receiver(1);
  Pipeline pipeline(otlp_to(receiver.traces_endpoint()), roomy_batches(), 0, 1);
  std::barrier step(kThreads + 1);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      Bench bench{.tracer = pipeline.bench().tracer};
      step.arrive_and_wait();
      step.arrive_and_wait();
      for (std::uint64_t i = 0; i < 3; ++i) Ten{}(bench, i);
      step.arrive_and_wait();
      step.arrive_and_wait();
    });
  }
  step.arrive_and_wait();
  const double before = status_kib("VmRSS");
  step.arrive_and_wait();
  step.arrive_and_wait();
  pipeline.provider().flush();
  const double after = status_kib("VmRSS");
  step.arrive_and_wait();
  for (std::thread& thread : threads) thread.join();
  run.figures.add({"S13", "memory of a thread with few spans (64 threads, 3 W4 spans each)",
                   (after - before) / kThreads, "KiB", Better::kLower, 48});
}

void service_memory(const Run& run) {
  const double seconds = 6 * run.scale;
  {
    Receiver receiver(1, false);
    const std::vector<double> numbers = run_child("service", receiver.base_endpoint(), seconds);
    if (numbers[4] == 0 || numbers[3] != 0) fail("the service's ledger");
    run.figures.add({"S13",
                     "a service at 10,000 W4 spans/s, default preset: highest resident memory, all of the process",
                     numbers[0] / 1024, "MiB", Better::kLower, 8});
  }
  BlackHole hole;
  const std::string endpoint = hole.traces_endpoint().substr(0, hole.traces_endpoint().rfind("/v1/"));
  // The first exports are given up after 10 s; until then 4 are under way, and no batch is freed or begun. What follows
  // takes memory once (the heap for new batches while the old ones go, the thread's ring up to its 1 MiB: 0.7 MiB
  // seen). So this run is never shortened: its second half begins after that, and is flat (in 7 minutes 12 KiB, and 52
  // of pages of files).
  constexpr double kDeadSeconds = 30;
  const std::vector<double> numbers = run_child("service", endpoint, kDeadSeconds);
  if (numbers[4] == 0) fail("the ledger of the service with a dead receiver");
  run.figures.add(
      {"S13", "the same with a receiver that never reads: highest resident memory", numbers[0] / 1024, "MiB"});
  run.figures.add(
      {"S13", "  its growth over the second half of the run", numbers[2] - numbers[1], "KiB", Better::kLower, 64});
}

void lifecycle(const Run& run) {
  constexpr std::uint64_t kDeadlineMillis = 100;
  double late = 0;
  for (int round = 0; round < 5; ++round) {
    BlackHole hole;
    Pipeline pipeline(otlp_to(hole.traces_endpoint()), BatchOptions(), 0, 1);
    for (std::uint64_t i = 0; i < 2000; ++i) Ten{}(pipeline.bench(), i);
    const double start = monotonic_seconds();
    pipeline.provider().shutdown(kDeadlineMillis);
    late = std::max(late, (monotonic_seconds() - start) * 1e3 - static_cast<double>(kDeadlineMillis));
  }
  run.figures.add({"S15", "shutdown against a receiver that never reads: past its deadline of 100 ms, worst of 5", late,
                   "ms", Better::kLower, 10});
  Receiver receiver(1);
  std::vector<double> firsts, threads;
  for (int round = 0; round < 11; ++round) {
    const std::vector<double> numbers = run_child("first-span", receiver.base_endpoint(), 0);
    firsts.push_back(numbers[0] / 1000);
    threads.push_back(numbers[1]);
  }
  std::sort(firsts.begin(), firsts.end());
  run.figures.add(
      {"S15", "start() to the end of the first span, median of 11 processes", firsts[5], "ms", Better::kLower, 1});
  run.figures.add({"S15", "threads of the SDK before the first span", *std::max_element(threads.begin(), threads.end()),
                   "", Better::kLower, 0});
}

}  // namespace nanospan::bench
