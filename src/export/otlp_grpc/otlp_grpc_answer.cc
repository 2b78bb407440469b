// Statuses, one by one, each with its remedy. Pure.
#include "export/otlp_grpc/otlp_grpc_answer.h"

#include <algorithm>
#include <optional>
#include <string>

#include "wire/otlp_reply.h"

namespace nanospan::exporters {
namespace {

constexpr std::uint16_t kHttpPort = 4318;

std::string http_port_hint(const net::Url& url) {
  return url.port == kHttpPort ? "; 4318 is the port of OTLP over HTTP, OTLP over gRPC is usually on 4317" : "";
}

std::string remedy(net::GrpcCode code) {
  switch (code) {
    case net::GrpcCode::kUnauthenticated:
    case net::GrpcCode::kPermissionDenied:
      return "; it wants credentials, send them with headers (OTEL_EXPORTER_OTLP_HEADERS)";
    case net::GrpcCode::kUnimplemented:
      return "; it does not take traces over gRPC, or not with this compression";
    case net::GrpcCode::kResourceExhausted:
      return "; if the request is too large for it, send smaller batches (OTEL_BSP_MAX_EXPORT_BATCH_SIZE)";
    default:
      return "";
  }
}

/// The SDK compresses and never decompresses. But that an answer says nothing, as usual, shows in the size at the end
/// of the member (RFC 1952, 2.3.1): nothing, or, from the Collector, an empty partial_success of two bytes.
bool says_nothing(std::string_view gzip_member) {
  constexpr std::size_t kSizeBytes = 4;
  if (gzip_member.size() < kSizeBytes) return false;
  gzip_member.remove_prefix(gzip_member.size() - kSizeBytes);
  return gzip_member[0] >= 0 && gzip_member[0] <= 2 && gzip_member.substr(1) == std::string_view("\0\0\0", 3);
}

}  // namespace

Answer judge(const net::GrpcReply& reply, const net::Url& url, std::size_t span_count) {
  if (!reply.answered) return judge_failure(reply.failure, reply.status.message, url, http_port_hint(url));
  const net::GrpcStatus& status = reply.status;
  if (status.code == net::GrpcCode::kOk) {
    Answer answer;
    if (reply.encoding.empty()) {
      answer = judge_export_response(reply.message, url.origin(), span_count);
    } else if (!says_nothing(reply.message)) {
      answer.problem = url.origin() + " accepted the spans with a remark that cannot be read: it is compressed";
    }
    answer.cause = "partial_success";
    return answer;
  }
  std::string problem = url.origin() + " answered " + std::string(net::to_string(status.code));
  if (!status.message.empty()) problem += ": " + quoted(status.message);
  std::optional<std::uint64_t> delay;
  if (!status.details.empty()) {
    if (const Result<wire::RpcStatus> details = wire::decode_rpc_status(status.details); details.ok()) {
      delay = details->retry_delay_nanos;
    }
  }
  const bool retryable = net::is_otlp_retryable(status.code, delay.has_value());
  Answer answer =
      retryable ? Answer::retry(std::move(problem)) : Answer::lost(std::move(problem) + remedy(status.code));
  if (delay) answer.retry_after_nanos = std::min(*delay, kRetryDelayNanosMax);
  answer.cause = net::to_string(status.code);
  return answer;
}

}  // namespace nanospan::exporters
