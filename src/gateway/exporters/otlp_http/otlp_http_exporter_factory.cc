// Ties the `otlp_http` exporter together: configuration, sender, queue. Called by the service's thread.
#include "gateway/exporters/otlp_http/otlp_http_exporter_factory.h"

#include "gateway/exporters/otlp_http/otlp_http_exporter_config.h"
#include "gateway/exporters/otlp_http/otlp_http_sender.h"
#include "gateway/exporters/queued_exporter.h"

namespace nanospan::gateway {
namespace {

Result<std::unique_ptr<Exporter>> make(const std::string& id, OtlpHttpExporterConfig config, Host& host,
                                       Signal signal) {
  config.url = config.urls[signal];
  if (config.url.host.empty()) {
    const SignalInfo& info = info_of(signal);
    return Error{ErrorCode::kInvalidArgument, "is in a pipeline of " + std::string(info.name) +
                                                  ": give it endpoint or " + std::string(info.endpoint_key)};
  }
  Result<std::shared_ptr<ClientAuthenticator>> authenticator = host.authenticators().client(config.authenticator);
  if (!authenticator) return authenticator.error();
  Result<std::optional<net::Proxy>> proxy = otlp_proxy(config.proxy_url, host.proxies(), config.url, false);
  if (!proxy) return proxy.error();
  config.proxy = std::move(proxy).value();
  net::EventLoop& loop = host.shared_loop();
  Result<std::unique_ptr<OtlpHttpSender>> sender =
      OtlpHttpSender::create(loop, config, "exporter " + id, host.log(), std::move(authenticator).value());
  if (!sender) return sender.error();
  const std::string description =
      config.url.shown() + describe_proxy(config.proxy) +
      (config.compression.coding != nullptr ? ", " + std::string(config.compression.coding->name) : "") + ", queue " +
      describe_size(config.queue) + (config.queue.wait_for_result ? ", senders wait for the result" : "");
  return std::unique_ptr<Exporter>(std::make_unique<QueuedExporter>(
      loop, ExportQueueOptions{id, config.queue, config.retry, config.timeout_nanos, signal}, std::move(sender).value(),
      host, description));
}

}  // namespace

ExporterFactory otlp_http_exporter_factory() {
  return {"otlp_http",
          {"otlphttp"},
          "sends OTLP over HTTP/1.1 (protobuf; gzip, zstd, snappy, deflate or none)",
          [](const ComponentId& id, MapReader& reader) -> ExporterMaker {
            return [name = id.text(), config = read_otlp_http_exporter_config(reader)](Host& host, Signal signal) {
              return make(name, config, host, signal);
            };
          }};
}

}  // namespace nanospan::gateway
