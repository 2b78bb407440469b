// Reads the `otlp_http` exporter's keys. One thread.
#include "gateway/exporters/otlp_http/otlp_http_exporter_config.h"

namespace nanospan::gateway {
namespace {

/// `traces_endpoint` is used as it is; `endpoint` gets /v1/traces appended, with one slash between
/// (otlphttpexporter/factory.go).
void read_url(MapReader& reader, net::Url& out) {
  std::string base, traces, unused;
  reader.read("endpoint", base);
  reader.read("traces_endpoint", traces);
  for (const std::string_view key : {"metrics_endpoint", "logs_endpoint", "profiles_endpoint"})
    reader.read(key, unused);
  const std::string_view key = traces.empty() ? "endpoint" : "traces_endpoint";
  if (traces.empty() && base.empty())
    return reader.fail("endpoint",
                       "is missing; write the address of an OTLP/HTTP receiver, such as http://127.0.0.1:4318");
  if (traces.empty()) traces = base + (base.back() == '/' ? "v1/traces" : "/v1/traces");
  Result<net::Url> url = net::parse_url(traces);
  if (!url) return reader.fail(key, url.error().message);
  if (url->https)
    return reader.fail(
        key, "this build sends without TLS; use an http:// address, for example of a TLS proxy on this machine");
  out = *std::move(url);
}

void read_headers(MapReader& reader, std::vector<net::Header>& out) {
  std::vector<std::pair<std::string, std::string>> headers;
  reader.read_pairs("headers", headers);
  for (auto& [name, value] : headers) {
    if (!net::is_token(name) || !net::is_header_value(value)) {
      reader.fail("headers", "\"" + name + "\" or its value cannot be sent as an HTTP header");
    } else {
      out.push_back({std::move(name), std::move(value)});
    }
  }
}

void read_compression(MapReader& reader, OtlpHttpExporterConfig& out) {
  std::string compression = out.gzip ? "gzip" : "none";
  reader.read_choice("compression", {"gzip", "none", ""}, compression);
  out.gzip = compression == "gzip";
  if (std::optional<MapReader> params = reader.child("compression_params")) {
    std::uint64_t level = static_cast<std::uint64_t>(out.gzip_level);
    params->read("level", level, 1, 9);
    out.gzip_level = static_cast<int>(level);
    params->finish();
  }
}

void read_tls(MapReader& reader) {
  std::optional<MapReader> tls = reader.child("tls");
  if (!tls) return;
  bool insecure = true;
  tls->read("insecure", insecure);
  tls->read("insecure_skip_verify", insecure);
  for (const std::string_view key :
       {"ca_file", "ca_pem", "cert_file", "cert_pem", "key_file", "key_pem", "min_version", "max_version",
        "cipher_suites", "server_name_override", "reload_interval", "include_system_ca_certs_pool"}) {
    tls->refuse(key, "remove it and use an http:// address, for example of a TLS proxy on this machine");
  }
  tls->finish();
}

}  // namespace

OtlpHttpExporterConfig read_otlp_http_exporter_config(MapReader& reader) {
  OtlpHttpExporterConfig config;
  read_url(reader, config.url);
  read_headers(reader, config.headers);
  read_compression(reader, config);
  read_tls(reader);
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
  reader.refuse("proxy_url", "remove it");
  reader.refuse("auth", "write the credential under headers");
  reader.refuse("cookies", "remove it");
  reader.refuse("middlewares", "remove it");
  reader.refuse("include_metadata", "remove it");
  reader.finish();
  return config;
}

}  // namespace nanospan::gateway
