// Reads them. One thread.
#include "gateway/exporters/otlp_settings.h"

#include <optional>
#include <string>
#include <utility>

#include "net/reserved_headers.h"
#include "net/tls_streams.h"

namespace nanospan::gateway {

std::optional<std::string> host_of_authority(std::string_view authority) {
  if (authority.find_first_of("/?#") != std::string_view::npos) return std::nullopt;
  Result<net::Url> url = net::parse_url("http://" + std::string(authority));
  if (!url) return std::nullopt;
  return std::move(url->host);
}

void read_otlp_headers(MapReader& reader, std::vector<net::Header>& out, std::string& authority) {
  std::vector<std::pair<std::string, std::string>> headers;
  reader.read_pairs("headers", headers);
  for (auto& [name, value] : headers) {
    if (!net::is_token(name) || !net::is_header_value(value)) {
      reader.fail("headers", "\"" + name + "\" or its value cannot be sent as an HTTP header");
    } else if (net::equals_ignoring_case(name, "Host")) {
      if (!host_of_authority(value)) reader.fail("headers", "\"" + name + "\" is neither a host nor host:port");
      authority = std::move(value);
    } else if (net::is_reserved_header(name)) {
      reader.fail("headers", "\"" + name + "\" is set by the exporter itself; remove it");
    } else {
      out.push_back({std::move(name), std::move(value)});
    }
  }
}

void read_otlp_compression(MapReader& reader, OtlpCompression& out) {
  std::string compression(out.coding->name);
  reader.read("compression", compression);
  const bool none = compression.empty() || compression == "none";
  const ContentCoding* coding = none ? nullptr : find_content_coding(compression);
  if (coding == nullptr && !none) {
    reader.fail("compression",
                "\"" + compression + "\" is not in this build; it has " + content_coding_names() + " and none");
  }
  out.coding = coding;
  out.level = coding == nullptr ? 0 : coding->codec->level_default;
  std::optional<MapReader> params = reader.child("compression_params");
  if (!params) return;
  if (coding != nullptr && coding->codec->level_max != 0) {
    std::uint64_t level = static_cast<std::uint64_t>(out.level);
    params->read("level", level, static_cast<std::uint64_t>(coding->codec->level_min),
                 static_cast<std::uint64_t>(coding->codec->level_max));
    out.level = static_cast<int>(level);
  } else {
    params->ignore("level", "this compression has no levels");
  }
  params->finish();
}

Result<std::optional<net::Proxy>> otlp_proxy(const std::string& proxy_url, const net::ProxySettings& environment,
                                             const net::Url& url, bool is_grpc) {
  const net::ChosenProxy chosen =
      proxy_url.empty() ? net::choose_proxy(environment, url, is_grpc) : net::ChosenProxy{"proxy_url", proxy_url};
  if (chosen.url.empty()) return std::optional<net::Proxy>();
  Result<net::Proxy> proxy = net::parse_proxy(chosen.url);
  if (!proxy) return proxy.error().with_prefix(chosen.variable);
  return std::optional<net::Proxy>(std::move(proxy).value());
}

std::string describe_proxy(const std::optional<net::Proxy>& proxy) {
  return proxy ? ", through the proxy " + proxy->url.origin() : "";
}

Result<net::StreamFactory> otlp_tls_streams(net::TlsClientOptions options, const net::Url& url,
                                            const std::string& protocol, const std::string& subject, Log& log,
                                            const base::Clock& clock) {
  if (!url.https) return net::StreamFactory();
  options.on_reload_failed = [subject, &log](std::string_view why) {
    log.warn_limited(subject, "tls_reload", std::string(why) + "; the old files stay in use");
  };
  return net::tls_client_streams(std::move(options), url.host, protocol, {}, clock);
}

}  // namespace nanospan::gateway
