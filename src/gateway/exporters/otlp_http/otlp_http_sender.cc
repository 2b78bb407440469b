// Requests and the meaning of answers. For the thread of its loop.
#include "gateway/exporters/otlp_http/otlp_http_sender.h"

#include <algorithm>

#include "gateway/telemetry/printable.h"
#include "net/retry_after.h"
#include "wire/otlp_reply.h"

namespace nanospan::gateway {
namespace {

bool is_protobuf(std::string_view content_type) {
  return net::equals_ignoring_case(content_type.substr(0, content_type.find_first_of("; ")), "application/x-protobuf");
}

/// The message of a google.rpc.Status, or the body itself if it is text.
std::string error_text(const net::Response& response) {
  const std::string_view type = net::find_header(response.headers, "Content-Type").value_or("");
  if (!is_protobuf(type)) return printable(response.body);
  const Result<wire::RpcStatus> status = wire::decode_rpc_status(response.body);
  return status ? printable(status->message) : "";
}

std::string answered(const net::Response& response, const std::string& destination) {
  std::string text = destination + " answered " + std::to_string(response.status);
  if (const std::string_view phrase = net::reason_phrase(response.status); !phrase.empty()) {
    text.append(" ").append(phrase);
  }
  return text;
}

/// Any web server answers 200; only the answer of an OTLP receiver says that the data is there.
SendResult judge_success(const net::Response& response, const std::string& destination) {
  const std::string_view type = net::find_header(response.headers, "Content-Type").value_or("");
  std::string_view why = wire::why_no_export_answer(type, response.body);
  // Of an answer in JSON, which is not what was asked for, the text is not read: it says that the data was taken.
  const Result<wire::PartialSuccess> partial = wire::decode_export_response(is_protobuf(type) ? response.body : "");
  if (why.empty() && !partial) why = "with bytes that are no OTLP answer";
  SendResult result;
  if (!why.empty()) {
    result.kind = SendResult::Kind::kPermanent;
    result.reason = "not_otlp";
    result.message = destination + " answered " + std::to_string(response.status) + " " + std::string(why) +
                     "; this is not an OTLP receiver, check host, port and path of the endpoint";
  } else if (!partial->full()) {
    result.rejected_spans = static_cast<std::uint64_t>(std::max<std::int64_t>(partial->rejected_spans, 0));
    result.message = printable(partial->message);
  }
  return result;
}

/// What to do about an answer that is final.
std::string remedy(const net::Response& response) {
  switch (response.status) {
    case 401:
    case 403:
      return "; it wants credentials, send them with `auth` or `headers` of this exporter, such as "
             "{authorization: \"Bearer ...\"}";
    case 404:
      return "; check the path of the endpoint, OTLP receivers use /v1/traces, /v1/metrics and /v1/logs";
    case 405:
      return "; it takes no POST there, OTLP receivers use /v1/traces, /v1/metrics and /v1/logs";
    case 413:
      return "; the request is too large for it, send smaller batches";
    case 415:
      return "; is this a gRPC port (4317)? For one use the exporter otlp_grpc; else try `compression: none`";
    default:
      break;
  }
  if (response.status / 100 == 3) {
    const std::string_view location = net::find_header(response.headers, "Location").value_or("");
    return "; redirects are not followed, put the right endpoint: \"" + printable(location) + "\"";
  }
  return "";
}

SendResult failed_connection(const net::HttpError& error) {
  // Whatever broke, the destination may be back later. What can never be sent at all is a mistake in the configuration.
  const bool final = error.failure == net::HttpFailure::kInvalidRequest;
  return {final ? SendResult::Kind::kPermanent : SendResult::Kind::kRetry, net::to_string(error.failure),
          error.error.message, 0, 0};
}

}  // namespace

Result<std::unique_ptr<OtlpHttpSender>> OtlpHttpSender::create(net::EventLoop& loop, OtlpHttpExporterConfig config,
                                                               std::string subject, Log& log,
                                                               std::shared_ptr<ClientAuthenticator> authenticator) {
  auto sender = std::make_unique<OtlpHttpSender>(loop, std::move(config), std::move(subject), log);
  sender->authenticator_ = std::move(authenticator);
  net::Http1ClientOptions options;
  options.origin = sender->config_.url;
  options.connections_max = static_cast<std::size_t>(sender->config_.queue.consumers);
  Result<net::StreamFactory> streams =
      otlp_tls_streams(sender->config_.tls, options.origin, "http/1.1", sender->subject_, log, loop.clock());
  if (!streams) return streams.error();
  options.make_stream = std::move(streams).value();
  options.proxy = sender->config_.proxy;
  Result<std::unique_ptr<net::Http1Client>> client = net::Http1Client::create(loop, std::move(options));
  if (!client) return client.error();
  sender->client_ = std::move(client).value();
  return sender;
}

OtlpHttpSender::OtlpHttpSender(net::EventLoop& loop, OtlpHttpExporterConfig config, std::string subject, Log& log)
    : loop_(loop),
      config_(std::move(config)),
      destination_(config_.url.shown()),
      subject_(std::move(subject)),
      log_(log) {}

void OtlpHttpSender::send(BatchRef batch, base::Deadline deadline, Done done) {
  net::HttpRequest request;
  const Signal signal = batch->signal();
  request.target = config_.url.path;
  request.authority = config_.authority;
  request.headers.push_back({"Content-Type", "application/x-protobuf"});
  if (!net::find_header(config_.headers, "User-Agent")) request.headers.push_back({"User-Agent", "nanospan-gateway"});
  for (const net::Header& header : config_.headers) request.headers.push_back(header);
  if (authenticator_) set_credential(request.headers, authenticator_->credential());
  request.deadline = deadline;
  request.repeatable = true;  // OTLP allows duplicates where a connection is lost before the answer.
  request.body = {batch->bytes()};
  if (const auto& [coding, level] = config_.compression; coding != nullptr) {
    const Result<std::string_view> encoded = batch->encoded(*coding->codec, level);
    if (!encoded) {
      return done({SendResult::Kind::kRetry, "compress",
                   "the batch could not be compressed: " + encoded.error().message, 0, 0});
    }
    request.headers.push_back({"Content-Encoding", std::string(coding->name)});
    request.body = {*encoded};
  }
  request.body_owner = std::move(batch);
  client_->send(std::move(request), [this, signal, done = std::move(done)](net::HttpResult result) {
    if (!result.ok()) return done(failed_connection(result.error));
    SendResult sent = judge(result.response, destination_, loop_.clock().unix_now());
    if (sent.kind == SendResult::Kind::kSent && (sent.rejected_spans != 0 || !sent.message.empty())) {
      log_.warn_limited(subject_, "partial_success",
                        destination_ + " rejected " + std::to_string(sent.rejected_spans) + " " +
                            std::string(info_of(signal).items) + " for good: " + sent.message);
    }
    done(std::move(sent));
  });
}

SendResult OtlpHttpSender::judge(const net::Response& response, const std::string& destination, base::UnixNanos now) {
  if (response.status >= 200 && response.status < 300) return judge_success(response, destination);
  SendResult result;
  result.message = answered(response, destination);
  if (const std::string text = error_text(response); !text.empty()) result.message += ": " + text;
  switch (response.status) {
    case 429:
    case 502:
    case 503:
    case 504:
      result.kind = SendResult::Kind::kRetry;
      result.reason = "refused_for_now";
      if (const auto value = net::find_header(response.headers, "Retry-After")) {
        result.retry_after_nanos = net::parse_retry_after(*value, now).value_or(0);
      }
      return result;
    default:
      break;
  }
  result.message += remedy(response);
  result.kind = SendResult::Kind::kPermanent;
  result.reason = response.status >= 500 ? "server_error" : "client_error";
  return result;
}

}  // namespace nanospan::gateway
