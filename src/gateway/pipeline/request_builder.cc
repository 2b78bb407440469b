// The bookkeeping of lengths, and the writing of a resource that is complete. Threads: see the header.
#include "gateway/pipeline/request_builder.h"

#include <algorithm>

#include "wire/writer.h"

namespace nanospan::gateway {
namespace {

namespace otlp = wire::otlp;

void put_header(net::ByteBlock& out, std::uint32_t field, std::size_t size) {
  auto* const at = reinterpret_cast<std::uint8_t*>(out.tail());
  out.wrote(static_cast<std::size_t>(wire::put_message_header(at, field, size) - at));
}

}  // namespace

bool grow_for(net::ByteBlock& out, std::size_t bytes) {
  const std::size_t needed = out.size() + bytes;
  return needed <= out.capacity() || out.reserve(std::max(needed, out.capacity() + out.capacity() / 2)) ||
         out.reserve(needed);
}

void RequestBuilder::begin_resource() {
  pieces_.assign(1, {});
  new_items_.clear();
  size_ = 0;
  counts_ = {1, 0, 0};
}

void RequestBuilder::begin_scope() {
  resource_size_ = size_;
  size_ = 0;
  items_ = 0;
  has_items_ = false;
  scope_piece_ = pieces_.size();
  pieces_.emplace_back();
}

void RequestBuilder::add_new_item(std::string_view content, std::uint64_t items) {
  std::string& field = new_items_.emplace_back();
  wire::Appender(field).bytes_field(otlp::ScopeSpans::kSpans, content);
  add_item(field, items);
}

void RequestBuilder::end_scope() {
  if (!has_items_) {
    pieces_.resize(scope_piece_);
    size_ = resource_size_;
    return;
  }
  pieces_[scope_piece_].scope_size = size_;
  size_ = resource_size_ + wire::bytes_field_size(otlp::ResourceSpans::kScopeSpans, size_);
  ++counts_.scopes;
  counts_.spans += items_;
}

bool RequestBuilder::end_resource(net::ByteBlock& out, SpanCounts& counts) {
  if (counts_.scopes == 0) return true;
  if (!grow_for(out, wire::bytes_field_size(otlp::ExportTraceServiceRequest::kResourceSpans, size_))) return false;
  put_header(out, otlp::ExportTraceServiceRequest::kResourceSpans, size_);
  for (const Piece& piece : pieces_) {
    if (piece.scope_size != 0) put_header(out, otlp::ResourceSpans::kScopeSpans, piece.scope_size);
    out.append(piece.bytes);
  }
  counts.resources += counts_.resources;
  counts.scopes += counts_.scopes;
  counts.spans += counts_.spans;
  return true;
}

}  // namespace nanospan::gateway
