// Reads them. One thread.
#include "gateway/exporters/otlp_settings.h"

#include <optional>
#include <string>
#include <utility>

namespace nanospan::gateway {

void read_otlp_headers(MapReader& reader, std::vector<net::Header>& out) {
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

void read_otlp_tls(MapReader& reader) {
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

}  // namespace nanospan::gateway
