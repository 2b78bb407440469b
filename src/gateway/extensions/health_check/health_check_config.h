// Keys of the `health_check` extension (Collector contrib: extension/healthcheckextension/config.go). Read by one
// thread, then constant.
#pragma once

#include <string>

#include "gateway/config/listen_address.h"
#include "gateway/config/map_reader.h"

namespace nanospan::gateway {

struct HealthCheckConfig {
  ListenAddress address{"127.0.0.1", 13133};
  std::string path = "/";
  std::string healthy_body;  ///< Empty: the Collector's JSON.
  std::string unhealthy_body;
};

HealthCheckConfig read_health_check_config(MapReader& reader);

}  // namespace nanospan::gateway
