// Statuses, one by one, each with its remedy. Pure.
#include "export/otlp_grpc/otlp_grpc_answer.h"

#include <algorithm>
#include <optional>
#include <string>

#include "export/otlp/codec_hook.h"
#include "wire/otlp_reply.h"

namespace nanospan::exporters {
namespace {

constexpr std::uint16_t kHttpPort = 4318;
constexpr std::size_t kAnswerBytesMax = 1U << 20;  // inflated: words for people and a number

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

/// Whoever compresses its requests may be answered so, though it asks for nothing by grpc-accept-encoding (grpc-go
/// does; grpc doc/compression.md lets a server take the request's encoding as known). The request was in that
/// coding, so its library is there; only a broken answer cannot be read. The status is whole: the spans have arrived.
Answer judge_compressed(const net::GrpcReply& reply, const net::Url& url, std::size_t span_count) {
  std::string message;
  const BodyCodec* const codec = linked_codec(reply.encoding, Protocol::kGrpc);
  if (codec != nullptr && codec->decode(reply.message, kAnswerBytesMax, message)) {
    return judge_export_response(message, url.origin(), span_count);
  }
  Answer answer;
  answer.problem = url.origin() + " accepted the spans with a remark that cannot be read: it is compressed with " +
                   quoted(reply.encoding) + (codec != nullptr ? ", broken or too large" : "");
  return answer;
}

}  // namespace

Answer judge(const net::GrpcReply& reply, const net::Url& url, std::size_t span_count) {
  if (!reply.answered) return judge_failure(reply.failure, reply.status.message, url, http_port_hint(url));
  const net::GrpcStatus& status = reply.status;
  if (status.code == net::GrpcCode::kOk) {
    Answer answer = reply.encoding.empty() ? judge_export_response(reply.message, url.origin(), span_count)
                                           : judge_compressed(reply, url, span_count);
    answer.cause = "partial_success";
    return answer;
  }
  std::string problem = url.origin() + " answered " + std::string(net::to_string(status.code));
  if (!status.message.empty()) problem += ": " + (reply.is_http ? status.message : quoted(status.message));
  std::optional<std::uint64_t> delay;
  if (!status.details.empty()) {
    if (const Result<wire::RpcStatus> details = wire::decode_rpc_status(status.details); details.ok()) {
      delay = details->retry_delay_nanos;
    }
  }
  const bool retryable = net::is_otlp_retryable(status.code, delay.has_value());
  Answer answer = retryable
                      ? Answer::retry(std::move(problem))
                      : Answer::lost(std::move(problem) + (reply.is_http ? http_port_hint(url) : remedy(status.code)));
  if (delay) answer.retry_after_nanos = std::min(*delay, kRetryDelayNanosMax);
  answer.cause = net::to_string(status.code);
  return answer;
}

}  // namespace nanospan::exporters
