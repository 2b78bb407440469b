// OwnResource: what the gateway says of itself, as the Collector does: service.name, service.version,
// service.instance.id, and what service.telemetry.resource adds, changes or takes away. It stands in the series
// target_info and in the JSON lines of the log.
//
// Pure functions. Any thread.
#pragma once

#include <map>
#include <string>

#include "gateway/service/gateway_config.h"
#include "gateway/telemetry/metrics.h"

namespace nanospan::gateway {

using OwnResource = std::map<std::string, std::string>;

/// An empty `instance_id` is left out.
OwnResource own_resource(const TelemetryConfig& telemetry, const std::string& instance_id);
/// A JSON object.
std::string to_json(const OwnResource& resource);
/// As the series target_info (OpenTelemetry, "Prometheus and OpenMetrics compatibility"): letters that label names do
/// not have become "_", and values whose names are then the same are joined with ";".
void show_target_info(const OwnResource& resource, MetricsRegistry& metrics);

}  // namespace nanospan::gateway
