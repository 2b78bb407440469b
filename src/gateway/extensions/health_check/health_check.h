// HealthCheck: 200 while the gateway takes spans, 503 before and while it shuts down; the bodies are the Collector's.
//
// Started and drained by the service's thread; answers on one of the shared loops.
#pragma once

#include <memory>
#include <string>

#include "gateway/component/component.h"
#include "gateway/extensions/health_check/health_check_config.h"
#include "gateway/http/status_endpoint.h"

namespace nanospan::gateway {

class HealthCheck final : public Component {
 public:
  HealthCheck(HealthCheckConfig config, Host& host) : config_(std::move(config)), host_(host) {}

  Status start() override;
  void drain(base::Deadline deadline, net::Task done) override;
  std::string describe() const override;

 private:
  net::Response answer() const;

  const HealthCheckConfig config_;
  Host& host_;
  base::UnixNanos up_since_ = 0;
  base::MonotonicNanos started_ = 0;
  std::unique_ptr<StatusEndpoint> endpoint_;
};

}  // namespace nanospan::gateway
