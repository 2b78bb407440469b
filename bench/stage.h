// The stage of a benchmark: pinned threads, clocks, a live batch pipeline, and the check that nothing was lost. Where
// the spans go is in remote.h.
//
// Placement (2 processors are enough): the producing thread on processor 0; the export thread and the receiver on 1.
// Where a benchmark measures cost per core it puts the export thread on 0 as well and says so.
// Thread-safety: everything here is for the main thread of a benchmark.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nanospan/span_exporter.h>
#include <nanospan/span_processor.h>
#include <nanospan/tracer_provider.h>

#include "bench/workloads.h"

namespace nanospan::bench {

/// Binds the calling thread, and those it starts from now on, to one processor; -1: to all.
void pin(int processor);

/// Nanoseconds a tick of detail::read_ticks(), measured once over 50 ms.
double nanos_per_tick();
double monotonic_seconds();
double process_cpu_seconds();
double thread_cpu_seconds();
void sleep_seconds(double seconds);

/// Calls each(i) `rate` times a second, for so many seconds: in groups a millisecond apart, or singly below 1000 a
/// second.
template <class Each>
void at_rate(double rate, double seconds, Each&& each) {
  const double group = rate < 1000 ? 1 : rate / 1000;
  const double start = monotonic_seconds();
  std::uint64_t made = 0;
  for (double due = start; due < start + seconds; due += group / rate) {
    const double wait = due - monotonic_seconds();
    if (wait > 0) sleep_seconds(wait);
    for (int i = 0; i < static_cast<int>(group); ++i) each(made++);
  }
}

/// A line "name: N kB" of /proc/self/status, in KiB.
double status_kib(const std::string& name);
/// The upper one of an even number of values.
double median(std::vector<double> values);

/// Prints why and exits with 1: a benchmark that cannot be set up has no figures.
[[noreturn]] void fail(const std::string& why);
/// Fails with `problem` unless it is empty.
void require(const std::string& problem);

/// Counts and forgets, on the export thread: what is measured with it carries the mark "in-process".
std::unique_ptr<SpanExporter> counting_exporter();

/// The specification's defaults, but a queue that holds any burst of the benchmarks.
BatchOptions roomy_batches();

/// A provider with one batch processor, and a sampled root span that is current on the constructing thread.
class Pipeline {
 public:
  /// What the calling thread's ring is when the measuring begins: what a busy thread's is, or a new thread's, which
  /// grows by use. A larger ring is emptied less often, so delivery is measured with kGrowing.
  enum class Ring { kFull, kGrowing };
  /// Starts the export thread on `export_processor`, then pins the calling thread to `producer_processor`, and warms
  /// up: the clock is calibrated, and the ring is as wanted.
  Pipeline(std::unique_ptr<SpanExporter> exporter, const BatchOptions& batches, int producer_processor,
           int export_processor, Ring ring = Ring::kFull);
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;
  ~Pipeline();

  Bench& bench() { return bench_; }
  const Span& root() const { return root_; }
  TracerProvider& provider() { return provider_; }

  /// Waits until the ring of this thread is empty and the queue far from full, so that no span is lost. Spins: a
  /// processor that went to sleep starts the next burst with cold caches, which is not what a busy service sees.
  void settle();

  /// Flushes and returns what is wrong with the ledger: nothing if it balances and nothing was dropped.
  std::string check();

 private:
  TracerProvider provider_;
  Bench bench_;
  Span root_;
  Scope scope_;
};

/// Brings the calling thread to the steady state: calibrated clock, ring of full size.
void warm_up(Bench& bench);
/// Only the clock.
void calibrate_clock(Bench& bench);

/// The application's own pacing, so that nothing is lost: waits while the calling thread's ring is three quarters full,
/// and, looked at in one of 128 calls, while more than `queued_max` spans wait for the exporter.
void pace(TracerProvider& provider, std::uint64_t queued_max);

/// Bytes that wait in the calling thread's ring, and its size.
std::uint64_t ring_fill();
std::uint64_t ring_bytes();
/// Bytes that the calling thread has ever written to its ring: the frames of its spans.
std::uint64_t ring_written();

/// Whether spans of this thread read the cycle counter, once warm_up() is over; else they read the vDSO.
bool reads_ticks();

}  // namespace nanospan::bench
