// Unknown fields are stepped over; what makes no sense (a negative delay) is as if it were not there. Pure.
#include "wire/otlp_reply.h"

#include <algorithm>

#include "wire/otlp_fields.h"
#include "wire/reader.h"
#include "wire/utf8.h"
#include "wire/writer.h"

namespace nanospan::wire {
namespace {

constexpr std::string_view kRetryInfoType = "type.googleapis.com/google.rpc.RetryInfo";
constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;
constexpr std::uint64_t kDelaySecondsMax = 315'576'000'000;  // Of google.protobuf.Duration: 10,000 years.

std::string encode_retry_info(std::uint64_t delay_nanos) {
  std::string duration;
  Appender fields(duration);
  if (const std::uint64_t seconds = delay_nanos / kNanosPerSecond; seconds != 0) {
    fields.varint_field(otlp::Duration::kSeconds, seconds);
  }
  if (const std::uint64_t nanos = delay_nanos % kNanosPerSecond; nanos != 0) {
    fields.varint_field(otlp::Duration::kNanos, nanos);
  }
  std::string info;
  Appender(info).bytes_field(otlp::RetryInfo::kRetryDelay, duration);
  std::string any;
  Appender packed(any);
  packed.bytes_field(otlp::Any::kTypeUrl, kRetryInfoType);
  packed.bytes_field(otlp::Any::kValue, info);
  return any;
}

// Of one Any: the delay, if it is a RetryInfo with a sensible one.
std::optional<std::uint64_t> decode_retry_info(Reader any) {
  bool is_retry_info = false;
  std::string_view value;
  while (any.next()) {
    if (any.is(otlp::Any::kTypeUrl, WireType::kBytes)) is_retry_info = any.bytes() == kRetryInfoType;
    if (any.is(otlp::Any::kValue, WireType::kBytes)) value = any.bytes();
  }
  if (!is_retry_info) return std::nullopt;
  Reader info(value);
  while (info.next()) {
    if (!info.is(otlp::RetryInfo::kRetryDelay, WireType::kBytes)) continue;
    std::uint64_t seconds = 0;
    std::uint64_t nanos = 0;
    Reader duration = info.message();
    while (duration.next()) {
      if (duration.is(otlp::Duration::kSeconds, WireType::kVarint)) seconds = duration.varint();
      if (duration.is(otlp::Duration::kNanos, WireType::kVarint)) nanos = duration.varint();
    }
    // Negative numbers are huge ones here, and no delay that anyone means.
    if (seconds > kDelaySecondsMax || nanos >= kNanosPerSecond) return std::nullopt;
    constexpr std::uint64_t kSecondsThatFit = UINT64_MAX / kNanosPerSecond - 1;
    return (seconds < kSecondsThatFit ? seconds : kSecondsThatFit) * kNanosPerSecond + nanos;
  }
  return std::nullopt;
}

/// The media type, lower case, without parameters (RFC 9110, 8.3.1).
std::string media_type(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find_first_of("; \t")));
  for (char& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return type;
}

/// {} or {"partialSuccess": ...}: the only field that an Export*ServiceResponse has. The text is not parsed further.
bool is_json_export_response(std::string_view body) {
  const auto skip_space = [&body] { body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size())); };
  skip_space();
  if (body.empty()) return true;
  if (body.front() != '{') return false;
  body.remove_prefix(1);
  skip_space();
  return body.starts_with('}') || body.starts_with("\"partialSuccess\"") || body.starts_with("\"partial_success\"");
}

}  // namespace

std::string encode_export_response(const PartialSuccess& partial) {
  std::string out;
  if (partial.full()) return out;
  std::string inner;
  Appender fields(inner);
  if (partial.rejected_spans != 0) {
    fields.varint_field(otlp::ExportPartialSuccess::kRejected, static_cast<std::uint64_t>(partial.rejected_spans));
  }
  if (!partial.message.empty()) {
    fields.bytes_field(otlp::ExportPartialSuccess::kErrorMessage, repair_utf8(partial.message));
  }
  Appender(out).bytes_field(otlp::ExportServiceResponse::kPartialSuccess, inner);
  return out;
}

Result<PartialSuccess> decode_export_response(std::string_view bytes) {
  PartialSuccess partial;
  Reader response(bytes);
  while (response.next()) {
    if (!response.is(otlp::ExportServiceResponse::kPartialSuccess, WireType::kBytes)) continue;
    Reader fields = response.message();
    while (fields.next()) {
      if (fields.is(otlp::ExportPartialSuccess::kRejected, WireType::kVarint)) {
        partial.rejected_spans = static_cast<std::int64_t>(fields.varint());
      } else if (fields.is(otlp::ExportPartialSuccess::kErrorMessage, WireType::kBytes)) {
        partial.message = repair_utf8(fields.bytes());
      }
    }
    if (!fields.ok()) return malformed(fields.fault());
  }
  if (!response.ok()) return malformed(response.fault());
  return partial;
}

std::string_view why_no_export_answer(std::string_view content_type, std::string_view body) {
  const std::string type = media_type(content_type);
  if (type == "application/x-protobuf" || (type.empty() && body.empty())) return {};
  if (type == "application/json" && is_json_export_response(body)) return {};
  return type == "text/html" ? "with a web page" : "with something else than an OTLP answer";
}

std::string encode_rpc_status(const RpcStatus& status) {
  std::string out;
  Appender fields(out);
  if (status.code != 0) {
    fields.varint_field(otlp::RpcStatus::kCode, static_cast<std::uint64_t>(std::int64_t{status.code}));
  }
  if (!status.message.empty()) fields.bytes_field(otlp::RpcStatus::kMessage, repair_utf8(status.message));
  if (status.retry_delay_nanos) {
    fields.bytes_field(otlp::RpcStatus::kDetails, encode_retry_info(*status.retry_delay_nanos));
  }
  return out;
}

Result<RpcStatus> decode_rpc_status(std::string_view bytes) {
  RpcStatus status;
  Reader fields(bytes);
  while (fields.next()) {
    if (fields.is(otlp::RpcStatus::kCode, WireType::kVarint)) {
      status.code = static_cast<std::int32_t>(fields.varint());
    } else if (fields.is(otlp::RpcStatus::kMessage, WireType::kBytes)) {
      status.message = repair_utf8(fields.bytes());
    } else if (fields.is(otlp::RpcStatus::kDetails, WireType::kBytes) && !status.retry_delay_nanos) {
      status.retry_delay_nanos = decode_retry_info(fields.message());
    }
  }
  if (!fields.ok()) return malformed(fields.fault());
  return status;
}

}  // namespace nanospan::wire
