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

/// Prints why and exits with 1: a benchmark that cannot be set up has no figures.
[[noreturn]] void fail(const std::string& why);

/// Counts and forgets, on the export thread: what is measured with it carries the mark "in-process".
std::unique_ptr<SpanExporter> counting_exporter();

/// The specification's defaults, but a queue that holds any burst of the benchmarks.
BatchOptions roomy_batches();

/// A provider with one batch processor, and a sampled root span that is current on the constructing thread.
class Pipeline {
 public:
  /// Starts the export thread on `export_processor`, then pins the calling thread to `producer_processor`, and warms
  /// up: the clock is calibrated and this thread's ring has its full size.
  Pipeline(std::unique_ptr<SpanExporter> exporter, const BatchOptions& batches, int producer_processor,
           int export_processor);
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

/// Bytes that wait in the calling thread's ring, and its size.
std::uint64_t ring_fill();
std::uint64_t ring_bytes();
/// Bytes that the calling thread has ever written to its ring: the frames of its spans.
std::uint64_t ring_written();

/// Whether spans of this thread read the cycle counter, once warm_up() is over; else they read the vDSO.
bool reads_ticks();

}  // namespace nanospan::bench
