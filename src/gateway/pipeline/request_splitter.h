// RequestSplitter: one request cut into several, each with at most so many spans (log records, data points) and the
// envelopes (resource, scope, metric) that they need. One pass over the bytes, however many parts. One thread; the
// request must outlive it.
//
// A metric with more points than there is room for is cut between them, as the Collector does (splitmetrics.go). One
// that says what it is twice (two members of its oneof), which nobody writes, stays whole.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gateway/pipeline/request_builder.h"

namespace nanospan::gateway {

class RequestSplitter {
 public:
  /// `request` is validated, and of traces, metrics or logs.
  RequestSplitter(std::string_view request, Signal signal)
      : signal_(signal), top_(request), resource_(request.substr(0, 0)), scope_(resource_), points_(resource_) {}

  /// Appends the next spans, at most `spans_max`, to `out` as a request. False if memory ran out.
  bool take(std::uint64_t spans_max, net::ByteBlock& out, SpanCounts& counts);

  /// The same by size: what of it fits into `bytes_max`, envelopes included; at least one item if `at_least_one`. A
  /// metric is not cut.
  bool take_bytes(std::uint64_t bytes_max, bool at_least_one, net::ByteBlock& out, SpanCounts& counts);

  /// Bytes of the largest envelope in `request`: what another part in the middle of it may repeat.
  static std::uint64_t largest_envelope(std::string_view request, Signal signal);

 private:
  template <class Fill>
  bool take_scopes(Fill fill, net::ByteBlock& out, SpanCounts& counts);
  std::uint64_t next_item_size() const;
  bool add_item(std::uint64_t& left);
  bool begin_metric(wire::Reader metric);
  void add_points(std::uint64_t& left);
  bool next_scope(net::ByteBlock& out, SpanCounts& counts, bool& failed);

  const Signal signal_;
  wire::Reader top_, resource_, scope_;
  std::vector<std::string_view> resource_fields_;  // all but its scopes
  std::vector<std::string_view> scope_fields_;     // all but its spans
  bool in_resource_ = false;                       // the builder has begun one

  // The metric that is being cut.
  std::uint64_t points_left_ = 0;  // 0: none is
  wire::Reader points_;
  std::uint32_t data_field_ = 0;
  std::vector<std::string_view> metric_fields_;  // all but its data
  std::vector<std::string_view> data_fields_;    // all but its points
  RequestBuilder builder_;
};

}  // namespace nanospan::gateway
