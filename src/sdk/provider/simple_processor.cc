// SimpleProcessor: exports each span at its end, on the ending thread; calls to the exporter never overlap
// (trace/sdk.md "Simple processor").

#include <atomic>
#include <mutex>
#include <utility>

#include <nanospan/diagnostics.h>
#include <nanospan/span_processor.h>

#include "base/time.h"
#include "sdk/diagnostics.h"
#include "sdk/pipeline/batch.h"
#include "sdk/runtime/notifier.h"
#include "sdk/trace/record.h"
#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan {
namespace sdk {
namespace {

class SimpleProcessor final : public SpanProcessor {
 public:
  explicit SimpleProcessor(std::unique_ptr<SpanExporter> exporter) : exporter_(std::move(exporter)) {}

  void on_end(const SpanView& span) override {
    if (!span.context().is_sampled()) return;
    const TracerRecord* tracer = tracer_of(span.scope());
    if (tracer == nullptr) return;
    std::vector<std::uint8_t> field(wire::bytes_field_size(wire::otlp::ScopeSpans::kSpans, span.bytes().size()));
    wire::put_bytes_field(field.data(), wire::otlp::ScopeSpans::kSpans,
                          {reinterpret_cast<const char*>(span.bytes().data()), span.bytes().size()});
    BatchBuilder builder;
    builder.add(*tracer, field);
    const auto batch = builder.seal(1);
    const SuppressTracing suppress;
    if (!enter(base::Deadline::never())) return;
    try {
      exporter_->export_spans(*batch);
    } catch (...) {
      report("exporter", "an exporter threw, the span is dropped");
    }
    leave();
  }

  FlushResult flush(std::uint64_t timeout_ms) override {
    const SuppressTracing suppress;
    return exporter_->flush(timeout_ms);
  }

  // Waits for an export under way no longer than its deadline.
  FlushResult shutdown(std::uint64_t timeout_ms) override {
    if (shutdown_claimed_.exchange(true)) return FlushResult::kFailure;
    const base::Deadline deadline =
        timeout_ms == 0 || timeout_ms > base::kNever / base::kNanosPerMilli
            ? base::Deadline::never()
            : base::Deadline::after(base::system_clock(), timeout_ms * base::kNanosPerMilli);
    const bool idle = enter(deadline);
    const SuppressTracing suppress;
    exporter_->shutdown(timeout_ms);
    {
      const std::lock_guard lock(turn_);
      shut_down_ = true;
      turn_.notify_all();
    }
    if (idle) leave();
    return idle ? FlushResult::kSuccess : FlushResult::kTimeout;
  }

 private:
  // Takes the exporter for this thread; false after shutdown, or at the deadline.
  bool enter(base::Deadline deadline) {
    const std::lock_guard lock(turn_);
    if (!turn_.wait(deadline, [&] { return !busy_ || shut_down_; }) || shut_down_) return false;
    busy_ = true;
    return true;
  }
  void leave() {
    const std::lock_guard lock(turn_);
    busy_ = false;
    turn_.notify_all();
  }

  std::unique_ptr<SpanExporter> exporter_;
  std::atomic<bool> shutdown_claimed_{false};
  Notifier turn_;
  bool busy_ = false;       // guarded by turn_
  bool shut_down_ = false;  // guarded by turn_
};

}  // namespace
}  // namespace sdk

inline namespace v0 {

std::shared_ptr<SpanProcessor> simple_processor(std::unique_ptr<SpanExporter> exporter) {
  return std::make_shared<sdk::SimpleProcessor>(std::move(exporter));
}

}  // namespace v0
}  // namespace nanospan
