// An exporter that keeps what it got, as plain data, for tests of the pipeline.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <nanospan/span_exporter.h>

namespace nanospan::testing {

struct CollectedSpan {
  std::string name;
  SpanContext context;
  SpanContext parent;
  SpanKind kind;
  std::uint64_t start = 0, end = 0;
  StatusCode status;
  std::string status_description;
  std::map<std::string, std::string> attributes;
  std::size_t attribute_count = 0;  // on the wire, duplicates included
  std::vector<std::string> events;
  std::vector<std::uint64_t> event_times;
  std::vector<std::map<std::string, std::string>> event_attributes;
  std::vector<std::uint32_t> event_dropped_attributes;
  std::vector<SpanContext> links;
  std::uint32_t dropped_attributes = 0, dropped_events = 0, dropped_links = 0;
  std::string scope;
  std::size_t size_bytes = 0;
};

inline CollectedSpan collect(const SpanView& view) {
  CollectedSpan span{.name = std::string(view.name()),
                     .context = view.context(),
                     .parent = view.parent(),
                     .kind = view.kind(),
                     .start = view.start_unix_nanos(),
                     .end = view.end_unix_nanos(),
                     .status = view.status(),
                     .status_description = std::string(view.status_description()),
                     .attributes = {},
                     .events = {},
                     .event_times = {},
                     .event_attributes = {},
                     .event_dropped_attributes = {},
                     .links = {},
                     .dropped_attributes = view.dropped_attributes_count(),
                     .dropped_events = view.dropped_events_count(),
                     .dropped_links = view.dropped_links_count(),
                     .scope = std::string(view.scope().name),
                     .size_bytes = view.bytes().size()};
  for (const AttributeView& attribute : view.attributes()) {
    span.attributes[std::string(attribute.key)] = attribute.value.to_text();
    ++span.attribute_count;
  }
  view.for_each_event([&](const EventView& event) {
    span.events.emplace_back(event.name);
    span.event_times.push_back(event.unix_nanos);
    span.event_dropped_attributes.push_back(event.dropped_attributes_count);
    auto& attributes = span.event_attributes.emplace_back();
    for (const AttributeView& attribute : event.attributes)
      attributes[std::string(attribute.key)] = attribute.value.to_text();
  });
  view.for_each_link([&](const LinkView& link) { span.links.push_back(link.context); });
  return span;
}

/// Shared by a test and the exporter made of it.
class Collected {
 public:
  std::vector<CollectedSpan> spans() const {
    const std::lock_guard lock(mutex_);
    return spans_;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return spans_.size();
  }
  std::vector<std::size_t> batch_sizes() const {
    const std::lock_guard lock(mutex_);
    return batch_sizes_;
  }
  std::string bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }
  void add(const SpanBatch& batch) {
    const std::lock_guard lock(mutex_);
    batch_sizes_.push_back(batch.span_count());
    for (const auto slice : batch.slices()) bytes_.append(reinterpret_cast<const char*>(slice.data()), slice.size());
    if (keep_spans) batch.for_each([&](const SpanView& view) { spans_.push_back(collect(view)); });
  }

  bool keep_spans = true;
  ExportResult answer{};

 private:
  mutable std::mutex mutex_;
  std::vector<CollectedSpan> spans_;
  std::vector<std::size_t> batch_sizes_;
  std::string bytes_;
};

class CollectingExporter final : public SpanExporter {
 public:
  explicit CollectingExporter(std::shared_ptr<Collected> collected) : collected_(std::move(collected)) {}
  ExportResult export_spans(const SpanBatch& batch) override {
    collected_->add(batch);
    return collected_->answer;
  }

 private:
  std::shared_ptr<Collected> collected_;
};

}  // namespace nanospan::testing
