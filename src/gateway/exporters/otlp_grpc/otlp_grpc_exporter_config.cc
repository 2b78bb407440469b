// Reads the `otlp_grpc` exporter's keys. One thread.
#include "gateway/exporters/otlp_grpc/otlp_grpc_exporter_config.h"

#include <algorithm>

#include "gateway/auth/authenticator.h"

namespace nanospan::gateway {
namespace {

constexpr std::uint64_t kKeepaliveNanosMin = 10 * base::kNanosPerSecond;  // grpc's own floor

/// "host:port", "https://host:port" or a gRPC target: "dns:///host:port", "unix:///path/of.sock". As in the Collector
/// (configgrpc), only `insecure` turns TLS off, and https:// turns it on again.
void read_endpoint(MapReader& reader, const TlsClientConfig& tls, net::Url& out) {
  std::string endpoint;
  reader.read("endpoint", endpoint);
  if (endpoint.empty()) {
    return reader.fail("endpoint", "is missing; write the address of an OTLP/gRPC receiver, such as 127.0.0.1:4317");
  }
  std::string_view address = endpoint;
  for (const std::string_view scheme : {"dns:///", "passthrough:///"}) {
    if (address.starts_with(scheme)) address.remove_prefix(scheme.size());
  }
  const bool is_unix = net::names_unix_socket(address);
  const bool has_scheme = !is_unix && address.find("://") != std::string_view::npos;
  const std::string_view authority = has_scheme ? address.substr(address.find("://") + 3) : address;
  if (!is_unix &&
      authority.find(':', authority.rfind(']') + 1) == std::string_view::npos) {  // rfind + 1 is 0 if there is none
    return reader.fail("endpoint", "\"" + endpoint + "\" has no port; write host:port, such as 127.0.0.1:4317");
  }
  const bool is_whole = is_unix || has_scheme;
  Result<net::Url> url = net::parse_url(is_whole ? std::string(address) : "http://" + std::string(address));
  if (!url) return reader.fail("endpoint", url.error().message);
  out = *std::move(url);
  if (out.https || (tls.insecure && !tls.options.ca.given())) return;
  out.https = true;
  if (has_scheme) {
    reader.warn("endpoint",
                "http:// does not turn TLS off, as in the Collector; write tls: {insecure: true}, or https:// for TLS");
  }
}

/// As grpc-go (ClientConn.initAuthority): `authority` is also the name that TLS asks for, and server_name_override is
/// also the authority; where both are given, they are the same. A Host of `headers` stands behind them.
void read_authority(MapReader& reader, OtlpGrpcExporterConfig& out) {
  std::string authority;
  reader.read("authority", authority);
  const std::optional<std::string> host = authority.empty() ? std::string() : host_of_authority(authority);
  if (!host) return reader.fail("authority", "\"" + authority + "\" is neither a host nor host:port");
  std::string& name = out.tls.server_name;
  const std::string forced = out.url.https ? name : "";
  if (!authority.empty() && !forced.empty() && authority != forced) {
    return reader.fail("authority", "\"" + authority + "\" differs from tls.server_name_override, \"" + forced +
                                        "\", which is gRPC's authority, too; remove one of them");
  }
  if (!forced.empty()) out.authority = forced;
  if (!authority.empty()) out.authority = std::move(authority);
  if (name.empty()) name = *host;
}

void read_compression(MapReader& reader, OtlpGrpcExporterConfig& out) {
  read_otlp_compression(reader, out.compression);
  const ContentCoding* const coding = out.compression.coding;
  if (coding == nullptr) return;
  out.codec = find_grpc_codec(coding->name);
  if (out.codec == nullptr) {
    reader.fail("compression",
                "\"" + std::string(coding->name) + "\" is none of gRPC's; write gzip, zstd, snappy or none");
  }
}

void read_keepalive(MapReader& reader, OtlpGrpcExporterConfig& out) {
  reader.read_duration("time", out.keepalive_nanos);
  out.keepalive_nanos = std::max(out.keepalive_nanos, kKeepaliveNanosMin);
  reader.read_duration("timeout", out.keepalive_timeout_nanos);
  if (out.keepalive_timeout_nanos == 0) out.keepalive_timeout_nanos = OtlpGrpcExporterConfig().keepalive_timeout_nanos;
  reader.ignore("permit_without_stream", "pings are sent while calls are in flight");
  reader.finish();
}

}  // namespace

OtlpGrpcExporterConfig read_otlp_grpc_exporter_config(MapReader& reader) {
  OtlpGrpcExporterConfig config;
  TlsClientConfig tls = read_tls_client(reader);
  read_endpoint(reader, tls, config.url);
  config.tls = std::move(tls.options);
  read_otlp_headers(reader, config.headers, config.authority);
  for (net::Header& header : config.headers) {
    for (char& c : header.name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  read_authority(reader, config);
  read_compression(reader, config);
  reader.read_duration("timeout", config.timeout_nanos);
  if (config.timeout_nanos == 0) config.timeout_nanos = OtlpGrpcExporterConfig().timeout_nanos;
  if (std::optional<MapReader> keepalive = reader.child("keepalive")) read_keepalive(*keepalive, config);
  read_queue_options(reader, config.queue);
  read_retry_options(reader, config.retry);
  for (const std::string_view key : {"read_buffer_size", "write_buffer_size"}) {
    reader.ignore(key, "requests are written by reference, and read into a buffer shared by all");
  }
  std::string balancer = "round_robin";
  reader.read_choice("balancer_name", {"round_robin", "pick_first"}, balancer);
  config.round_robin = balancer == "round_robin";
  reader.ignore("wait_for_ready", "connections are shared by all requests, and opened again when they break");
  config.authenticator = read_authenticator(reader);
  if (!config.authenticator.empty() && !config.url.https) {
    reader.fail("auth", "needs TLS, or the credential would travel in the clear; remove tls.insecure");
  }
  reader.refuse("middlewares", "remove it");
  reader.finish();
  return config;
}

}  // namespace nanospan::gateway
