// Outcomes become gRPC statuses by OTLP's table; refusals carry a RetryInfo where trying again helps. Threads: see the
// header.
#include "gateway/receivers/otlp/otlp_grpc_service.h"

#include "gateway/config/units.h"
#include "gateway/receivers/otlp/otlp_answer.h"
#include "gateway/telemetry/printable.h"
#include "wire/otlp_reply.h"

namespace nanospan::gateway {
namespace {

using net::GrpcCode;
using net::GrpcStatus;

/// With a RetryInfo if `retry_after_nanos` is not 0.
GrpcStatus make_status(GrpcCode code, std::string message, std::uint64_t retry_after_nanos = 0) {
  GrpcStatus status{code, std::move(message), {}};
  if (retry_after_nanos != 0) {
    status.details = wire::encode_rpc_status({static_cast<std::int32_t>(code), status.message, retry_after_nanos});
  }
  return status;
}

GrpcCode code_of(const Refusal& refusal) {
  switch (refusal.status) {
    case 401:
      return GrpcCode::kUnauthenticated;
    case 404:
      return GrpcCode::kUnimplemented;
    case 413:
      return GrpcCode::kResourceExhausted;
    case 408:
    case 503:
      return GrpcCode::kUnavailable;
    default:
      return GrpcCode::kInvalidArgument;
  }
}

}  // namespace

OtlpGrpcService::OtlpGrpcService(const OtlpGrpcOptions& options, std::string receiver, Host& host,
                                 const SignalConsumers& next)
    : intake_(std::move(receiver), "grpc", options.message_bytes_max, host, next) {}

/// Nothing for a signal that no pipeline takes from here.
std::optional<Signal> OtlpGrpcService::signal_of(std::string_view path) const {
  for (const Signal signal : kSignals) {
    if (intake_.takes(signal) && path == info_of(signal).grpc_path) return signal;
  }
  return std::nullopt;
}

OtlpGrpcService::Decision OtlpGrpcService::on_call(const net::MessageHead& head) {
  intake_.count_request();
  if (const std::optional<Refusal> refusal = intake_.check_sender(head)) return {refuse(*refusal), 0, {}};
  if (!signal_of(head.path())) {
    std::string message = printable(head.path(), 100) + " is not served here; it takes";
    for (const Signal signal : kSignals) {
      if (intake_.takes(signal)) message.append(" ").append(info_of(signal).grpc_path);
    }
    return {refuse({404, "wrong_path", std::move(message)}), 0, {}};
  }
  if (intake_.draining()) return {refuse(OtlpIntake::shutting_down()), 0, {}};
  std::unique_ptr<net::BodyTicket> ticket = intake_.charge(0, 0);
  return {{}, static_cast<std::size_t>(intake_.body_bytes_max()), std::move(ticket)};
}

void OtlpGrpcService::on_message(net::Request request, net::GrpcResponder responder) {
  Refusal refusal;
  // The server let only codings pass that it was told of.
  const net::Codec* const codec =
      request.compressed ? find_grpc_codec(request.head.headers.find("grpc-encoding").value_or("")) : nullptr;
  BatchRef batch = intake_.decode(request, *signal_of(request.head.path()), OtlpEncoding::kProtobuf, codec, refusal);
  if (batch == nullptr) return responder.fail(refuse(refusal.status == 413 ? too_large() : refusal));
  intake_.consume(
      std::move(batch), [self = shared_from_this(), responder = std::move(responder)](Outcome outcome) mutable {
        if (outcome.kind != Outcome::Kind::kAccepted) return responder.fail(self->status_of(outcome));
        responder.succeed(
            wire::encode_export_response({static_cast<std::int64_t>(outcome.rejected_spans), outcome.message}));
      });
}

GrpcStatus OtlpGrpcService::on_refused(int http_status, GrpcStatus status, const net::MessageHead& /*head*/) {
  switch (http_status) {
    case 408:  // the next attempt may be faster
      return refuse({http_status, "slow", std::move(status.message), true});
    case 413:
      return refuse(too_large());
    case 503:
      return refuse(intake_.no_memory());
    default:
      break;
  }
  const std::string_view reason = http_status == 405   ? "wrong_method"
                                  : http_status == 415 ? "wrong_encoding"
                                  : http_status == 431 ? "head_too_large"
                                  : http_status == 500 ? "internal"
                                  : http_status == 504 ? "deadline"
                                                       : "malformed_grpc";
  intake_.count_refusal({http_status, reason, status.message});
  return status;
}

std::optional<net::Response> OtlpGrpcService::on_no_call(const net::MessageHead& head) {
  intake_.count_request();
  std::optional<Refusal> refusal = intake_.check_sender(head);
  if (!refusal && net::is_grpc_content_type(head.headers.find("Content-Type").value_or(""))) {
    refusal = {505, "grpc_on_http1",
               "gRPC needs HTTP/2, and this request came over HTTP/1.1; a proxy on the way may have changed it: let it "
               "pass HTTP/2 on"};
  }
  if (!refusal) {
    const std::optional<std::string> place = intake_.other_place();
    refusal = {
        415, "http_on_grpc_port",
        "the client speaks HTTP without gRPC, this port takes OTLP over gRPC; " +
            (place ? "OTLP over HTTP is on " + *place : "let it send grpc, or enable protocols.http of this receiver")};
  }
  intake_.count_refusal(*refusal);
  return refusal_answer(*refusal, std::nullopt, intake_.retry_nanos());
}

GrpcStatus OtlpGrpcService::refuse(const Refusal& refusal) {
  intake_.count_refusal(refusal);
  return make_status(code_of(refusal), refusal.message, refusal.is_for_now ? intake_.retry_nanos() : 0);
}

/// Of one that was not accepted.
GrpcStatus OtlpGrpcService::status_of(const Outcome& outcome) const {
  if (outcome.kind == Outcome::Kind::kPermanent) return make_status(GrpcCode::kInternal, outcome.message);
  return make_status(GrpcCode::kUnavailable, outcome.message, intake_.retry_nanos(outcome.retry_after_nanos));
}

Refusal OtlpGrpcService::too_large() const {
  return {413, "body_too_large",
          "the message is larger than " + format_byte_size(intake_.body_bytes_max()) +
              " (the receiver's max_recv_msg_size_mib, at most half of service.memory_budget); send smaller batches or "
              "raise it"};
}

}  // namespace nanospan::gateway
