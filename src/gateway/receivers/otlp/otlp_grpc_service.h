// OtlpGrpcService: OTLP/gRPC calls -> validated batches, and outcomes -> statuses that tell the sender what to do.
//
// opentelemetry-proto docs/specification.md, "OTLP/gRPC Response" and "OTLP/gRPC Throttling": what may be sent again is
// UNAVAILABLE with a RetryInfo, never a bare RESOURCE_EXHAUSTED; what may not is INVALID_ARGUMENT, or INTERNAL where a
// destination refused it.
//
// Called on all receiving loops at once; its own state is constant or atomic. Completions hold it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/receivers/otlp/otlp_intake.h"
#include "gateway/receivers/otlp/otlp_receiver_config.h"
#include "net/grpc_server.h"

namespace nanospan::gateway {

class OtlpGrpcService final : public net::GrpcService, public std::enable_shared_from_this<OtlpGrpcService> {
 public:
  /// `host` and `next` must outlive the calls.
  OtlpGrpcService(const OtlpGrpcOptions& options, std::string receiver, Host& host, const SignalConsumers& next);

  Decision on_call(const net::MessageHead& head) override;
  void on_message(net::Request request, net::GrpcResponder responder) override;
  net::GrpcStatus on_refused(int http_status, net::GrpcStatus status, const net::MessageHead& head) override;
  std::optional<net::Response> on_no_call(const net::MessageHead& head) override;

  /// From now on new calls are answered UNAVAILABLE.
  void begin_drain() { intake_.begin_drain(); }
  /// See OtlpIntake.
  void set_other_port(std::uint16_t port) { intake_.set_other_port(port); }
  /// Before the first request.
  Status require(const std::string& authenticator) { return intake_.require(authenticator); }

 private:
  std::optional<Signal> signal_of(std::string_view path) const;
  net::GrpcStatus refuse(const Refusal& refusal);
  net::GrpcStatus status_of(const Outcome& outcome) const;
  Refusal too_large() const;

  OtlpIntake intake_;
};

}  // namespace nanospan::gateway
