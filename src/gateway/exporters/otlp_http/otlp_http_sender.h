// OtlpHttpSender: posts batches to an OTLP/HTTP receiver: one attempt, one SendResult.
//
// The bytes go out as they came in, in one write; or compressed, as they came or as the batch keeps them for all tries.
// Follows the OTLP rules for answers (docs/specification.md, "OTLP/HTTP Response"): 2xx is sent, also with rejected
// spans (partial success, never retried); 429, 502, 503, 504 and every failure of the connection are retried,
// Retry-After is kept; all else is final. For the thread of its loop.
#pragma once

#include <memory>
#include <string>

#include "gateway/auth/authenticator.h"
#include "gateway/exporters/otlp_http/otlp_http_exporter_config.h"
#include "gateway/queue/sender.h"
#include "gateway/telemetry/log.h"
#include "net/http1_client.h"

namespace nanospan::gateway {

class OtlpHttpSender final : public Sender {
 public:
  /// `authenticator` may be null.
  static Result<std::unique_ptr<OtlpHttpSender>> create(net::EventLoop& loop, OtlpHttpExporterConfig config,
                                                        std::string subject, Log& log,
                                                        std::shared_ptr<ClientAuthenticator> authenticator = nullptr);

  /// Use create().
  OtlpHttpSender(net::EventLoop& loop, OtlpHttpExporterConfig config, std::string subject, Log& log);

  void send(BatchRef batch, base::Deadline deadline, Done done) override;

  /// What an answer means. `now` is needed for Retry-After as a date.
  static SendResult judge(const net::Response& response, const std::string& destination, base::UnixNanos now);

 private:
  net::EventLoop& loop_;
  const OtlpHttpExporterConfig config_;
  const std::string destination_;
  const std::string subject_;
  Log& log_;
  std::shared_ptr<ClientAuthenticator> authenticator_;  // null: none
  std::unique_ptr<net::Http1Client> client_;
};

}  // namespace nanospan::gateway
