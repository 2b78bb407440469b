// Reads the `otlp_http` exporter's keys. One thread.
#include "gateway/exporters/otlp_http/otlp_http_exporter_config.h"

#include <algorithm>

#include "gateway/auth/authenticator.h"

namespace nanospan::gateway {
namespace {

/// `traces_endpoint` and its like are used as they are; `endpoint` gets /v1/traces appended, with one slash between
/// (otlphttpexporter/factory.go).
void read_urls(MapReader& reader, PerSignal<net::Url>& out) {
  std::string base;
  reader.read("endpoint", base);
  bool is_missing = true;
  for (const Signal signal : kSignals) {
    const std::string_view own_key = info_of(signal).endpoint_key;
    std::string address;
    reader.read(own_key, address);
    const std::string_view key = address.empty() ? "endpoint" : own_key;
    if (address.empty() && base.empty()) continue;
    is_missing = false;
    if (address.empty()) {
      const std::string_view path = info_of(signal).http_path;
      address = net::before_path(base) + std::string(path.substr(base.back() == '/' ? 1 : 0));
    }
    Result<net::Url> url = net::parse_url(address);
    if (!url) {  // in the user's own text, where that is what is wrong
      const Result<net::Url> written = net::parse_url(key == own_key ? address : base);
      return reader.fail(key, (written ? url : written).error().message);
    }
    out[signal] = *std::move(url);
  }
  if (is_missing) {
    reader.fail("endpoint", "is missing; write the address of an OTLP/HTTP receiver, such as http://127.0.0.1:4318");
  }
}

/// The scheme of an address alone decides about TLS, as in the Collector.
void read_tls(MapReader& reader, OtlpHttpExporterConfig& out) {
  TlsClientConfig tls = read_tls_client(reader);
  const bool any = std::any_of(kSignals.begin(), kSignals.end(), [&](Signal signal) { return out.urls[signal].https; });
  if (tls.given && !tls.insecure && !any) reader.ignore("tls", "no endpoint is https://");
  if (tls.insecure && any) reader.warn("tls", "insecure does not turn TLS off for an endpoint that is https://");
  out.tls = std::move(tls.options);
}

}  // namespace

OtlpHttpExporterConfig read_otlp_http_exporter_config(MapReader& reader) {
  OtlpHttpExporterConfig config;
  read_urls(reader, config.urls);
  config.url = config.urls[Signal::kTraces];
  read_otlp_headers(reader, config.headers, config.authority);
  read_otlp_compression(reader, config.compression);
  read_tls(reader, config);
  reader.read_duration("timeout", config.timeout_nanos);
  if (config.timeout_nanos == 0) config.timeout_nanos = OtlpHttpExporterConfig().timeout_nanos;
  read_queue_options(reader, config.queue);
  read_retry_options(reader, config.retry);
  std::string encoding = "proto";
  reader.read("encoding", encoding);
  if (encoding != "proto")
    reader.fail("encoding", "\"" + encoding + "\" is not in this build; remove it or write proto");
  for (const std::string_view key :
       {"read_buffer_size", "write_buffer_size", "max_idle_conns", "max_idle_conns_per_host", "max_conns_per_host",
        "idle_conn_timeout", "disable_keep_alives", "http2_read_idle_timeout", "http2_ping_timeout",
        "force_attempt_http2"}) {
    reader.ignore(key, "connections are kept alive, one for each of sending_queue.num_consumers");
  }
  reader.read_secret("proxy_url", config.proxy_url);
  if (!config.proxy_url.empty()) {
    if (const auto proxy = net::parse_proxy(config.proxy_url); !proxy) reader.fail("proxy_url", proxy.error().message);
    for (const Signal signal : kSignals) {
      if (config.urls[signal].socket.empty()) continue;
      reader.fail("proxy_url", "is given, but " + config.urls[signal].origin() +
                                   " is a unix socket, which is never reached through a proxy; remove either");
      break;
    }
  }
  config.authenticator = read_authenticator(reader);
  reader.refuse("cookies", "remove it");
  reader.refuse("middlewares", "remove it");
  reader.refuse("include_metadata", "remove it");
  reader.finish();
  return config;
}

}  // namespace nanospan::gateway
