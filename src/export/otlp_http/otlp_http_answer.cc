// Statuses and failures, one by one, each with its remedy. Pure.
#include "export/otlp_http/otlp_http_answer.h"

#include <algorithm>
#include <string_view>

#include "net/retry_after.h"
#include "wire/otlp_reply.h"

namespace nanospan::exporters {
namespace {

constexpr std::uint16_t kGrpcPort = 4317;

std::string grpc_port_hint(const net::Url& url) {
  return url.port == kGrpcPort ? "; 4317 is the port of OTLP over gRPC, OTLP over HTTP is usually on 4318" : "";
}

/// The media type without parameters.
std::string_view content_type(const net::Response& response) {
  const std::string_view value = net::find_header(response.headers, "Content-Type").value_or("");
  return value.substr(0, value.find_first_of("; "));
}

bool is_protobuf(const net::Response& response) {
  return net::equals_ignoring_case(content_type(response), "application/x-protobuf");
}
bool is_web_page(const net::Response& response) {
  return net::equals_ignoring_case(content_type(response), "text/html");
}

// ---- 2xx ---------------------------------------------------------------------------------------------------------

/// A 2xx says that the spans were taken (proto "OTLP/HTTP Response"), whatever the body; only a web page is never the
/// answer of a receiver. A body that says nothing we can read is taken at its status, and shown.
Answer judge_success(const net::Response& response, const std::string& destination, std::size_t span_count) {
  const std::string answered = destination + " answered " + std::to_string(response.status);
  if (is_web_page(response)) {
    return Answer::lost(answered +
                        " with a web page; this is not an OTLP receiver, check host and port of the endpoint");
  }
  if (is_protobuf(response)) return judge_export_response(response.body, destination, span_count);
  Answer answer;
  if (response.body.empty() || response.body == "{}") return answer;
  const std::string_view type = net::find_header(response.headers, "Content-Type").value_or("");
  answer.cause = "no_otlp_answer";
  answer.problem = answered + " with something else than OTLP protobuf, " + quoted(type) + ": " +
                   quoted(response.body) + "; the spans count as exported, check that it is an OTLP receiver";
  return answer;
}

// ---- all other statuses ------------------------------------------------------------------------------------------

std::string remedy(const net::Response& response, const net::Url& url) {
  switch (response.status) {
    case 400:
      return "; it could not read the request";
    case 401:
    case 403:
      return "; it wants credentials, send them with headers (OTEL_EXPORTER_OTLP_HEADERS)";
    case 404:
      if (url.path_shown().ends_with("/v1/traces/v1/traces")) {
        return "; v1/traces is appended to an endpoint for all signals: give that without it";
      }
      return "; the path " + std::string(url.path_shown()) +
             " is not known there, OTLP receivers take traces at /v1/traces";
    case 405:
      return "; it does not take POST at " + std::string(url.path_shown()) +
             ", OTLP receivers take traces at /v1/traces";
    case 413:
      return "; the request is too large for it, send smaller batches (OTEL_BSP_MAX_EXPORT_BATCH_SIZE)";
    case 415:
      return "; it does not take this encoding, check that it speaks OTLP with protobuf, and turn compression off";
    default:
      break;
  }
  if (response.status / 100 == 3) {
    const std::string_view location = net::find_header(response.headers, "Location").value_or("");
    return "; redirects are not followed, put the right endpoint: " + quoted(location);
  }
  return "";
}

/// Error answers carry a google.rpc.Status (proto "Failures"); proxies send text.
Answer judge_status(const net::Response& response, const net::Url& url, const std::string& destination,
                    base::UnixNanos now) {
  std::string problem = destination + " answered " + std::to_string(response.status);
  if (const std::string_view phrase = net::reason_phrase(response.status); !phrase.empty()) {
    problem += " " + std::string(phrase);
  }
  std::optional<std::uint64_t> delay;
  if (is_protobuf(response)) {
    if (const Result<wire::RpcStatus> status = wire::decode_rpc_status(response.body); status) {
      if (!status->message.empty()) problem += ": " + quoted(status->message);
      if (status->retry_delay_nanos) delay = std::min(*status->retry_delay_nanos, kRetryDelayNanosMax);
    }
  } else if (!response.body.empty() && !is_web_page(response)) {
    problem += ": " + quoted(response.body);
  }
  switch (response.status) {
    case 429:
    case 502:
    case 503:
    case 504: {
      Answer answer = Answer::retry(std::move(problem));
      answer.retry_after_nanos = delay;
      if (const auto value = net::find_header(response.headers, "Retry-After")) {
        if (const auto asked = net::parse_retry_after(*value, now)) answer.retry_after_nanos = asked;
      }
      return answer;
    }
    default:
      return Answer::lost(std::move(problem) + remedy(response, url));
  }
}

}  // namespace

Answer judge(const net::HttpResult& result, const net::Url& url, std::size_t span_count, base::UnixNanos now) {
  if (!result.ok()) {
    return judge_failure(result.error.failure, result.error.error.message, url, grpc_port_hint(url));
  }
  const int status = result.response.status;
  const std::string destination = url.shown();
  Answer answer = status / 100 == 2 ? judge_success(result.response, destination, span_count)
                                    : judge_status(result.response, url, destination, now);
  if (answer.cause.empty()) {
    answer.cause = answer.kind == Answer::Kind::kAccepted ? "partial_success" : std::to_string(status);
  }
  return answer;
}

}  // namespace nanospan::exporters
