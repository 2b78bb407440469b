// Reads the `pprof` extension's keys. One thread.
#include "gateway/extensions/pprof/pprof_config.h"

#include <utility>

#include "gateway/config/tls_config.h"
#include "gateway/exporters/otlp_settings.h"
#include "net/proxy.h"

namespace nanospan::gateway {
namespace {

void read_proxy_url(MapReader& reader, PprofPushConfig& out) {
  reader.read_secret("proxy_url", out.proxy_url);
  if (out.proxy_url.empty()) return;
  if (const auto proxy = net::parse_proxy(out.proxy_url); !proxy) reader.fail("proxy_url", proxy.error().message);
  if (out.url && !out.url->socket.empty()) {
    reader.fail("proxy_url", "is given, but " + out.url->origin() +
                                 " is a unix socket, which is never reached through a proxy; remove either");
  }
}

void read_push_endpoint(MapReader& reader, PprofPushConfig& out) {
  std::string endpoint;
  reader.read("endpoint", endpoint);
  Result<net::Url> url = net::parse_url(endpoint);
  if (endpoint.empty()) {
    reader.fail("endpoint", "is missing; write the address of a Pyroscope server, such as http://127.0.0.1:4040");
  } else if (!url) {
    reader.fail("endpoint", url.error().message);
  } else if (url->path.find('?') != std::string::npos) {
    reader.fail("endpoint", "has a query; give the address of the server alone");
  } else {
    out.url = *std::move(url);
  }
}

void read_push(MapReader& reader, PprofPushConfig& out) {
  read_push_endpoint(reader, out);
  std::string protocol = "pyroscope";
  reader.read_choice("protocol", {"pyroscope", "otlp_development"}, protocol);
  if (protocol == "otlp_development") out.protocol = ProfilePushProtocol::kOtlpDevelopment;
  std::string host;
  read_otlp_headers(reader, out.headers, host);
  if (!host.empty()) out.headers.push_back({"Host", std::move(host)});
  TlsClientConfig tls = read_tls_client(reader);
  const bool https = out.url && out.url->https;
  if (out.url && tls.given && !tls.insecure && !https) reader.ignore("tls", "endpoint is not https://");
  if (tls.insecure && https) reader.warn("tls", "insecure does not turn TLS off for an endpoint that is https://");
  out.tls = std::move(tls.options);
  read_proxy_url(reader, out);
  reader.read("service_name", out.service_name);
  reader.read_duration("timeout", out.timeout_nanos);
  if (out.timeout_nanos == 0) out.timeout_nanos = PprofPushConfig().timeout_nanos;
  reader.finish();
}

void read_times(MapReader& reader, PprofConfig& out) {
  constexpr std::uint64_t kDay = 24 * 3600 * base::kNanosPerSecond;
  reader.read_duration("profile_duration", out.profile_nanos);
  reader.read_duration("profile_interval", out.interval_nanos);
  if (out.profile_nanos < base::kNanosPerSecond || out.profile_nanos > kDay) {
    reader.fail("profile_duration", "may be 1s to 24h");
  } else if (out.interval_nanos > kDay) {
    reader.fail("profile_interval", "may be profile_duration to 24h");
  } else if (out.interval_nanos < out.profile_nanos) {
    const std::string_view key = reader.has("profile_interval") ? "profile_interval" : "profile_duration";
    reader.fail(key, "a profile of " + std::to_string(out.profile_nanos / base::kNanosPerSecond) +
                         "s cannot be taken every " + std::to_string(out.interval_nanos / base::kNanosPerSecond) +
                         "s; make profile_duration shorter or profile_interval longer");
  }
}

}  // namespace

PprofConfig read_pprof_config(MapReader& reader) {
  PprofConfig config;
  if (std::optional<ListenAddress> address = read_listen_address(reader, "endpoint"))
    config.address = *std::move(address);
  reader.read_secret("token", config.token);
  reader.read("continuous", config.continuous);
  reader.read_bytes("history_bytes_max", config.history_bytes_max, 64 << 10);
  reader.read("hz", config.hz, 1, 1000);
  reader.read_bytes("heap_interval_bytes", config.heap_interval_bytes, 0);
  reader.read("locks", config.locks);
  reader.read("directory", config.directory);
  reader.read_bytes("directory_bytes_max", config.directory_bytes_max, 1);
  if (std::optional<MapReader> push = reader.child("push")) read_push(*push, config.push);
  read_times(reader, config);
  reader.ignore("block_profile_fraction", "all waits are recorded, by their length; locks: false turns that off");
  reader.ignore("mutex_profile_fraction", "all waits are recorded, by their length; locks: false turns that off");
  reader.ignore("save_to_file", "give it a directory instead: profiles become files there while it runs");
  reader.finish();
  return config;
}

}  // namespace nanospan::gateway
