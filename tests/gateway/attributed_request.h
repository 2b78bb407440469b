// One span under one resource, with attributes, for tests of processors that change them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gateway/pipeline/batch.h"
#include "gateway/processors/any_value.h"
#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan::gateway::testing {

using TextAttributes = std::vector<std::pair<std::string, std::string>>;

inline std::string attribute_fields(std::uint32_t field, const TextAttributes& attributes) {
  std::string out;
  for (const auto& [key, value] : attributes) {
    std::string pair;
    wire::Appender(pair).bytes_field(wire::otlp::KeyValue::kKey, key);
    wire::Appender(pair).bytes_field(wire::otlp::KeyValue::kValue, any_string(value));
    wire::Appender(out).bytes_field(field, pair);
  }
  return out;
}

/// The attributes of the span come before its other fields, those of the resource before its scopes.
inline std::string attributed_request(const TextAttributes& of_resource, const TextAttributes& of_span) {
  namespace otlp = wire::otlp;
  std::string span = attribute_fields(otlp::Span::kAttributes, of_span);
  wire::Appender(span).bytes_field(otlp::Span::kName, "GET /");
  wire::Appender(span).varint_field(otlp::Span::kKind, 2);
  std::string scope, library, resource, request;
  wire::Appender(library).bytes_field(otlp::InstrumentationScope::kName, "http");
  wire::Appender(library).bytes_field(otlp::InstrumentationScope::kVersion, "1.2");
  wire::Appender(scope).bytes_field(otlp::ScopeSpans::kScope, library);
  wire::Appender(scope).bytes_field(otlp::ScopeSpans::kSpans, span);
  wire::Appender(resource).bytes_field(otlp::ResourceSpans::kResource,
                                       attribute_fields(otlp::Resource::kAttributes, of_resource));
  wire::Appender(resource).bytes_field(otlp::ResourceSpans::kScopeSpans, scope);
  wire::Appender(resource).bytes_field(otlp::ResourceSpans::kSchemaUrl, "url");
  wire::Appender(request).bytes_field(otlp::ExportTraceServiceRequest::kResourceSpans, resource);
  return request;
}

inline BatchRef batch_of(const std::string& request) {
  return std::make_shared<const Batch>(net::ByteBlock::copy_of(request), std::nullopt, SpanCounts{1, 1, 1},
                                       BudgetCharge());
}

}  // namespace nanospan::gateway::testing
