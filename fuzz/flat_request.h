// An export request as a list of what it holds, each item with all that it stands under: what cutting and joining of
// requests must not change.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/pipeline/signal.h"
#include "wire/otlp_fields.h"
#include "wire/reader.h"

namespace nanospan::fuzz {

/// The fields of `message` that are none of `left_out`, as they lie, in their order.
template <class Fields>
std::string fields_but(wire::Reader message, const Fields& left_out) {
  std::string out;
  while (message.next()) {
    if (std::find(left_out.begin(), left_out.end(), message.field()) == left_out.end()) out += message.raw_field();
  }
  return out;
}

/// Calls visit(above, at_item) for each span, log record or metric; `above` has the fields of its resource and scope.
template <class Visit>
void for_each_item(std::string_view request, Visit&& visit) {
  namespace otlp = wire::otlp;
  for (wire::Reader top(request); top.next();) {
    if (!top.is(otlp::ExportTraceServiceRequest::kResourceSpans, wire::WireType::kBytes)) continue;
    const std::string of_resource = fields_but(top.message(), std::array{otlp::ResourceSpans::kScopeSpans});
    for (wire::Reader resource = top.message(); resource.next();) {
      if (!resource.is(otlp::ResourceSpans::kScopeSpans, wire::WireType::kBytes)) continue;
      const std::string above =
          of_resource + "/" + fields_but(resource.message(), std::array{otlp::ScopeSpans::kSpans}) + "/";
      for (wire::Reader scope = resource.message(); scope.next();) {
        if (scope.is(otlp::ScopeSpans::kSpans, wire::WireType::kBytes)) visit(above, scope);
      }
    }
  }
}

struct FlatRequest {
  std::vector<std::string> items;  ///< Span, log record or data point, after the fields of all that it stands under.
  bool has_double_metric = false;  ///< A metric with two members of its oneof, which no splitter has to cut.
};

/// REQUIRES: a valid request of traces, metrics or logs.
inline FlatRequest flatten(std::string_view request, gateway::Signal signal) {
  using Metric = wire::otlp::Metric;
  using Data = wire::otlp::MetricData;
  constexpr std::array kData{Metric::kGauge, Metric::kSum, Metric::kHistogram, Metric::kExponentialHistogram,
                             Metric::kSummary};
  FlatRequest out;
  for_each_item(request, [&](const std::string& above, const wire::Reader& at_item) {
    if (signal != gateway::Signal::kMetrics) return out.items.push_back(above + std::string(at_item.raw_field()));
    const std::string frame = above + fields_but(at_item.message(), kData);
    std::size_t members = 0;
    for (wire::Reader metric = at_item.message(); metric.next();) {
      if (std::find(kData.begin(), kData.end(), metric.field()) == kData.end()) continue;
      ++members;
      const std::string data =
          frame + std::to_string(metric.field()) + fields_but(metric.message(), std::array{Data::kDataPoints});
      for (wire::Reader points = metric.message(); points.next();) {
        if (points.is(Data::kDataPoints, wire::WireType::kBytes))
          out.items.push_back(data + std::string(points.raw_field()));
      }
    }
    out.has_double_metric |= members > 1;
  });
  return out;
}

}  // namespace nanospan::fuzz
