// Resuming in the middle of a scope. Threads: see the header.
#include "gateway/processors/batch/request_splitter.h"

#include <algorithm>

namespace nanospan::gateway {
namespace {

namespace otlp = wire::otlp;
using wire::WireType;

/// All fields of `message` but those called `repeated`.
void gather_others(wire::Reader message, std::uint32_t repeated, std::vector<std::string_view>& out) {
  out.clear();
  while (message.next()) {
    if (!message.is(repeated, WireType::kBytes)) out.push_back(message.raw_field());
  }
}

std::uint64_t size_of_others(wire::Reader message, std::uint32_t repeated) {
  std::uint64_t size = 0;
  while (message.next()) {
    if (!message.is(repeated, WireType::kBytes)) size += message.raw_field().size();
  }
  return size;
}

}  // namespace

std::uint64_t RequestSplitter::largest_envelope(std::string_view request) {
  std::uint64_t largest = 0;
  for (wire::Reader top(request); top.next();) {
    if (!top.is(otlp::ExportTraceServiceRequest::kResourceSpans, WireType::kBytes)) continue;
    const std::uint64_t of_resource = size_of_others(top.message(), otlp::ResourceSpans::kScopeSpans);
    std::uint64_t of_scopes = 0;
    for (wire::Reader resource = top.message(); resource.next();) {
      if (!resource.is(otlp::ResourceSpans::kScopeSpans, WireType::kBytes)) continue;
      of_scopes = std::max(of_scopes, size_of_others(resource.message(), otlp::ScopeSpans::kSpans));
    }
    largest = std::max(largest, of_resource + of_scopes);
  }
  return largest;
}

/// Steps to the next scope; at the end of a resource, writes it and steps into the next.
bool RequestSplitter::next_scope(net::ByteBlock& out, SpanCounts& counts, bool& failed) {
  for (;;) {
    while (resource_.next()) {
      if (!resource_.is(otlp::ResourceSpans::kScopeSpans, WireType::kBytes)) continue;
      scope_ = resource_.message();
      gather_others(scope_, otlp::ScopeSpans::kSpans, scope_fields_);
      return true;
    }
    if (in_resource_ && !builder_.end_resource(out, counts)) failed = true;
    in_resource_ = false;
    do {
      if (failed || !top_.next()) return false;
    } while (!top_.is(otlp::ExportTraceServiceRequest::kResourceSpans, WireType::kBytes));
    resource_ = top_.message();
    gather_others(resource_, otlp::ResourceSpans::kScopeSpans, resource_fields_);
  }
}

bool RequestSplitter::take(std::uint64_t spans_max, net::ByteBlock& out, SpanCounts& counts) {
  bool failed = false;
  std::uint64_t left = spans_max;
  do {
    if (!in_resource_) {
      builder_.begin_resource();
      for (const std::string_view field : resource_fields_) builder_.add(field);
      in_resource_ = true;
    }
    builder_.begin_scope();
    for (const std::string_view field : scope_fields_) builder_.add(field);
    while (left != 0 && scope_.next()) {
      if (!scope_.is(otlp::ScopeSpans::kSpans, WireType::kBytes)) continue;
      builder_.add_span(scope_.raw_field());
      --left;
    }
    builder_.end_scope();
  } while (left != 0 && next_scope(out, counts, failed));
  if (in_resource_ && !builder_.end_resource(out, counts)) failed = true;
  in_resource_ = false;
  return !failed;
}

}  // namespace nanospan::gateway
