// The transport over Http1Client: one POST an attempt. Threads: see OtlpExporter.
#include "export/otlp_http/otlp_http_exporter.h"

#include <utility>

#include "export/otlp_http/otlp_http_answer.h"
#include "net/http1_client.h"
#include "net/linked_tls.h"

namespace nanospan::exporters {
namespace {

class OtlpHttpTransport final : public OtlpTransport {
 public:
  OtlpHttpTransport(OtlpHttpConfig config, net::EventLoop& loop, std::unique_ptr<net::Http1Client> client)
      : config_(std::move(config)), loop_(loop), client_(std::move(client)) {}

  RequestId send(OtlpBody body, std::size_t span_count, base::Deadline deadline, OnAnswer done) override {
    net::HttpRequest request;
    request.target = config_.url.path;
    request.headers = config_.headers;
    request.deadline = deadline;
    request.repeatable = true;  // OTLP allows duplicates where a connection is lost before the answer
    request.response_body_bytes_max = config_.response_bytes_max;
    request.body = std::move(body.slices);
    request.body_owner = std::move(body.owner);
    return client_->send(std::move(request), [this, span_count, done = std::move(done)](const net::HttpResult& result) {
      done(judge(result, config_.url, span_count, loop_.clock().unix_now()));
    });
  }
  void cancel(RequestId id) override { client_->cancel(id); }
  void cancel_all() override { client_->cancel_all(); }
  void abandon_after_fork() override { client_->abandon_after_fork(); }

 private:
  const OtlpHttpConfig config_;
  net::EventLoop& loop_;
  const std::unique_ptr<net::Http1Client> client_;
};

Result<std::unique_ptr<OtlpTransport>> connect(const OtlpHttpConfig& config, net::EventLoop& loop) {
  net::Http1ClientOptions options;
  options.origin = config.url;
  options.connections_max = config.connections_max;
  options.proxy = config.proxy;
  if (config.url.https) {
    Result<net::StreamFactory> streams = net::tls_streams(config.tls, config.url.host, "http/1.1");
    if (!streams) return streams.error();
    options.make_stream = std::move(streams).value();
  }
  Result<std::unique_ptr<net::Http1Client>> client = net::Http1Client::create(loop, std::move(options));
  if (!client) return client.error();
  return std::unique_ptr<OtlpTransport>(std::make_unique<OtlpHttpTransport>(config, loop, std::move(client).value()));
}

}  // namespace

Result<std::unique_ptr<OtlpExporter>> make_otlp_http_exporter(OtlpHttpConfig config, OtlpSeams seams) {
  OtlpDelivery delivery = config;
  return OtlpExporter::create(
      std::move(delivery), [config = std::move(config)](net::EventLoop& loop) { return connect(config, loop); },
      std::move(seams));
}

}  // namespace nanospan::exporters

namespace nanospan {
inline namespace v0 {

Result<std::unique_ptr<SpanExporter>> otlp_http_exporter(OtlpHttpOptions options) {
  Result<exporters::OtlpHttpConfig> config = exporters::validate(options);
  if (!config) return config.error().with_prefix("OTLP/HTTP exporter");
  auto exporter = exporters::make_otlp_http_exporter(std::move(config).value());
  if (!exporter) return exporter.error().with_prefix("OTLP/HTTP exporter");
  return std::unique_ptr<SpanExporter>(std::move(exporter).value());
}

}  // namespace v0
}  // namespace nanospan
