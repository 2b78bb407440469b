// Keys of the `health_check` extension (Collector contrib: extension/healthcheckextension/config.go). Read by one
// thread, then constant.
#pragma once

#include <optional>
#include <string>

#include "gateway/config/listen_address.h"
#include "gateway/config/map_reader.h"
#include "net/tls_options.h"

namespace nanospan::gateway {

struct HealthCheckConfig {
  ListenAddress address{"127.0.0.1", 13133};
  std::string path = "/";
  std::string healthy_body;  ///< Empty: the Collector's JSON.
  std::string unhealthy_body;
  std::optional<net::TlsServerOptions> tls;  ///< Nothing: plain connections.
};

HealthCheckConfig read_health_check_config(MapReader& reader);

}  // namespace nanospan::gateway
