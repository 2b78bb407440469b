// Keeps finished spans as plain data, for tests of users. Thread-safe: everything is under the mutex of InMemorySpans.
#include <utility>

#include <nanospan/exporters.h>

namespace nanospan {
inline namespace v0 {

/// Outside of any anonymous namespace: InMemorySpans calls it a friend.
class InMemoryExporter final : public SpanExporter {
 public:
  explicit InMemoryExporter(std::shared_ptr<InMemorySpans> spans) : spans_(std::move(spans)) {}

  ExportResult export_spans(const SpanBatch& batch) override {
    const std::lock_guard<std::mutex> lock(spans_->mutex_);
    if (stopped_) return ExportResult::failed(DropReason::kShutdown);
    batch.for_each([this](const SpanView& span) { spans_->spans_.push_back(record(span)); });
    return {};
  }
  void shutdown(std::uint64_t timeout_ms) override {
    static_cast<void>(timeout_ms);
    const std::lock_guard<std::mutex> lock(spans_->mutex_);
    stopped_ = true;
  }

 private:
  static SpanRecord record(const SpanView& span) {
    SpanRecord record;
    record.name = span.name();
    record.context = span.context();
    record.parent = span.parent();
    record.kind = span.kind();
    record.start_unix_nanos = span.start_unix_nanos();
    record.end_unix_nanos = span.end_unix_nanos();
    record.status = span.status();
    record.status_description = span.status_description();
    record.scope_name = span.scope().name;
    for (const AttributeView& attribute : span.attributes()) {
      record.attributes.emplace_back(attribute.key, attribute.value.to_text());
    }
    span.for_each_event([&record](const EventView& event) { record.event_names.emplace_back(event.name); });
    span.for_each_link([&record](const LinkView& link) { record.links.push_back(link.context); });
    return record;
  }

  const std::shared_ptr<InMemorySpans> spans_;
  bool stopped_ = false;
};

std::vector<SpanRecord> InMemorySpans::take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(spans_, {});
}

std::size_t InMemorySpans::size() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return spans_.size();
}

std::unique_ptr<SpanExporter> in_memory_exporter(std::shared_ptr<InMemorySpans> spans) {
  if (spans == nullptr) return nullptr;
  return std::make_unique<InMemoryExporter>(std::move(spans));
}

}  // namespace v0
}  // namespace nanospan
