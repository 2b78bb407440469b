// OtlpReceiver: listens for OTLP/HTTP on all receiving loops and feeds one consumer.
//
// The service's thread starts and drains it; requests run on the loops. Owns the server; the handler is shared with
// requests in flight.
#pragma once

#include <memory>
#include <string>

#include "gateway/component/component.h"
#include "gateway/receivers/otlp/otlp_http_handler.h"
#include "gateway/receivers/otlp/otlp_receiver_config.h"

namespace nanospan::gateway {

class OtlpReceiver final : public Component {
 public:
  OtlpReceiver(OtlpReceiverConfig config, std::string receiver, Host& host, Consumer& next);

  Status start() override;
  void drain(base::Deadline deadline, net::Task done) override;
  std::string describe() const override;

 private:
  void publish_counters();

  const OtlpReceiverConfig config_;
  const std::string receiver_;
  Host& host_;
  std::shared_ptr<OtlpHttpHandler> handler_;
  std::unique_ptr<net::Http1Server> server_;
};

}  // namespace nanospan::gateway
