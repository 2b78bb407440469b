// Ties the `debug` exporter together. Called by the service's thread.
#include "gateway/exporters/debug/debug_exporter_factory.h"

#include "gateway/exporters/debug/debug_sender.h"
#include "gateway/exporters/queued_exporter.h"

namespace nanospan::gateway {
namespace {

Result<std::unique_ptr<Exporter>> make(const std::string& id, const DebugExporterConfig& config, Host& host,
                                       Signal signal) {
  auto sender = std::make_unique<DebugSender>(config, id, host.clock(), host.metrics(), host.log());
  return std::unique_ptr<Exporter>(std::make_unique<QueuedExporter>(
      host.own_loop(), ExportQueueOptions{id, config.queue, RetryOptions(), base::kNever, signal}, std::move(sender),
      host, "standard error"));
}

}  // namespace

ExporterFactory debug_exporter_factory() {
  return {
      "debug", {}, "shows telemetry on standard error", [](const ComponentId& id, MapReader& reader) -> ExporterMaker {
        return [name = id.text(), config = read_debug_exporter_config(reader)](Host& host, Signal signal) {
          return make(name, config, host, signal);
        };
      }};
}

}  // namespace nanospan::gateway
