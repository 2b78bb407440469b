// RequestBuilder: an export request put together from pieces of others, on bytes: nothing is unpacked, every length is
// written once and exact.
//
//   request  = 0A len ResourceSpans, repeated
//   resource = 0A len Resource | 12 len ScopeSpans, repeated | 1A len schema_url | what newer senders add
//   scope    = 0A len Scope    | 12 len item, repeated       | 1A len schema_url | what newer senders add
//
// An item is a span, a metric or a log record: requests of the three signals have one shape (request_splitter.cc).
// A resource is gathered as ranges of the old bytes, and written when it is complete and all its lengths are known.
// Fields are copied as they are and in the order in which they are added. A scope or resource that got no item goes
// (OTLP: senders should not emit empty envelopes). One thread at a time; buffers are reused from one use to the next.
// What is added must stay until end_resource(), but for new items, which are copied.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
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
  /// An item, which holds `items` of what is counted: a metric its points, others themselves.
  void add_item(std::string_view field, std::uint64_t items = 1) {
    add(field);
    items_ += items;
    has_items_ = true;
  }
  /// One that takes the place of another: its content, without tag and length.
  void add_new_item(std::string_view content, std::uint64_t items = 1);
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
  std::deque<std::string> new_items_;  // of this resource
  std::size_t size_ = 0;               // of the message being put together: the scope, or the resource outside of one
  std::size_t resource_size_ = 0;      // while in a scope: of the resource without it
  std::size_t scope_piece_ = 0;
  std::uint64_t items_ = 0;  // in this scope
  bool has_items_ = false;   // a metric without points is one, too
  SpanCounts counts_;        // in this resource
};

/// Makes `out` as large as it must be for `bytes` more, and some more than that, so that many small appends are few
/// moves. False if memory ran out.
bool grow_for(net::ByteBlock& out, std::size_t bytes);

/// Writes `request` (validated) anew to `out`, and adds to `counts`. False if memory ran out. `visitor` has
///   visit(const wire::Reader& at_item)   for each item, in order: gives `builder` the item, another, or none
/// and, if it wants to know where it is,
///   enter_resource(wire::Reader), enter_scope(wire::Reader)
template <class Visitor>
bool rewrite_items(RequestBuilder& builder, std::string_view request, Visitor& visitor, net::ByteBlock& out,
                   SpanCounts& counts) {
  namespace otlp = wire::otlp;
  for (wire::Reader top(request); top.next();) {
    if (!top.is(otlp::ExportTraceServiceRequest::kResourceSpans, wire::WireType::kBytes)) continue;
    builder.begin_resource();
    if constexpr (requires { visitor.enter_resource(top); }) visitor.enter_resource(top.message());
    for (wire::Reader resource = top.message(); resource.next();) {
      if (!resource.is(otlp::ResourceSpans::kScopeSpans, wire::WireType::kBytes)) {
        builder.add(resource.raw_field());
        continue;
      }
      builder.begin_scope();
      if constexpr (requires { visitor.enter_scope(resource); }) visitor.enter_scope(resource.message());
      for (wire::Reader scope = resource.message(); scope.next();) {
        if (scope.is(otlp::ScopeSpans::kSpans, wire::WireType::kBytes)) {
          visitor.visit(scope);
        } else {
          builder.add(scope.raw_field());
        }
      }
      builder.end_scope();
    }
    if (!builder.end_resource(out, counts)) return false;
  }
  return true;
}

/// A visitor that is a function of the item.
template <class Visit>
struct ItemVisitor {
  Visit visit;
};
template <class Visit>
ItemVisitor(Visit) -> ItemVisitor<Visit>;

}  // namespace nanospan::gateway
