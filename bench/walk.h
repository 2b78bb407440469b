// The gateway's validating walk as a workload, and its reading of JSON: what one span of a request costs before it is
// acknowledged.
//
// A request of 64 spans, each with ten attributes of 20-character keys and values (W4), is walked or read once every 64
// calls, so that the count is that of one span. One thread.
#pragma once

#include <cstdint>
#include <string>

#include "bench/stage.h"
#include "wire/json_reader/otlp_json_in.h"
#include "wire/otlp_fields.h"
#include "wire/otlp_json_out.h"
#include "wire/validate.h"
#include "wire/writer.h"

namespace nanospan::bench {

class GatewayWalk {
 public:
  static constexpr const char* kName = "gateway_walk";
  static constexpr std::uint64_t kSpans = 64;

  explicit GatewayWalk(const Pool& pool) {
    namespace otlp = wire::otlp;
    std::string scope;
    std::string resource;
    for (std::uint64_t i = 0; i < kSpans; ++i)
      wire::Appender(scope).bytes_field(otlp::ScopeSpans::kSpans, span(pool, i));
    wire::Appender(resource).bytes_field(otlp::ResourceSpans::kScopeSpans, scope);
    wire::Appender(request_).bytes_field(otlp::ExportTraceServiceRequest::kResourceSpans, resource);
  }

  const std::string& request() const { return request_; }

  void operator()(Bench&, std::uint64_t i) const {
    if (i % kSpans != 0) return;
    const wire::WalkResult walk = wire::validate_traces(request_);
    if (!walk.ok() || walk.counts.items != kSpans) fail("the walk refuses its request");
  }

 private:
  static std::string span(const Pool& pool, std::uint64_t number) {
    namespace otlp = wire::otlp;
    std::string span;
    wire::Appender to(span);
    to.bytes_field(otlp::Span::kTraceId, "0123456789abcdef");
    to.bytes_field(otlp::Span::kSpanId, "01234567");
    to.bytes_field(otlp::Span::kParentSpanId, "76543210");
    to.bytes_field(otlp::Span::kName, pool.name());
    to.varint_field(otlp::Span::kKind, 2);
    to.fixed64_field(otlp::Span::kStartTimeUnixNano, 1'700'000'000'000'000'000);
    to.fixed64_field(otlp::Span::kEndTimeUnixNano, 1'700'000'000'001'500'000);
    for (std::size_t i = 0; i < 10; ++i) {
      std::string value;
      std::string attribute;
      wire::Appender(value).bytes_field(otlp::AnyValue::kStringValue, pool.text20(number + i));
      wire::Appender(attribute).bytes_field(otlp::KeyValue::kKey, pool.key20(i));
      wire::Appender(attribute).bytes_field(otlp::KeyValue::kValue, value);
      to.bytes_field(otlp::Span::kAttributes, attribute);
    }
    return span;
  }

  std::string request_;
};

class GatewayJson {
 public:
  static constexpr const char* kName = "gateway_json";

  explicit GatewayJson(const Pool& pool) {
    if (!wire::append_traces_json(GatewayWalk(pool).request(), json_).ok()) fail("the request is no JSON");
    // The output is kept from request to request.
    if (!reader_.read(wire::schema::kExportTraceServiceRequest, json_).ok()) fail("the reader refuses its request");
  }

  void operator()(Bench&, std::uint64_t i) const {
    if (i % GatewayWalk::kSpans != 0) return;
    if (!reader_.read(wire::schema::kExportTraceServiceRequest, json_).ok()) fail("the reader refuses its request");
  }

 private:
  std::string json_;
  mutable wire::OtlpJsonReader reader_;
};

}  // namespace nanospan::bench
