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
#include "sdk/runtime/timeouts.h"
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
    const base::Deadline deadline = deadline_of(timeout_ms, base::system_clock());
    const SuppressTracing suppress;
    if (shutdown_claimed_.load()) return FlushResult::kFailure;
    if (!enter(deadline)) return FlushResult::kTimeout;
    FlushResult result = FlushResult::kFailure;
    try {
      result = exporter_->flush(milliseconds_left(deadline, base::system_clock()));
    } catch (...) {
      report("exporter", "an exporter's flush threw");
    }
    leave();
    return result;
  }

  // Waits for an export under way no longer than its deadline; then whoever is inside shuts the exporter down as he
  // leaves it, as no two of its calls may overlap.
  FlushResult shutdown(std::uint64_t timeout_ms) override {
    if (shutdown_claimed_.exchange(true)) return FlushResult::kFailure;
    const base::Deadline deadline = deadline_of(timeout_ms, base::system_clock());
    const SuppressTracing suppress;
    const bool idle = enter(deadline);
    {
      const std::lock_guard lock(turn_);
      shut_down_by_ = deadline;
      shut_down_ = true;
      turn_.notify_all();
      if (!idle && busy_) return FlushResult::kTimeout;
      busy_ = true;
    }
    leave();
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
    base::Deadline deadline;
    {
      const std::lock_guard lock(turn_);
      if (!shut_down_) {
        busy_ = false;
        turn_.notify_all();
        return;
      }
      deadline = shut_down_by_;  // and it stays busy: nobody enters any more
    }
    try {
      exporter_->shutdown(milliseconds_left(deadline, base::system_clock()));
    } catch (...) {
      report("exporter", "an exporter's shutdown threw");
    }
  }

  std::unique_ptr<SpanExporter> exporter_;
  std::atomic<bool> shutdown_claimed_{false};
  Notifier turn_;
  bool busy_ = false;            // guarded by turn_
  bool shut_down_ = false;       // guarded by turn_
  base::Deadline shut_down_by_;  // guarded by turn_
};

}  // namespace
}  // namespace sdk

inline namespace v0 {

std::shared_ptr<SpanProcessor> simple_processor(std::unique_ptr<SpanExporter> exporter) {
  return std::make_shared<sdk::SimpleProcessor>(std::move(exporter));
}

}  // namespace v0
}  // namespace nanospan
