// Requests written and read as outlines, for tests about their structure: "r1{s1 a b; s2 c} r2{s1 d}".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/otlp_fields.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace nanospan::gateway::testing {

/// "r1{s1 a b; s2 c} r2{s1 d}": the names of a request, for people.
inline std::string outline(std::string_view request) {
  namespace otlp = wire::otlp;
  std::string out;
  for (wire::Reader top(request); top.next();) {
    std::string resource_text;
    for (wire::Reader resource = top.message(); resource.next();) {
      if (resource.is(otlp::ResourceSpans::kSchemaUrl, wire::WireType::kBytes))
        out += (out.empty() ? "" : " ") + std::string(resource.bytes());
      if (!resource.is(otlp::ResourceSpans::kScopeSpans, wire::WireType::kBytes)) continue;
      std::string scope_text;
      for (wire::Reader scope = resource.message(); scope.next();) {
        if (scope.is(otlp::ScopeSpans::kSchemaUrl, wire::WireType::kBytes)) scope_text.insert(0, scope.bytes());
        if (!scope.is(otlp::ScopeSpans::kSpans, wire::WireType::kBytes)) continue;
        for (wire::Reader span = scope.message(); span.next();) scope_text += " " + std::string(span.bytes());
      }
      resource_text += (resource_text.empty() ? "" : "; ") + scope_text;
    }
    out += "{" + resource_text + "}";
  }
  return out;
}

/// Each resource is a list of scopes, each scope a string of one-letter spans. The schema URLs come last, as encoders
/// write them.
inline std::string request_of(const std::vector<std::vector<std::string>>& resources) {
  namespace otlp = wire::otlp;
  std::string request;
  int r = 0;
  for (const auto& scopes : resources) {
    std::string resource;
    int s = 0;
    for (const std::string& spans : scopes) {
      std::string scope;
      for (const char name : spans) {
        std::string span;
        wire::Appender(span).bytes_field(otlp::Span::kName, std::string(1, name));
        wire::Appender(scope).bytes_field(otlp::ScopeSpans::kSpans, span);
      }
      wire::Appender(scope).bytes_field(otlp::ScopeSpans::kSchemaUrl, "s" + std::to_string(++s));
      wire::Appender(resource).bytes_field(otlp::ResourceSpans::kScopeSpans, scope);
    }
    wire::Appender(resource).bytes_field(otlp::ResourceSpans::kSchemaUrl, "r" + std::to_string(++r));
    wire::Appender(request).bytes_field(otlp::ExportTraceServiceRequest::kResourceSpans, resource);
  }
  return request;
}

}  // namespace nanospan::gateway::testing
