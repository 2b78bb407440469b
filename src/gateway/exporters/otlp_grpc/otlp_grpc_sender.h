// OtlpGrpcSender: sends batches to an OTLP/gRPC receiver: one attempt, one SendResult.
//
// The bytes go out as they came in, by reference, many batches at a time on a connection; or compressed, into a block
// that lives as long as the attempt. Follows the OTLP rules for statuses (docs/specification.md, "OTLP/gRPC Response"):
// RESOURCE_EXHAUSTED is retried only with a RetryInfo, whose delay is kept. For the thread of its loop.
#pragma once

#include <memory>
#include <string>

#include "gateway/auth/authenticator.h"
#include "gateway/exporters/otlp_grpc/otlp_grpc_exporter_config.h"
#include "gateway/queue/sender.h"
#include "gateway/telemetry/log.h"
#include "net/grpc_client.h"

namespace nanospan::gateway {

class OtlpGrpcSender final : public Sender {
 public:
  /// `authenticator` may be null.
  static Result<std::unique_ptr<OtlpGrpcSender>> create(net::EventLoop& loop, OtlpGrpcExporterConfig config,
                                                        std::string subject, Log& log,
                                                        std::shared_ptr<ClientAuthenticator> authenticator = nullptr);

  /// Use create().
  OtlpGrpcSender(OtlpGrpcExporterConfig config, std::string subject, Log& log);

  void send(BatchRef batch, base::Deadline deadline, Done done) override;

  /// What a reply means.
  static SendResult judge(const net::GrpcReply& reply, const std::string& destination);
  /// What to add to its message where the port is OTLP/HTTP's and the other side looks like it.
  static std::string_view port_hint(const net::GrpcReply& reply, const net::Url& url);

 private:
  const OtlpGrpcExporterConfig config_;
  const std::string destination_;
  const std::string subject_;
  Log& log_;
  std::shared_ptr<ClientAuthenticator> authenticator_;  // null: none
  std::unique_ptr<net::GrpcClient> client_;
};

}  // namespace nanospan::gateway
