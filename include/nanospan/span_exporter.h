// SpanExporter and SpanBatch: what a batch of finished spans looks like to the one who sends it.
//
// A batch is immutable OTLP bytes, in slices that together are one ExportTraceServiceRequest; SpanView reads single
// spans out of it. Source: trace/sdk.md "Span Exporter".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include <nanospan/ledger.h>
#include <nanospan/span_view.h>

namespace nanospan {
inline namespace v0 {

/// Immutable; kept alive by shared_ptr for as long as an export needs it. Safe to read from any thread.
class SpanBatch {
 public:
  virtual ~SpanBatch() = default;
  /// Spans in the batch; never 0.
  virtual std::size_t span_count() const = 0;
  /// The serialised ExportTraceServiceRequest, in order. Valid as long as the batch.
  virtual std::span<const std::span<const std::uint8_t>> slices() const = 0;
  /// Total bytes of slices().
  virtual std::size_t size_bytes() const = 0;
  /// Calls `visit` for each span, in the order of slices().
  virtual void for_each(const std::function<void(const SpanView&)>& visit) const = 0;
};

/// How a flush or shutdown ended. Source: trace/sdk.md "ForceFlush": success, failure or timeout.
enum class FlushResult : std::uint8_t {
  kSuccess,  ///< What ended before is exported, or nothing was there.
  kFailure,  ///< Something was lost, or it is shut down already.
  kTimeout,  ///< The time was up first; what is under way goes on where it can.
};

/// What became of a batch. On failure the whole batch counts as dropped by `reason`; on success `rejected` of its spans
/// do.
struct ExportResult {
  bool success = true;
  std::uint64_t rejected = 0;
  DropReason reason = DropReason::kExportFailed;

  static ExportResult failed(DropReason why = DropReason::kExportFailed) { return {false, 0, why}; }
};

/// An exporter of the user. No two calls ever overlap. Under a batch processor they all run on a worker thread of its
/// own, so they may block; under a simple processor on the thread that ends, flushes or shuts down. What it throws is
/// caught and counts as failure.
class SpanExporter {
 public:
  virtual ~SpanExporter() = default;
  /// Delivers the batch, which is valid during the call, and says what became of it; nobody retries. Under a batch
  /// processor the batch counts as dropped (kExportTimeout) if this takes longer than export_timeout_ms.
  virtual ExportResult export_spans(const SpanBatch& batch) = 0;
  /// Asks for spans that the exporter buffers itself to be sent within `timeout_ms` (0 = no limit), the caller's.
  virtual FlushResult flush(std::uint64_t timeout_ms) {
    (void)timeout_ms;
    return FlushResult::kSuccess;
  }
  /// The last call, and made once. Must not wait longer than `timeout_ms` (0 = no limit): who shuts down does not.
  virtual void shutdown(std::uint64_t timeout_ms) { (void)timeout_ms; }
};

}  // namespace v0
}  // namespace nanospan
