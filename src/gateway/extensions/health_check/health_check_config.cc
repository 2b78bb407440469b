// Reads the `health_check` extension's keys. One thread.
#include "gateway/extensions/health_check/health_check_config.h"

#include "gateway/config/tls_config.h"

namespace nanospan::gateway {

HealthCheckConfig read_health_check_config(MapReader& reader) {
  HealthCheckConfig config;
  if (std::optional<ListenAddress> address = read_listen_address(reader, "endpoint"))
    config.address = *std::move(address);
  reader.read("path", config.path);
  if (config.path.empty()) config.path = "/";
  if (config.path.front() != '/') reader.fail("path", "is \"" + config.path + "\"; it must begin with /");
  if (std::optional<MapReader> body = reader.child("response_body")) {
    body->read("healthy", config.healthy_body);
    body->read("unhealthy", config.unhealthy_body);
    body->finish();
  }
  config.tls = read_tls_server(reader);
  if (config.tls) config.tls->protocols = {"http/1.1"};
  // It never worked in the Collector either (healthcheckextension/README.md).
  if (std::optional<MapReader> pipeline = reader.child("check_collector_pipeline")) {
    bool enabled = false;
    pipeline->read("enabled", enabled);
    if (enabled) pipeline->fail("enabled", "is not supported; watch otelcol_exporter_send_failed_spans instead");
    for (const std::string_view key : {"interval", "exporter_failure_threshold"})
      pipeline->ignore(key, "the check is off");
    pipeline->finish();
  }
  reader.finish();
  return config;
}

}  // namespace nanospan::gateway
