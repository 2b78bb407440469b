// OTLP span messages, written field by field for tests that read them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <nanospan/ids.h>
#include <nanospan/span.h>

#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan::testing {

/// A message under construction.
class OtlpMessage {
 public:
  OtlpMessage& varint(std::uint32_t field, std::uint64_t value) {
    appender().varint_field(field, value);
    return *this;
  }
  OtlpMessage& fixed64(std::uint32_t field, std::uint64_t value) {
    appender().fixed64_field(field, value);
    return *this;
  }
  OtlpMessage& bytes(std::uint32_t field, std::string_view value) {
    appender().bytes_field(field, value);
    return *this;
  }
  OtlpMessage& message(std::uint32_t field, const OtlpMessage& value) { return bytes(field, value.text_); }
  const std::string& text() const { return text_; }
  std::span<const std::uint8_t> span() const {
    return {reinterpret_cast<const std::uint8_t*>(text_.data()), text_.size()};
  }

 private:
  wire::Appender<std::string> appender() { return wire::Appender<std::string>(text_); }
  std::string text_;
};

inline OtlpMessage otlp_string_attribute(std::string_view key, std::string_view value) {
  OtlpMessage any, attribute;
  any.bytes(wire::otlp::AnyValue::kStringValue, value);
  return attribute.bytes(wire::otlp::KeyValue::kKey, key).message(wire::otlp::KeyValue::kValue, any);
}

inline OtlpMessage otlp_int_attribute(std::string_view key, std::uint64_t value) {
  OtlpMessage any, attribute;
  any.varint(wire::otlp::AnyValue::kIntValue, value);
  return attribute.bytes(wire::otlp::KeyValue::kKey, key).message(wire::otlp::KeyValue::kValue, any);
}

/// A span with ids, kind, times and name; add what else it needs.
inline OtlpMessage otlp_span(std::string_view name, SpanKind kind = SpanKind::kInternal,
                             std::uint64_t start_unix_nanos = 1'000'000'000,
                             std::uint64_t end_unix_nanos = 1'012'345'678) {
  using Field = wire::otlp::Span;
  const TraceId trace = TraceId::from_hex("4bf92f3577b34da6a3ce929d0e0e4736");
  const SpanId id = SpanId::from_hex("00f067aa0ba902b7");
  OtlpMessage span;
  span.bytes(Field::kTraceId, {reinterpret_cast<const char*>(trace.data()), TraceId::kSize});
  span.bytes(Field::kSpanId, {reinterpret_cast<const char*>(id.data()), SpanId::kSize});
  span.bytes(Field::kName, name).varint(Field::kKind, static_cast<std::uint64_t>(kind));
  span.fixed64(Field::kStartTimeUnixNano, start_unix_nanos).fixed64(Field::kEndTimeUnixNano, end_unix_nanos);
  return span;
}

}  // namespace nanospan::testing
