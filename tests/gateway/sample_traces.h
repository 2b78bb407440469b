// Small export requests for gateway tests, as protobuf bytes.
#pragma once

#include <memory>
#include <string>

#include "gateway/pipeline/batch.h"
#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan::gateway::testing {

/// One resource, one scope, `spans` spans called `name`.
inline std::string sample_request(std::uint64_t spans = 1, const std::string& name = "checkout") {
  namespace otlp = wire::otlp;
  std::string scope, resource, request;
  for (std::uint64_t i = 0; i < spans; ++i) {
    std::string span;
    wire::Appender to(span);
    to.bytes_field(otlp::Span::kTraceId, "0123456789abcdef");
    to.bytes_field(otlp::Span::kSpanId, "01234567");
    to.bytes_field(otlp::Span::kName, name);
    to.fixed64_field(otlp::Span::kStartTimeUnixNano, 1'700'000'000'000'000'000);
    to.fixed64_field(otlp::Span::kEndTimeUnixNano, 1'700'000'000'001'500'000);
    wire::Appender(scope).bytes_field(otlp::ScopeSpans::kSpans, span);
  }
  wire::Appender(resource).bytes_field(otlp::ResourceSpans::kScopeSpans, scope);
  wire::Appender(request).bytes_field(otlp::ExportTraceServiceRequest::kResourceSpans, resource);
  return request;
}

inline BatchRef sample_batch(std::uint64_t spans = 1, const std::string& name = "checkout") {
  return std::make_shared<const Batch>(net::ByteBlock::copy_of(sample_request(spans, name)), std::nullopt,
                                       SpanCounts{1, 1, spans}, BudgetCharge());
}

}  // namespace nanospan::gateway::testing
