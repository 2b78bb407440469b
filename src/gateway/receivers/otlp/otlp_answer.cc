// Bodies and headers of OTLP/HTTP answers. Pure, any thread.
#include "gateway/receivers/otlp/otlp_answer.h"

#include <algorithm>
#include <string>

#include "base/time.h"
#include "gateway/telemetry/printable.h"
#include "wire/otlp_json_out.h"

namespace nanospan::gateway {
namespace {

constexpr std::string_view kProtobufType = "application/x-protobuf";
constexpr std::string_view kJsonType = "application/json";

/// The google.rpc.Code nearest to an HTTP status, for clients that look at it (google/rpc/code.proto).
std::int32_t rpc_code(int http_status) {
  switch (http_status) {
    case 401:
      return 16;  // UNAUTHENTICATED
    case 404:
    case 405:
      return 12;  // UNIMPLEMENTED
    case 408:
      return 4;  // DEADLINE_EXCEEDED
    case 413:
      return 8;  // RESOURCE_EXHAUSTED
    case 429:
    case 503:
      return 14;  // UNAVAILABLE
    default:
      return http_status >= 500 ? 13 : 3;  // INTERNAL, INVALID_ARGUMENT
  }
}

net::Response with_body(int status, std::string_view type, std::string body) {
  net::Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", std::string(type)});
  response.body = std::move(body);
  return response;
}

std::string as_json(const wire::MessageSchema& schema, std::string_view bytes) {
  std::string json;
  static_cast<void>(wire::append_json(schema, bytes, json));  // Cannot fail: the bytes were written here.
  return json;
}

}  // namespace

std::optional<OtlpEncoding> encoding_of(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  if (net::equals_ignoring_case(type, kProtobufType)) return OtlpEncoding::kProtobuf;
  if (net::equals_ignoring_case(type, kJsonType)) return OtlpEncoding::kJson;
  return std::nullopt;
}

net::Response success_answer(Signal signal, OtlpEncoding encoding, const wire::PartialSuccess& partial) {
  std::string body = wire::encode_export_response({partial.rejected_spans, printable(partial.message)});
  if (encoding == OtlpEncoding::kProtobuf) return with_body(200, kProtobufType, std::move(body));
  return with_body(200, kJsonType, as_json(info_of(signal).response, body));
}

net::Response error_answer(int http_status, std::string_view message, std::optional<OtlpEncoding> encoding) {
  if (!encoding) return with_body(http_status, "text/plain; charset=utf-8", printable(message) + "\n");
  std::string body = wire::encode_rpc_status({rpc_code(http_status), printable(message), std::nullopt});
  if (*encoding == OtlpEncoding::kProtobuf) return with_body(http_status, kProtobufType, std::move(body));
  return with_body(http_status, kJsonType, as_json(wire::schema::kRpcStatus, body));
}

net::Response retry_answer(int http_status, std::string_view message, std::optional<OtlpEncoding> encoding,
                           std::uint64_t after_nanos) {
  net::Response response = error_answer(http_status, message, encoding);
  const std::uint64_t seconds = (after_nanos + base::kNanosPerSecond - 1) / base::kNanosPerSecond;
  response.headers.push_back({"Retry-After", std::to_string(std::max<std::uint64_t>(seconds, 1))});
  return response;
}

net::Response refusal_answer(const Refusal& refusal, std::optional<OtlpEncoding> encoding, std::uint64_t retry_nanos) {
  net::Response response = refusal.is_for_now ? retry_answer(refusal.status, refusal.message, encoding, retry_nanos)
                                              : error_answer(refusal.status, refusal.message, encoding);
  response.headers.insert(response.headers.end(), refusal.headers.begin(), refusal.headers.end());
  return response;
}

}  // namespace nanospan::gateway
