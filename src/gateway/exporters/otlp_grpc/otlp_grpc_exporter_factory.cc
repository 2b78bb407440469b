// Ties the `otlp_grpc` exporter together: configuration, sender, queue. Called by the service's thread.
#include "gateway/exporters/otlp_grpc/otlp_grpc_exporter_factory.h"

#include "gateway/exporters/otlp_grpc/otlp_grpc_exporter_config.h"
#include "gateway/exporters/otlp_grpc/otlp_grpc_sender.h"
#include "gateway/exporters/queued_exporter.h"

namespace nanospan::gateway {
namespace {

Result<std::unique_ptr<Exporter>> make(const std::string& id, OtlpGrpcExporterConfig config, Host& host,
                                       Signal signal) {
  Result<std::shared_ptr<ClientAuthenticator>> authenticator = host.authenticators().client(config.authenticator);
  if (!authenticator) return authenticator.error();
  Result<std::optional<net::Proxy>> proxy = otlp_proxy("", host.proxies(), config.url, true);
  if (!proxy) return proxy.error();
  config.proxy = std::move(proxy).value();
  net::EventLoop& loop = host.shared_loop();
  Result<std::unique_ptr<OtlpGrpcSender>> sender =
      OtlpGrpcSender::create(loop, config, "exporter " + id, host.log(), std::move(authenticator).value());
  if (!sender) return sender.error();
  const std::string description =
      "grpc " + config.destination() + (config.url.https ? ", TLS" : "") + describe_proxy(config.proxy) +
      (config.codec != nullptr ? ", " + std::string(config.compression.coding->name) : "") + ", queue " +
      describe_size(config.queue) + (config.queue.wait_for_result ? ", senders wait for the result" : "");
  return std::unique_ptr<Exporter>(std::make_unique<QueuedExporter>(
      loop, ExportQueueOptions{id, config.queue, config.retry, config.timeout_nanos, signal}, std::move(sender).value(),
      host, description));
}

}  // namespace

ExporterFactory otlp_grpc_exporter_factory() {
  return {"otlp_grpc",
          {"otlp"},
          "sends OTLP over gRPC (gzip, zstd, snappy or none)",
          [](const ComponentId& id, MapReader& reader) -> ExporterMaker {
            return [name = id.text(), config = read_otlp_grpc_exporter_config(reader)](Host& host, Signal signal) {
              return make(name, config, host, signal);
            };
          }};
}

}  // namespace nanospan::gateway
