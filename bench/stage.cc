#include "bench/stage.h"

#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "sdk/pipeline/async_exporter.h"
#include "sdk/pipeline/drain.h"
#include "sdk/runtime/drain_signal.h"
#include "sdk/runtime/ring.h"

namespace nanospan::bench {
namespace {

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class CountingExporter final : public SpanExporter, public sdk::AsyncExporter {
 public:
  ExportResult export_spans(const SpanBatch&) override { return {}; }
  void start_export(std::shared_ptr<const SpanBatch>, base::Deadline, Done done) override { done({}); }
  int pollable_fd() const override { return -1; }
  base::MonotonicNanos next_timer() const override { return base::kNever; }
  void poll_once() override {}
  void abandon(DropReason) override {}
  void reset_after_fork() override {}
};

TracerProvider make_provider(std::unique_ptr<SpanExporter> exporter, const BatchOptions& batches) {
  TracerProviderOptions options;
  options.resource = Resource::sdk_default().merge(Resource(Attributes{{"service.name", "bench"}}));
  options.processors.push_back(batch_processor(std::move(exporter), batches));
  Result<TracerProvider> provider = TracerProvider::create(std::move(options));
  if (!provider) fail(provider.error().message);
  return std::move(provider).value();
}

}  // namespace

void pin(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int last = static_cast<int>(sysconf(_SC_NPROCESSORS_CONF));
  for (int i = 0; i < last; ++i) {
    if (processor < 0 || i == processor % last) CPU_SET(static_cast<std::size_t>(i), &set);
  }
  sched_setaffinity(0, sizeof set, &set);
}

double monotonic_seconds() { return seconds_of(CLOCK_MONOTONIC); }
double process_cpu_seconds() { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }
double thread_cpu_seconds() { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }

double nanos_per_tick() {
  static const double nanos = [] {
    const double start = monotonic_seconds();
    const std::uint64_t first = detail::read_ticks();
    double now = start;
    while (now - start < 0.05) now = monotonic_seconds();
    return (now - start) * 1e9 / static_cast<double>(detail::read_ticks() - first);
  }();
  return nanos;
}

void sleep_seconds(double seconds) {
  timespec length{};
  length.tv_sec = static_cast<time_t>(seconds);
  length.tv_nsec = static_cast<long>((seconds - static_cast<double>(length.tv_sec)) * 1e9);
  nanosleep(&length, nullptr);
}

void fail(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(1);
}

void require(const std::string& problem) {
  if (!problem.empty()) fail(problem);
}

double status_kib(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(name + ":", 0) == 0) return std::stod(line.substr(name.size() + 1));
  }
  return 0;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::unique_ptr<SpanExporter> counting_exporter() { return std::make_unique<CountingExporter>(); }

BatchOptions roomy_batches() {
  BatchOptions options;
  options.queue_spans_max = 32768;
  return options;
}

Pipeline::Pipeline(std::unique_ptr<SpanExporter> exporter, const BatchOptions& batches, int producer_processor,
                   int export_processor, Ring ring)
    : provider_(make_provider(std::move(exporter), batches)),
      bench_{.tracer = provider_.tracer({.name = "bench"})},
      root_([&] {
        pin(export_processor);  // the export thread starts with the first sampled span and inherits the place
        bench_.tracer.start_span("first").end();
        pin(producer_processor);
        return bench_.tracer.start_span("root");
      }()),
      scope_(root_) {
  ring == Ring::kFull ? warm_up(bench_) : calibrate_clock(bench_);
  provider_.flush();
}

Pipeline::~Pipeline() {
  root_.end();
  provider_.shutdown();
}

void Pipeline::settle() {
  sdk::drain_signal().wake();
  while (ring_fill() != 0) __builtin_ia32_pause();
  while (provider_.ledger().queued > roomy_batches().queue_spans_max / 4) {
    for (int i = 0; i < 1000; ++i) __builtin_ia32_pause();
  }
}

std::string Pipeline::check() {
  provider_.flush();
  const Ledger ledger = provider_.ledger();
  if (!ledger.balances()) return "the ledger does not balance";
  if (ledger.dropped_total() != 0) return std::to_string(ledger.dropped_total()) + " spans were dropped";
  if (ledger.queued != 0) return std::to_string(ledger.queued) + " spans are queued after a flush";
  return {};
}

void calibrate_clock(Bench& bench) {
  bench.tracer.start_span("warm").end();
  const detail::ThreadState* thread = detail::thread_locals().state;
  if (thread == nullptr) fail("spans are not recorded");
  // Until the cycle counter is calibrated (20 ms), or if the kernel does not trust it, spans read the vDSO.
  for (int i = 0; i < 1000 && thread->clock.load(std::memory_order_acquire) == nullptr; ++i) sleep_seconds(0.001);
  if (thread->clock.load() == nullptr)
    std::fputs("bench: the cycle counter is not usable; spans read the vDSO\n", stderr);
}

void warm_up(Bench& bench) {
  calibrate_clock(bench);
  const detail::ThreadState* thread = detail::thread_locals().state;
  const auto hold = sdk::Drain::instance().pause();  // so that the ring fills and grows
  while (thread->ring->size < sdk::kLastRingBytes) {
    Span span = bench.tracer.start_span("warm");
    set_w4(span, bench.pool, 0);
  }
}

void pace(TracerProvider& provider, std::uint64_t queued_max) {
  for (int tries = 0; ring_fill() > ring_bytes() / 4 * 3; ++tries) {
    if (tries < 64) {
      sched_yield();
    } else {
      sleep_seconds(20e-6);
    }
  }
  thread_local unsigned calls = 0;
  if (++calls % 128 != 0) return;
  while (provider.ledger().queued > queued_max) sleep_seconds(100e-6);
}

std::uint64_t ring_bytes() { return detail::thread_locals().state->ring->size; }

std::uint64_t ring_written() { return detail::thread_locals().state->ring->tail.load(std::memory_order_relaxed); }

bool reads_ticks() { return detail::thread_locals().state->clock.load(std::memory_order_acquire) != nullptr; }

std::uint64_t ring_fill() {
  const detail::Ring* ring = detail::thread_locals().state->ring;
  return ring->tail.load(std::memory_order_relaxed) - ring->head.load(std::memory_order_relaxed);
}

}  // namespace nanospan::bench
