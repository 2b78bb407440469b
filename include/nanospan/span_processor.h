// SpanProcessor: hooks on the start and end of recording spans; the batch pipeline and the simple processor.
//
// Processors are called in the order in which the provider has them, on the thread that starts or ends the span, and
// must be thread-safe and quick. What a user's processor throws is caught and reported. Spans that only record (not
// sampled) reach processors, never exporters. Source: trace/sdk.md "Span Processor".
#pragma once

#include <cstdint>
#include <memory>

#include <nanospan/context.h>
#include <nanospan/ledger.h>
#include <nanospan/span.h>
#include <nanospan/span_exporter.h>
#include <nanospan/span_view.h>

namespace nanospan {
inline namespace v0 {

class SpanProcessor {
 public:
  virtual ~SpanProcessor() = default;
  /// A recording span has started. To keep `span` and use it later, from any thread, copy it: that promotes the span to
  /// shared mode.
  virtual void on_start(SpanRef& span, const Context& parent) {
    (void)span;
    (void)parent;
  }
  /// The end time is set; the span may still be changed, from here only. All on_ending calls come before any on_end.
  virtual void on_ending(SpanRef& span) { (void)span; }
  /// The span has ended. `span` is valid during the call.
  virtual void on_end(const SpanView& span) { (void)span; }
  /// Finishes work for spans that ended before the call. `timeout_ms` 0 = no limit.
  virtual FlushResult flush(std::uint64_t timeout_ms) {
    (void)timeout_ms;
    return FlushResult::kSuccess;
  }
  /// Called once, when the provider shuts down; includes the effects of flush.
  virtual FlushResult shutdown(std::uint64_t timeout_ms) {
    (void)timeout_ms;
    return FlushResult::kSuccess;
  }
};

/// When and how much to export. The defaults are the specification's (trace/sdk.md "Batching processor"). With 0 where
/// the least is 1 nothing could be exported: start() and TracerProvider::create() refuse it with kInvalidArgument.
struct BatchOptions {
  std::uint32_t queue_spans_max = 2048;       ///< Spans waiting for the exporter; more are dropped. At least 1.
  std::uint32_t batch_spans_max = 512;        ///< Spans of one export. At least 1; above queue_spans_max, that is used.
  std::uint64_t schedule_delay_ms = 5000;     ///< Longest time a span waits before it is exported. At least 1.
  std::uint64_t export_timeout_ms = 30000;    ///< Time for one export with all its retries; 0 = no limit.
  std::uint64_t batch_bytes_max = 16U << 20;  ///< Encoded bytes of one export; a larger span is dropped. At least 1.
  std::uint64_t queue_bytes_max = 64U << 20;  ///< Encoded bytes waiting for the exporter; more are dropped. At least 1.
  std::uint32_t exports_in_flight_max = 4;    ///< Exports under way at once, where the exporter can. At least 1.

  /// Small batches, sent at once: for a receiver on the same machine.
  static BatchOptions low_latency() {
    BatchOptions options;
    options.queue_spans_max = 1024;
    options.batch_spans_max = 128;
    options.schedule_delay_ms = 2;
    return options;
  }
  /// Large batches: least CPU a span.
  static BatchOptions high_throughput() {
    BatchOptions options;
    options.queue_spans_max = 8192;
    options.batch_spans_max = 2048;
    options.schedule_delay_ms = 10000;
    return options;
  }
  /// Small queue: least memory.
  static BatchOptions low_memory() {
    BatchOptions options;
    options.queue_spans_max = 512;
    options.batch_spans_max = 128;
    options.schedule_delay_ms = 1000;
    return options;
  }
};

/// Exports in batches from a background thread; ending a span never blocks. Its own on_end accepts a view too, so that
/// a processor of the user may filter and pass on. Without an exporter, or with options out of range, no provider takes
/// it; where none checks it, inside another processor, it says so and drops every span as kShutdown.
std::shared_ptr<SpanProcessor> batch_processor(std::unique_ptr<SpanExporter> exporter, BatchOptions options = {});

/// Exports each sampled span at its end, on the ending thread, one at a time. For tests and debugging. Without an
/// exporter it is treated as a batch processor is.
std::shared_ptr<SpanProcessor> simple_processor(std::unique_ptr<SpanExporter> exporter);

/// The ledger of a batch or simple processor; an empty one for others.
Ledger ledger_of(const SpanProcessor& processor);

}  // namespace v0
}  // namespace nanospan
