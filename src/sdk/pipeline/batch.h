// A batch of finished spans as OTLP bytes, being filled and sealed.
//
//   sealed   0A len ResourceSpans { 0A len Resource  1A schema_url
//                                   12 len ScopeSpans { 0A len Scope  1A schema_url  12 len Span ... } ... } ...
//
// Tags and lengths, Resource and Scope are the batch's headers; the runs of `12 len Span` are as the rings gave them.
// Filling only appends bytes; sealing computes the exact lengths. Spans of one tracer are contiguous in the sealed
// form; if several tracers mixed, sealing regroups them. Filled and sealed on the export thread; immutable and
// thread-safe afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nanospan/span_exporter.h>

#include "sdk/trace/record.h"
#include "sdk/view/field_reader.h"

namespace nanospan::sdk {

/// `12 len Span` of a view's span.
std::vector<std::uint8_t> field_of(const SpanView& span);

class Batch final : public SpanBatch {
 public:
  std::size_t span_count() const override { return span_count_; }
  std::span<const Bytes> slices() const override { return slices_; }
  std::size_t size_bytes() const override { return size_bytes_; }
  void for_each(const std::function<void(const SpanView&)>& visit) const override;

  /// In order of sealing within its pipeline.
  std::uint64_t sequence() const { return sequence_; }
  /// Bytes of the spans alone.
  std::size_t span_bytes() const { return spans_.size(); }

 private:
  friend class BatchBuilder;

  struct Group {
    const TracerRecord* tracer;
    std::size_t offset;  // in spans_
    std::size_t size;
  };

  std::uint64_t sequence_ = 0;
  std::size_t span_count_ = 0;
  std::size_t size_bytes_ = 0;
  std::vector<std::uint8_t> spans_;
  std::vector<Group> groups_;
  std::string headers_;
  std::vector<Bytes> slices_;
};

class BatchBuilder {
 public:
  /// Adds one span: `field` is `12 len Span`. Where memory is refused nothing has changed.
  void add(const TracerRecord& tracer, Bytes field);
  std::size_t span_count() const { return span_count_; }
  std::size_t size_bytes() const { return spans_.size(); }
  bool empty() const { return span_count_ == 0; }

  /// The batch, sealed; the builder is empty again and keeps no memory of it. REQUIRES: !empty().
  std::shared_ptr<const Batch> seal(std::uint64_t sequence);
  /// Forgets what it has; for a forked child.
  void clear();

 private:
  void regroup();

  std::size_t span_count_ = 0;
  std::vector<std::uint8_t> spans_;
  std::vector<Batch::Group> runs_;
  std::size_t last_size_ = 0;  // of the batch before: room to reserve
};

}  // namespace nanospan::sdk
