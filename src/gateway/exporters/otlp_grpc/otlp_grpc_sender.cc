// Calls and the meaning of replies. For the thread of its loop.
#include "gateway/exporters/otlp_grpc/otlp_grpc_sender.h"

#include <algorithm>

#include "gateway/telemetry/printable.h"
#include "net/decode_text.h"
#include "wire/otlp_reply.h"

namespace nanospan::gateway {
namespace {

constexpr std::uint16_t kHttpPort = 4318;
constexpr std::size_t kConnectionsMax = 16;        // to one address; sending_queue.num_consumers is what limits calls
constexpr std::size_t kAnswerBytesMax = 4U << 20;  // as GrpcRequest::response_bytes_max

SendResult failed_connection(const net::GrpcReply& reply) {
  // Whatever broke, the destination may be back later. What can never be sent at all is a mistake in the configuration.
  const bool final = reply.failure == net::HttpFailure::kInvalidRequest;
  return {final ? SendResult::Kind::kPermanent : SendResult::Kind::kRetry, net::to_string(reply.failure),
          reply.status.message, 0, 0};
}

/// Of a port that is not gRPC's: who answered in HTTP without gRPC, or hung up, may be an OTLP/HTTP receiver.
bool may_be_http(const net::GrpcReply& reply) {
  if (reply.answered) return reply.is_http;
  return reply.failure == net::HttpFailure::kReset || reply.failure == net::HttpFailure::kClosedBeforeResponse ||
         reply.failure == net::HttpFailure::kClosedMidResponse || reply.failure == net::HttpFailure::kNotHttp;
}

}  // namespace

Result<std::unique_ptr<OtlpGrpcSender>> OtlpGrpcSender::create(net::EventLoop& loop, OtlpGrpcExporterConfig config,
                                                               std::string subject, Log& log,
                                                               std::shared_ptr<ClientAuthenticator> authenticator) {
  auto sender = std::make_unique<OtlpGrpcSender>(std::move(config), std::move(subject), log);
  sender->authenticator_ = std::move(authenticator);
  net::GrpcClientOptions options;
  options.origin = sender->config_.url;
  options.authority = sender->config_.authority;
  options.queued_calls_max = static_cast<std::size_t>(sender->config_.queue.consumers);
  options.connections_max = kConnectionsMax;
  if (sender->config_.round_robin) options.balancing = net::GrpcBalancing::kRoundRobin;
  options.keepalive_nanos = sender->config_.keepalive_nanos;
  options.keepalive_timeout_nanos = sender->config_.keepalive_timeout_nanos;
  Result<net::StreamFactory> streams =
      otlp_tls_streams(sender->config_.tls, options.origin, "h2", sender->subject_, log, loop.clock());
  if (!streams) return streams.error();
  options.make_stream = std::move(streams).value();
  options.proxy = sender->config_.proxy;
  Result<std::unique_ptr<net::GrpcClient>> client = net::GrpcClient::create(loop, std::move(options));
  if (!client) return client.error();
  sender->client_ = std::move(client).value();
  return sender;
}

OtlpGrpcSender::OtlpGrpcSender(OtlpGrpcExporterConfig config, std::string subject, Log& log)
    : config_(std::move(config)), destination_(config_.destination()), subject_(std::move(subject)), log_(log) {}

void OtlpGrpcSender::send(BatchRef batch, base::Deadline deadline, Done done) {
  net::GrpcRequest request;
  const Signal signal = batch->signal();
  request.path = info_of(signal).grpc_path;
  request.metadata = config_.headers;
  if (!net::find_header(config_.headers, "user-agent")) request.metadata.push_back({"user-agent", "nanospan-gateway"});
  if (authenticator_) set_credential(request.metadata, authenticator_->credential());
  request.deadline = deadline;
  request.repeatable = true;  // OTLP allows duplicates where a connection is lost before the answer.
  request.message = {batch->bytes()};
  if (config_.codec != nullptr) {
    const Result<std::string_view> encoded = batch->encoded(*config_.codec, config_.compression.level);
    if (!encoded) {
      return done({SendResult::Kind::kRetry, "compress",
                   "the batch could not be compressed: " + encoded.error().message, 0, 0});
    }
    request.compressed = true;
    request.metadata.push_back({"grpc-encoding", std::string(config_.compression.coding->name)});
    request.message = {*encoded};
  }
  request.owner = std::move(batch);
  client_->call(std::move(request), [this, signal, done = std::move(done)](net::GrpcReply reply) {
    if (!reply.encoding.empty()) {  // What cannot be read says nothing about what arrived: the status does.
      const net::Codec* const codec = find_grpc_codec(reply.encoding);
      reply.message = codec == nullptr ? "" : net::decode_text(*codec, reply.message, kAnswerBytesMax).value_or("");
    }
    SendResult sent = judge(reply, destination_);
    sent.message += port_hint(reply, config_.url);
    if (sent.kind == SendResult::Kind::kSent && (sent.rejected_spans != 0 || !sent.message.empty())) {
      log_.warn_limited(subject_, "partial_success",
                        destination_ + " rejected " + std::to_string(sent.rejected_spans) + " " +
                            std::string(info_of(signal).items) + " for good: " + sent.message);
    }
    done(std::move(sent));
  });
}

std::string_view OtlpGrpcSender::port_hint(const net::GrpcReply& reply, const net::Url& url) {
  if (url.port != kHttpPort || !may_be_http(reply)) return "";
  return "; 4318 is the port of OTLP over HTTP, for it use the exporter otlp_http, or port 4317 for gRPC";
}

SendResult OtlpGrpcSender::judge(const net::GrpcReply& reply, const std::string& destination) {
  if (!reply.answered) return failed_connection(reply);
  SendResult result;
  if (reply.status.code == net::GrpcCode::kOk) {
    if (const Result<wire::PartialSuccess> partial = wire::decode_export_response(reply.message);
        partial && !partial->full()) {
      result.rejected_spans = static_cast<std::uint64_t>(std::max<std::int64_t>(partial->rejected_spans, 0));
      result.message = printable(partial->message);
    }
    return result;
  }
  result.message = destination + " answered " + std::string(net::to_string(reply.status.code));
  if (!reply.status.message.empty()) result.message += ": " + printable(reply.status.message);
  if (reply.status.code == net::GrpcCode::kUnauthenticated || reply.status.code == net::GrpcCode::kPermissionDenied) {
    result.message += "; it wants credentials, send them with `auth` or `headers` of this exporter";
  }
  std::optional<std::uint64_t> retry_delay;
  if (!reply.status.details.empty()) {
    if (const Result<wire::RpcStatus> details = wire::decode_rpc_status(reply.status.details)) {
      retry_delay = details->retry_delay_nanos;
    }
  }
  if (net::is_otlp_retryable(reply.status.code, retry_delay.has_value())) {
    result.kind = SendResult::Kind::kRetry;
    result.reason = "refused_for_now";
    result.retry_after_nanos = retry_delay.value_or(0);
    return result;
  }
  result.kind = SendResult::Kind::kPermanent;
  result.reason = reply.status.code == net::GrpcCode::kInvalidArgument ? "client_error" : "server_error";
  return result;
}

}  // namespace nanospan::gateway
