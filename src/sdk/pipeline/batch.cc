// Spans are kept in the order in which they came, and put under their resources and scopes when the batch is sealed.
// Threads: see the header.
#include "sdk/pipeline/batch.h"

#include <algorithm>

#include "wire/otlp_fields.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nanospan::sdk {
namespace otlp = wire::otlp;

std::vector<std::uint8_t> field_of(const SpanView& span) {
  std::vector<std::uint8_t> field(wire::bytes_field_size(otlp::ScopeSpans::kSpans, span.bytes().size()));
  wire::put_bytes_field(field.data(), otlp::ScopeSpans::kSpans, as_text(span.bytes()));
  return field;
}

void Batch::for_each(const std::function<void(const SpanView&)>& visit) const {
  for (const Group& group : groups_) {
    wire::Reader fields(as_text(Bytes(spans_).subspan(group.offset, group.size)));
    while (fields.next()) {
      const std::string_view span = fields.bytes();
      visit(group.tracer->view({reinterpret_cast<const std::uint8_t*>(span.data()), span.size()}, true));
    }
  }
}

void BatchBuilder::add(const TracerRecord& tracer, Bytes field) {
  if (spans_.capacity() == 0) spans_.reserve(last_size_);
  // All or nothing where memory is refused: room for the run before the bytes, and nothing can fail after them.
  const bool begins_run = runs_.empty() || runs_.back().tracer != &tracer;
  if (begins_run && runs_.size() == runs_.capacity()) runs_.reserve(2 * runs_.size() + 4);
  const std::size_t offset = spans_.size();
  spans_.insert(spans_.end(), field.begin(), field.end());
  if (begins_run) runs_.push_back({&tracer, offset, 0});
  runs_.back().size += field.size();
  ++span_count_;
}

void BatchBuilder::clear() {
  span_count_ = 0;
  spans_.clear();
  runs_.clear();
}

// Brings all runs of a tracer together, and all tracers of a provider, in order of first appearance.
void BatchBuilder::regroup() {
  if (runs_.size() == 1) return;
  std::vector<Batch::Group> groups;
  std::vector<const ProviderCore*> providers;
  for (const Batch::Group& run : runs_) {
    const auto same = [&](const Batch::Group& group) { return group.tracer == run.tracer; };
    const auto found = std::find_if(groups.begin(), groups.end(), same);
    if (found != groups.end()) {
      found->size += run.size;
    } else {
      groups.push_back({run.tracer, 0, run.size});
    }
    if (std::find(providers.begin(), providers.end(), run.tracer->provider) == providers.end()) {
      providers.push_back(run.tracer->provider);
    }
  }
  const auto rank = [&](const Batch::Group& group) {
    return std::find(providers.begin(), providers.end(), group.tracer->provider) - providers.begin();
  };
  std::stable_sort(groups.begin(), groups.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  std::vector<std::uint8_t> ordered;
  ordered.reserve(spans_.size());
  for (Batch::Group& group : groups) {
    group.offset = ordered.size();
    for (const Batch::Group& run : runs_) {
      if (run.tracer != group.tracer) continue;
      const auto from = spans_.begin() + static_cast<std::ptrdiff_t>(run.offset);
      ordered.insert(ordered.end(), from, from + static_cast<std::ptrdiff_t>(run.size));
    }
  }
  spans_ = std::move(ordered);
  runs_ = std::move(groups);
}

std::shared_ptr<const Batch> BatchBuilder::seal(std::uint64_t sequence) {
  regroup();
  auto batch = std::make_shared<Batch>();
  batch->sequence_ = sequence;
  batch->span_count_ = span_count_;
  last_size_ = spans_.size() + spans_.size() / 8;
  batch->spans_ = std::move(spans_);
  batch->groups_ = std::move(runs_);
  clear();

  // Headers first, so that the string does not move under the slices.
  struct Piece {
    std::size_t header_end;
    const Batch::Group* group;
  };
  std::vector<Piece> pieces;
  wire::Appender headers(batch->headers_);
  const std::vector<Batch::Group>& groups = batch->groups_;
  for (std::size_t first = 0; first < groups.size();) {
    const ProviderCore* provider = groups[first].tracer->provider;
    std::size_t last = first;
    std::size_t resource_size = provider->resource_fields.size();
    for (; last < groups.size() && groups[last].tracer->provider == provider; ++last) {
      resource_size += wire::bytes_field_size(otlp::ResourceSpans::kScopeSpans,
                                              groups[last].tracer->scope_fields.size() + groups[last].size);
    }
    headers.message_header(otlp::ExportTraceServiceRequest::kResourceSpans, resource_size);
    headers.raw(provider->resource_fields);
    for (; first < last; ++first) {
      const std::string& scope_fields = groups[first].tracer->scope_fields;
      headers.message_header(otlp::ResourceSpans::kScopeSpans, scope_fields.size() + groups[first].size);
      headers.raw(scope_fields);
      pieces.push_back({batch->headers_.size(), &groups[first]});
    }
  }
  std::size_t from = 0;
  const auto* text = reinterpret_cast<const std::uint8_t*>(batch->headers_.data());
  for (const Piece& piece : pieces) {
    batch->slices_.push_back({text + from, piece.header_end - from});
    batch->slices_.push_back(Bytes(batch->spans_).subspan(piece.group->offset, piece.group->size));
    from = piece.header_end;
  }
  batch->size_bytes_ = batch->headers_.size() + batch->spans_.size();
  return batch;
}

}  // namespace nanospan::sdk
