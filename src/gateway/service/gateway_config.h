// GatewayConfig: a whole configuration file, read and checked: makers of its components and the pipelines between them.
//
// Has no yaml-cpp type, and no key of any component. A plain value; the makers may be called by the service, those of
// exporters once for each signal, those of processors once for each pipeline, and again where a reload takes a step
// back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/component/component.h"
#include "gateway/config/resolve.h"

namespace nanospan::gateway {

template <class M>
struct ConfiguredComponent {
  ComponentId id;
  M make;
  ConfigNode config = {};  ///< What it was read from, to tell in a reload whether it changed.
};

struct PipelineConfig {
  ComponentId id;  ///< type is the signal's name.
  Signal signal = Signal::kTraces;
  std::vector<ComponentId> receivers;
  std::vector<ComponentId> processors;  ///< In the order in which batches go through them.
  std::vector<ComponentId> exporters;
};

/// service.telemetry, as far as it means something here.
struct TelemetryConfig {
  bool metrics_enabled = true;
  std::string metrics_host = "127.0.0.1";
  std::uint16_t metrics_port = 8888;
  LogLevel log_level = LogLevel::kInfo;
  LogEncoding log_encoding = LogEncoding::kConsole;
  /// Over what the gateway says of itself (service/own_resource.h); one without a value takes an attribute away.
  std::vector<std::pair<std::string, std::optional<std::string>>> resource = {};

  friend bool operator==(const TelemetryConfig&, const TelemetryConfig&) = default;
};

struct GatewayConfig {
  std::vector<ConfiguredComponent<ReceiverMaker>> receivers;      ///< Only those that a pipeline uses.
  std::vector<ConfiguredComponent<ProcessorMaker>> processors;    ///< The same.
  std::vector<ConfiguredComponent<ExporterMaker>> exporters;      ///< The same.
  std::vector<ConfiguredComponent<Maker<Component>>> extensions;  ///< In the order of service.extensions.
  std::vector<PipelineConfig> pipelines;
  TelemetryConfig telemetry;
  net::ProxySettings proxies;             ///< Of the environment.
  std::uint64_t memory_budget_bytes = 0;  ///< service.memory_budget; 0: a part of what the machine or container has.
  /// service.memory_limit, soft: what the process should use at most; 0: nine tenths of what the machine or container
  /// has.
  std::uint64_t memory_limit_bytes = 0;
  std::uint64_t shutdown_nanos = 30 * base::kNanosPerSecond;  ///< service.shutdown_timeout: for the drain.
};

struct LoadedConfig {
  GatewayConfig config;  ///< Meaningful if errors is empty.
  /// Everything as it was given, sources merged and references replaced, as YAML that loads as the same. Empty if there
  /// are errors. `redacted`: with [REDACTED] for what is secret.
  std::string redacted_text, text;
  std::vector<std::string> errors;  ///< "file:line: key: what is wrong; remedy", in file order of reading.
  std::vector<std::string> warnings;
};

/// Reads a configuration. `file` is what messages call it.
LoadedConfig load_config(std::string_view text, std::string_view file, const ComponentRegistry& registry,
                         const ConfigProviders& providers);
/// Reads the configuration that several sources give together; later ones go over earlier ones (merge_config()).
LoadedConfig load_config(const std::vector<ConfigSource>& sources, const ComponentRegistry& registry,
                         const ConfigProviders& providers);

/// What `nanospan serve` runs without --config.
std::string_view embedded_config();

}  // namespace nanospan::gateway
