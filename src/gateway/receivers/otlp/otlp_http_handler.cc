// The checks of a request in the order in which they cost least, and their answers. Thread-safety: see the header.
#include "gateway/receivers/otlp/otlp_http_handler.h"

#include <algorithm>

#include "gateway/config/units.h"
#include "gateway/receivers/otlp/cors.h"
#include "gateway/telemetry/printable.h"
#include "net/grpc_framing.h"

namespace nanospan::gateway {
namespace {

constexpr std::string_view kTypes = "application/x-protobuf, application/json";

std::string quoted(std::string_view text) { return "\"" + printable(text, 100) + "\""; }

std::string_view content_type(const net::MessageHead& head) { return head.headers.find("Content-Type").value_or(""); }

/// The coding of the body: "", "gzip", or what else the client wrote.
std::string_view content_encoding(const net::MessageHead& head) {
  const std::string_view encoding = head.headers.find("Content-Encoding").value_or("");
  return net::equals_ignoring_case(encoding, "identity") ? std::string_view() : encoding;
}

}  // namespace

OtlpHttpHandler::OtlpHttpHandler(OtlpHttpOptions options, std::string receiver, Host& host, const SignalConsumers& next)
    : options_(std::move(options)), intake_(std::move(receiver), "http", options_.body_bytes_max, host, next) {}

const net::Codec* OtlpHttpHandler::codec_for(std::string_view content_encoding) const {
  const ContentCoding* coding = find_content_coding(content_encoding);
  const bool is_accepted =
      std::find(options_.codings.begin(), options_.codings.end(), coding) != options_.codings.end();
  return is_accepted ? coding->codec : nullptr;
}

/// Nothing for a signal that no pipeline takes from here.
std::optional<Signal> OtlpHttpHandler::signal_of(std::string_view path) const {
  for (const Signal signal : kSignals) {
    if (intake_.takes(signal) && path == options_.paths[signal]) return signal;
  }
  return std::nullopt;
}

Refusal OtlpHttpHandler::wrong_path(std::string_view path) const {
  std::string message = quoted(path) + " is not served here; send ";
  std::string_view separator;
  for (const Signal signal : kSignals) {
    if (!intake_.takes(signal)) continue;
    message.append(separator).append(info_of(signal).name).append(" to POST ").append(options_.paths[signal]);
    separator = ", ";
  }
  return {404, "wrong_path", std::move(message)};
}

std::optional<Refusal> OtlpHttpHandler::check_head(const net::MessageHead& head) const {
  if (net::is_grpc_content_type(content_type(head))) {
    const std::optional<std::string> place = intake_.other_place();
    return Refusal{415, "grpc_on_http_port",
                   "the client speaks gRPC, this port takes OTLP over HTTP; " +
                       (place ? "OTLP over gRPC is on " + *place
                              : "let it send http/protobuf, or enable protocols.grpc of this receiver")};
  }
  const std::optional<Signal> signal = signal_of(head.path());
  if (!signal) return wrong_path(head.path());
  if (head.method() != "POST") {
    Refusal refusal{405, "wrong_method",
                    "send " + std::string(info_of(*signal).name) + " with POST, not " + printable(head.method(), 20)};
    refusal.headers.push_back({"Allow", options_.cors.allowed_origins.empty() ? "POST" : "POST, OPTIONS"});
    return refusal;
  }
  if (const std::string_view type = content_type(head); !encoding_of(type)) {
    Refusal refusal{415, "wrong_type",
                    "Content-Type " + quoted(type) + " is not supported; send " + std::string(kTypes)};
    refusal.headers.push_back({"Accept", std::string(kTypes)});
    return refusal;
  }
  if (!info_of(*signal).has_json && encoding_of(content_type(head)) == OtlpEncoding::kJson) {
    return Refusal{415, "wrong_type", std::string(info_of(*signal).name) + " are taken as application/x-protobuf only"};
  }
  if (const std::string_view encoding = content_encoding(head); !encoding.empty() && codec_for(encoding) == nullptr) {
    std::string accepted;
    for (const ContentCoding* coding : options_.codings) accepted.append(coding->name).append(", ");
    accepted += "identity";
    Refusal refusal{415, "wrong_encoding",
                    "Content-Encoding " + quoted(encoding) + " is not supported; send " + accepted};
    refusal.headers.push_back({"Accept-Encoding", accepted});
    return refusal;
  }
  if (!head.content_length && !head.chunked && head.major_version == 1) {
    return Refusal{411, "no_length",
                   "the request has neither Content-Length nor Transfer-Encoding: chunked; send one of them"};
  }
  if (head.content_length.value_or(0) > intake_.body_bytes_max()) {
    return BodyDecoder::too_large("the body of " + format_byte_size(*head.content_length), intake_.body_bytes_max());
  }
  if (intake_.draining()) return OtlpIntake::shutting_down();
  return std::nullopt;
}

net::Admission OtlpHttpHandler::on_headers(const net::MessageHead& head) {
  intake_.count_request();
  if (std::optional<net::Response> preflight = preflight_answer(options_.cors, head)) {
    return net::Admission::answer(*std::move(preflight));
  }
  if (std::optional<Refusal> refusal = intake_.check_sender(head))
    return net::Admission::answer(refuse(*refusal, &head));
  if (std::optional<Refusal> refusal = check_head(head)) return net::Admission::answer(refuse(*refusal, &head));
  // The rest of a larger body is charged as it arrives: a length is only a promise.
  const std::uint64_t whole = head.content_length.value_or(0);
  std::unique_ptr<net::BodyTicket> ticket = intake_.charge(std::min<std::uint64_t>(whole, net::kBodyBytesFirst), whole);
  if (!ticket) return net::Admission::answer(refuse(intake_.no_memory(), &head));
  return net::Admission::accept(static_cast<std::size_t>(intake_.body_bytes_max()), std::move(ticket));
}

bool OtlpHttpHandler::on_input_kept(std::size_t bytes, std::unique_ptr<net::BodyTicket>& ticket) {
  ticket = intake_.charge(bytes, bytes);
  return ticket != nullptr;
}

net::Response OtlpHttpHandler::on_refused(int status, std::string_view reason, const net::MessageHead* head) {
  switch (status) {
    case 408:
      return refuse({status, "slow", std::string(reason)}, head);
    case 413:
      return refuse(BodyDecoder::too_large("the body", intake_.body_bytes_max()), head);
    case 414:
    case 431:
      return refuse({status, "head_too_large", std::string(reason)}, head);
    case 500:
      return refuse({status, "internal", std::string(reason)}, head);
    case 503:
      return refuse(intake_.no_memory(), head);
    default:
      return refuse({status, "malformed_http", std::string(reason)}, head);
  }
}

net::Response OtlpHttpHandler::refuse(const Refusal& refusal, const net::MessageHead* head) {
  intake_.count_refusal(refusal);
  const std::optional<OtlpEncoding> encoding = head == nullptr ? std::nullopt : encoding_of(content_type(*head));
  net::Response response = refusal_answer(refusal, encoding, intake_.retry_nanos());
  decorate(response, head == nullptr ? "" : head->headers.find("Origin").value_or(""));
  return response;
}

void OtlpHttpHandler::decorate(net::Response& response, std::string_view origin) const {
  for (const auto& [name, value] : options_.response_headers) response.headers.push_back({name, value});
  add_cors_headers(options_.cors, origin, response);
}

void OtlpHttpHandler::on_request(net::Request request, net::Responder responder) {
  const OtlpEncoding encoding = *encoding_of(content_type(request.head));  // on_headers() let only these pass.
  const Signal signal = *signal_of(request.head.path());
  Refusal refusal;
  const net::Codec* codec = codec_for(content_encoding(request.head));
  BatchRef batch = intake_.decode(request, signal, encoding, codec, refusal);
  if (batch == nullptr) return responder.respond(refuse(refusal, &request.head));
  std::string origin(request.head.headers.find("Origin").value_or(""));
  intake_.consume(std::move(batch), [self = shared_from_this(), signal, encoding, origin = std::move(origin),
                                     responder = std::move(responder)](Outcome outcome) mutable {
    responder.respond(self->answer(outcome, signal, encoding, origin));
  });
}

net::Response OtlpHttpHandler::answer(const Outcome& outcome, Signal signal, OtlpEncoding encoding,
                                      std::string_view origin) const {
  net::Response response;
  switch (outcome.kind) {
    case Outcome::Kind::kAccepted:
      response = success_answer(signal, encoding, {static_cast<std::int64_t>(outcome.rejected_spans), outcome.message});
      break;
    case Outcome::Kind::kRetry:
      response = retry_answer(503, outcome.message, encoding, intake_.retry_nanos(outcome.retry_after_nanos));
      break;
    case Outcome::Kind::kPermanent:
      response = error_answer(500, outcome.message, encoding);
      break;
  }
  decorate(response, origin);
  return response;
}

}  // namespace nanospan::gateway
