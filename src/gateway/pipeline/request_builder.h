// RequestBuilder: an export request put together from pieces of others, on bytes: nothing is unpacked, every length is
// written once and exact.
//
//   request  = 0A len ResourceSpans, repeated
//   resource = 0A len Resource | 12 len ScopeSpans, repeated | 1A len schema_url | what newer senders add
//   scope    = 0A len Scope    | 12 len Span, repeated       | 1A len schema_url | what newer senders add
//
// A resource is gathered as ranges of the old bytes, and written when it is complete and all its lengths are known.
// Fields are copied as they are and in the order in which they are added. A scope or resource that got no span goes
// (OTLP: senders should not emit empty envelopes). One thread at a time; buffers are reused from one use to the next.
// What is added must stay until end_resource().
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gateway/pipeline/batch.h"
#include "net/byte_block.h"
#include "wire/otlp_fields.h"
#include "wire/reader.h"

namespace nanospan::gateway {

class RequestBuilder {
 public:
  void begin_resource();
  void begin_scope();
  /// A field of the resource or scope that was begun last, tag and length included.
  void add(std::string_view field) {
    size_ += field.size();
    // What lies side by side is copied at once.
    if (Piece& last = pieces_.back(); last.bytes.data() + last.bytes.size() == field.data() && !last.bytes.empty()) {
      last.bytes = {last.bytes.data(), last.bytes.size() + field.size()};
    } else {
      pieces_.push_back({field, 0});
    }
  }
  void add_span(std::string_view field) {
    add(field);
    ++spans_;
  }
  void end_scope();
  /// Appends the resource to `out`, which grows, and adds to `counts`. False, and nothing changed, if memory ran out.
  bool end_resource(net::ByteBlock& out, SpanCounts& counts);

 private:
  /// Bytes that stay together; or, where they are empty, the place of a scope's header.
  struct Piece {
    std::string_view bytes;
    std::size_t scope_size = 0;
  };

  std::vector<Piece> pieces_;
  std::size_t size_ = 0;           // of the message being put together: the scope, or the resource outside of one
  std::size_t resource_size_ = 0;  // while in a scope: of the resource without it
  std::size_t scope_piece_ = 0;
  std::uint64_t spans_ = 0;  // in this scope
  SpanCounts counts_;        // in this resource
};

/// Makes `out` as large as it must be for `bytes` more, and some more than that, so that many small appends are few
/// moves. False if memory ran out.
bool grow_for(net::ByteBlock& out, std::size_t bytes);

/// Appends to `out` what of `request` (validated) `keep(wire::Reader span)` says true to, and adds to `counts`. Every
/// span is asked about once, in order. False if memory ran out.
template <class Keep>
bool filter_spans(RequestBuilder& builder, std::string_view request, Keep&& keep, net::ByteBlock& out,
                  SpanCounts& counts) {
  namespace otlp = wire::otlp;
  for (wire::Reader top(request); top.next();) {
    if (!top.is(otlp::ExportTraceServiceRequest::kResourceSpans, wire::WireType::kBytes)) continue;
    builder.begin_resource();
    for (wire::Reader resource = top.message(); resource.next();) {
      if (!resource.is(otlp::ResourceSpans::kScopeSpans, wire::WireType::kBytes)) {
        builder.add(resource.raw_field());
        continue;
      }
      builder.begin_scope();
      for (wire::Reader scope = resource.message(); scope.next();) {
        if (!scope.is(otlp::ScopeSpans::kSpans, wire::WireType::kBytes)) {
          builder.add(scope.raw_field());
        } else if (keep(scope.message())) {
          builder.add_span(scope.raw_field());
        }
      }
      builder.end_scope();
    }
    if (!builder.end_resource(out, counts)) return false;
  }
  return true;
}

}  // namespace nanospan::gateway
