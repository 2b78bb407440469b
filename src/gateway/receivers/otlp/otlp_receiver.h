// OtlpReceiver: listens for OTLP/HTTP and OTLP/gRPC on all receiving loops and feeds one consumer.
//
// Each protocol has its port, and takes what comes to it: OTLP/HTTP over HTTP/1.1 and HTTP/2, gRPC over HTTP/2. The
// service's thread starts and drains it; requests run on the loops. Owns the servers; the handlers are shared with
// requests in flight.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/component/component.h"
#include "gateway/receivers/otlp/otlp_grpc_service.h"
#include "gateway/receivers/otlp/otlp_http_handler.h"
#include "gateway/receivers/otlp/otlp_receiver_config.h"

namespace nanospan::gateway {

class OtlpReceiver final : public Component {
 public:
  OtlpReceiver(OtlpReceiverConfig config, std::string receiver, Host& host, const SignalConsumers& next);

  Status start() override;
  void drain(base::Deadline deadline, net::Task done) override;
  std::string describe() const override;

 private:
  std::string paths() const;
  Status start_http();
  Status start_grpc();
  std::function<void()> says_over_limit(const std::string& transport, std::size_t connections_max) const;
  Result<net::StreamFactory> streams(const std::optional<net::TlsServerOptions>& tls, const std::string& transport);
  void publish_counters(std::string_view transport, const net::HttpServer& server);

  const OtlpReceiverConfig config_;
  const std::string receiver_;
  Host& host_;
  const SignalConsumers next_;
  std::shared_ptr<OtlpHttpHandler> http_handler_;  // null: the protocol is off
  std::shared_ptr<OtlpGrpcService> grpc_service_;
  std::unique_ptr<net::HttpServer> http_server_;
  std::unique_ptr<net::HttpServer> grpc_server_;
  std::vector<Observation> observations_;  // of the servers; last, so that they end first
};

}  // namespace nanospan::gateway
