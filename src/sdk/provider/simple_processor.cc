// SimpleProcessor: exports each span at its end, on the ending thread; calls to the exporter never overlap
// (trace/sdk.md "Simple processor").

#include <mutex>
#include <utility>

#include <nanospan/diagnostics.h>
#include <nanospan/span_processor.h>

#include "sdk/diagnostics.h"
#include "sdk/pipeline/batch.h"
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
    const std::lock_guard lock(mutex_);
    if (!shut_down_) exporter_->export_spans(*batch);
  }

  FlushResult flush(std::uint64_t timeout_ms) override { return exporter_->flush(timeout_ms); }

  FlushResult shutdown(std::uint64_t timeout_ms) override {
    const std::lock_guard lock(mutex_);
    if (std::exchange(shut_down_, true)) return FlushResult::kFailure;
    exporter_->shutdown(timeout_ms);
    return FlushResult::kSuccess;
  }

 private:
  std::unique_ptr<SpanExporter> exporter_;
  std::mutex mutex_;
  bool shut_down_ = false;
};

}  // namespace
}  // namespace sdk

inline namespace v0 {

std::shared_ptr<SpanProcessor> simple_processor(std::unique_ptr<SpanExporter> exporter) {
  return std::make_shared<sdk::SimpleProcessor>(std::move(exporter));
}

}  // namespace v0
}  // namespace nanospan
