// RequestSplitter: one request cut into several, each with at most so many spans and the envelopes (resource, scope)
// that they need. One pass over the bytes, however many parts. One thread; the request must outlive it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gateway/pipeline/request_builder.h"

namespace nanospan::gateway {

class RequestSplitter {
 public:
  /// `request` is validated.
  explicit RequestSplitter(std::string_view request)
      : top_(request), resource_(request.substr(0, 0)), scope_(resource_) {}

  /// Appends the next spans, at most `spans_max`, to `out` as a request. False if memory ran out.
  bool take(std::uint64_t spans_max, net::ByteBlock& out, SpanCounts& counts);

  /// Bytes of the largest envelope in `request`: what another part in the middle of it may repeat.
  static std::uint64_t largest_envelope(std::string_view request);

 private:
  bool next_scope(net::ByteBlock& out, SpanCounts& counts, bool& failed);

  wire::Reader top_, resource_, scope_;
  std::vector<std::string_view> resource_fields_;  // all but its scopes
  std::vector<std::string_view> scope_fields_;     // all but its spans
  bool in_resource_ = false;                       // the builder has begun one
  RequestBuilder builder_;
};

}  // namespace nanospan::gateway
