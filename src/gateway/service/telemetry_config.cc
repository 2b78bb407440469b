// Reads service.telemetry. Both of the Collector's forms for the metrics address are understood: metrics.address, and
// the Prometheus pull reader that replaced it (service/telemetry/otelconftelemetry). One thread.
#include "gateway/service/telemetry_config.h"

#include "gateway/config/listen_address.h"

namespace nanospan::gateway {
namespace {

void read_prometheus(MapReader& prometheus, TelemetryConfig& out) {
  std::uint64_t port = out.metrics_port;
  prometheus.read("host", out.metrics_host);
  prometheus.read("port", port, 0, 65535);
  out.metrics_port = static_cast<std::uint16_t>(port);
  // Names are always those of the Collector's default reader, without unit and type suffixes.
  bool without = true;
  for (const std::string_view key : {"without_scope_info", "without_type_suffix", "without_units"}) {
    prometheus.read(key, without);
    if (!without) prometheus.fail(key, "false is not supported: metric names carry no suffix; remove it or write true");
    without = true;
  }
  prometheus.ignore("with_resource_constant_labels", "series carry no resource labels");
  prometheus.ignore("translation_strategy", "metric names carry no suffix");
  prometheus.finish();
}

void read_reader(MapReader& reader, TelemetryConfig& out) {
  reader.refuse("periodic", "the gateway's own metrics are pulled: use pull.exporter.prometheus");
  if (std::optional<MapReader> pull = reader.child("pull")) {
    if (std::optional<MapReader> exporter = pull->child("exporter")) {
      if (std::optional<MapReader> prometheus = exporter->child("prometheus")) read_prometheus(*prometheus, out);
      exporter->finish();
    }
    pull->finish();
  }
  reader.finish();
}

void read_metrics(MapReader& metrics, TelemetryConfig& out) {
  std::string level = "normal";
  metrics.read_choice("level", {"none", "basic", "normal", "detailed"}, level);
  out.metrics_enabled = level != "none";
  if (const std::optional<ListenAddress> address = read_listen_address(metrics, "address")) {
    out.metrics_host = address->host;
    out.metrics_port = address->port;
  }
  metrics.read_each("readers", [&](MapReader& reader) { read_reader(reader, out); });
  metrics.refuse("views", "remove it: all metrics are given");
  metrics.finish();
}

/// The Collector's two forms: a map of names and texts, where null takes one away, and `attributes` as in declarative
/// configuration, a list of {name, value}.
void read_resource(MapReader& telemetry, TelemetryConfig& out) {
  const ConfigNode* const node = telemetry.node("resource");
  std::optional<MapReader> resource = telemetry.child("resource");
  if (!resource || node == nullptr) return;
  resource->ignore("schema_url", "the resource is shown without one");
  resource->refuse("attributes_list", "use attributes");
  resource->refuse("detection/development", "name the attributes under attributes");
  resource->read_each("attributes", [&](MapReader& attribute) {
    std::string name, value, type = "string";
    attribute.read("name", name);
    attribute.read("value", value);
    attribute.read_choice("type", {"string"}, type);
    if (name.empty()) attribute.fail("name", "is missing");
    attribute.finish();
    out.resource.emplace_back(std::move(name), std::move(value));
  });
  const bool has_list = !out.resource.empty();
  for (const ConfigNode::Entry& entry : node->entries) {
    if (entry.key == "attributes" || entry.key == "schema_url" || entry.key == "attributes_list" ||
        entry.key == "detection/development") {
      continue;
    }
    if (has_list) resource->fail(entry.key, "stands beside the list attributes; write it there");
    std::string text;
    resource->read(entry.key, text);
    out.resource.emplace_back(entry.key, entry.value.is_null() ? std::nullopt : std::optional(std::move(text)));
  }
  resource->finish();
}

}  // namespace

void read_telemetry_config(MapReader& reader, TelemetryConfig& out) {
  if (std::optional<MapReader> metrics = reader.child("metrics")) read_metrics(*metrics, out);
  if (std::optional<MapReader> logs = reader.child("logs")) {
    std::string level = "info";
    logs->read_choice("level", {"debug", "info", "warn", "error", "DEBUG", "INFO", "WARN", "ERROR"}, level);
    constexpr std::string_view kInitials = "diwe";
    out.log_level = static_cast<LogLevel>(kInitials.find(static_cast<char>(level[0] | 0x20)));
    std::string encoding = "console";
    logs->read_choice("encoding", {"console", "json"}, encoding);
    out.log_encoding = encoding == "json" ? LogEncoding::kJson : LogEncoding::kConsole;
    for (const std::string_view key : {"development", "disable_caller", "disable_stacktrace", "sampling"}) {
      logs->ignore(key, "lines have no caller and no stack trace, and are limited to one per reason in ten seconds");
    }
    for (const std::string_view key : {"output_paths", "error_output_paths", "initial_fields", "processors"}) {
      logs->refuse(key, "lines go to standard error; redirect it");
    }
    logs->finish();
  }
  read_resource(reader, out);
  reader.refuse("traces", "the gateway does not trace itself");
  reader.finish();
}

}  // namespace nanospan::gateway
