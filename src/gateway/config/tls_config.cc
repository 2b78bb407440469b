// Reads them. One thread.
#include "gateway/config/tls_config.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "net/tls_streams.h"

namespace nanospan::gateway {
namespace {

/// `client_ca_file_reload` follows changes of the file; they are looked for when a connection begins.
constexpr std::uint64_t kFollowNanos = 1 * base::kNanosPerSecond;

net::TlsVersion read_version(MapReader& tls, std::string_view key) {
  constexpr std::array<std::string_view, 5> kNames = {"", "1.0", "1.1", "1.2", "1.3"};  // as TlsVersion counts
  std::string text;
  tls.read_choice(key, {kNames.begin(), kNames.end()}, text);
  std::size_t version = 0;
  while (kNames[version] != text) ++version;
  return static_cast<net::TlsVersion>(version);
}

/// Complains about `key` with what OpenSSL finds wrong with `part`.
void check(MapReader& tls, std::string_view key, net::TlsClientOptions part) {
  constexpr std::string_view kPrefix = "TLS: ";
  part.verify = false;  // needs no authorities
  const auto made = net::tls_client_streams(std::move(part), "localhost", "h2");
  if (made) return;
  std::string_view message = made.error().message;
  if (message.starts_with(kPrefix)) message.remove_prefix(kPrefix.size());
  tls.fail(key, message);
}

/// REQUIRES: literals, which the reader remembers.
void read_pem(MapReader& tls, std::string_view file_key, std::string_view text_key, net::TlsPem& out) {
  tls.read(file_key, out.file);
  tls.read_secret(text_key, out.text);
  if (!out.file.empty() && !out.text.empty()) {
    tls.fail(text_key, "is given next to " + std::string(file_key) + "; remove one of them");
  }
}

void read_common(MapReader& tls, net::TlsOptions& out) {
  read_pem(tls, "cert_file", "cert_pem", out.certificate);
  read_pem(tls, "key_file", "key_pem", out.key);
  if (out.certificate.given() && !out.key.given())
    tls.fail("cert_file", "comes without key_file; give both, or neither");
  if (out.key.given() && !out.certificate.given())
    tls.fail("key_file", "comes without cert_file; give both, or neither");
  out.version_min = read_version(tls, "min_version");
  out.version_max = read_version(tls, "max_version");
  net::TlsClientOptions part;
  part.version_min = out.version_min;
  part.version_max = out.version_max;
  if (out.version_min != net::TlsVersion::kDefault && out.version_max != net::TlsVersion::kDefault)
    check(tls, "max_version", part);
  tls.read_list("cipher_suites", out.cipher_suites);
  part = {};
  part.cipher_suites = out.cipher_suites;
  if (!out.cipher_suites.empty()) check(tls, "cipher_suites", part);
  tls.read_list("curve_preferences", out.curves);
  part = {};
  part.curves = out.curves;
  if (!out.curves.empty()) check(tls, "curve_preferences", part);
  tls.read_duration("reload_interval", out.reload_nanos);
  tls.ignore("include_insecure_cipher_suites", "cipher_suites may name any that OpenSSL has");
  if (std::optional<MapReader> tpm = tls.child("tpm")) {
    bool enabled = false;
    tpm->read("enabled", enabled);
    if (enabled) tpm->fail("enabled", "is not supported by this build; give key_file");
    for (const std::string_view key : {"path", "owner_auth", "auth"}) tpm->ignore(key, "it is not enabled");
    tpm->finish();
  }
}

}  // namespace

std::optional<net::TlsServerOptions> read_tls_server(MapReader& reader) {
  if (reader.node("tls") == nullptr) return std::nullopt;
  MapReader tls = *reader.child("tls");
  net::TlsServerOptions options;
  read_common(tls, options);
  if (!options.certificate.given() && !options.key.given()) {
    tls.fail("", "a receiver needs cert_file and key_file (or cert_pem and key_pem); give them, or remove tls");
  }
  tls.read("client_ca_file", options.client_ca.file);
  bool follow = false;
  tls.read("client_ca_file_reload", follow);
  if (follow && options.reload_nanos == 0) options.reload_nanos = kFollowNanos;
  for (const std::string_view key : {"ca_file", "ca_pem"}) {
    tls.ignore(key, "a receiver asks clients for certificates with client_ca_file");
  }
  tls.refuse("include_system_ca_certs_pool",
             "clients are known by client_ca_file alone; put what else they use in there");
  tls.finish();
  return options;
}

TlsClientConfig read_tls_client(MapReader& reader) {
  TlsClientConfig config;
  if (reader.node("tls") == nullptr) return config;
  config.given = true;
  MapReader tls = *reader.child("tls");
  tls.read("insecure", config.insecure);
  bool skip_verify = false;
  tls.read("insecure_skip_verify", skip_verify);
  config.options.verify = !skip_verify;
  tls.read("server_name_override", config.options.server_name);
  read_common(tls, config.options);
  read_pem(tls, "ca_file", "ca_pem", config.options.ca);
  tls.read("include_system_ca_certs_pool", config.options.system_ca);
  tls.finish();
  return config;
}

}  // namespace nanospan::gateway
