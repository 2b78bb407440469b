// service.telemetry: the Collector's keys for its own metrics and logs, as far as they mean something here. One thread.
#pragma once

#include "gateway/service/gateway_config.h"

namespace nanospan::gateway {

void read_telemetry_config(MapReader& reader, TelemetryConfig& out);

}  // namespace nanospan::gateway
