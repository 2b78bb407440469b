// The `tls` keys: what they mean, and what is said of those that are wrong.
#include "gateway/config/tls_config.h"

#include <gtest/gtest.h>

#include "tests/gateway/config_text.h"

namespace nanospan::gateway {
namespace {

using testing::ConfigText;

std::string server_errors(const std::string& keys) {
  ConfigText text("tls: {" + keys + "}");
  read_tls_server(text.reader);
  return text.errors();
}

std::string client_errors(const std::string& keys) {
  ConfigText text("tls: {" + keys + "}");
  read_tls_client(text.reader);
  return text.errors();
}

TEST(TlsConfig, AReceiverWithoutTheKeyTakesPlainConnections) {
  ConfigText none("endpoint: h:1");
  EXPECT_FALSE(read_tls_server(none.reader));
  ConfigText empty("tls:");
  EXPECT_FALSE(read_tls_server(empty.reader));
}

TEST(TlsConfig, KeysOfAReceiver) {
  ConfigText text(
      "tls:\n  cert_file: c.pem\n  key_file: k.pem\n  client_ca_file: ca.pem\n  min_version: \"1.3\"\n"
      "  max_version: 1.3\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n  curve_preferences: [X25519, P256]\n"
      "  reload_interval: 1m\n");
  const std::optional<net::TlsServerOptions> options = read_tls_server(text.reader);
  EXPECT_EQ(text.errors() + text.warnings(), "");
  EXPECT_EQ(options->certificate.file, "c.pem");
  EXPECT_EQ(options->key.file, "k.pem");
  EXPECT_EQ(options->client_ca.file, "ca.pem");
  EXPECT_EQ(options->version_min, net::TlsVersion::k13);
  EXPECT_EQ(options->version_max, net::TlsVersion::k13);
  EXPECT_EQ(options->cipher_suites, std::vector<std::string>{"TLS_AES_128_GCM_SHA256"});
  EXPECT_EQ(options->curves.size(), 2u);
  EXPECT_EQ(options->reload_nanos, 60 * base::kNanosPerSecond);
}

TEST(TlsConfig, FilesMayBeGivenAsText) {
  ConfigText text("tls: {cert_pem: C, key_pem: K}");
  const std::optional<net::TlsServerOptions> options = read_tls_server(text.reader);
  EXPECT_EQ(text.errors(), "");
  EXPECT_EQ(options->certificate.text, "C");
  EXPECT_EQ(options->key.text, "K");
}

TEST(TlsConfig, AChangedFileOfAuthoritiesIsFollowed) {
  ConfigText text("tls: {cert_file: c, key_file: k, client_ca_file: ca, client_ca_file_reload: true}");
  EXPECT_EQ(read_tls_server(text.reader)->reload_nanos, base::kNanosPerSecond);
  EXPECT_EQ(text.errors(), "");
}

TEST(TlsConfig, KeysOfAnExporter) {
  ConfigText text(
      "tls: {ca_file: ca.pem, insecure_skip_verify: true, server_name_override: shop, "
      "include_system_ca_certs_pool: true, tpm: {enabled: false}}");
  const TlsClientConfig config = read_tls_client(text.reader);
  EXPECT_EQ(text.errors(), "");
  EXPECT_TRUE(config.given);
  EXPECT_FALSE(config.insecure);
  EXPECT_FALSE(config.options.verify);
  EXPECT_EQ(config.options.ca.file, "ca.pem");
  EXPECT_TRUE(config.options.system_ca);
  EXPECT_EQ(config.options.server_name, "shop");
}

TEST(TlsConfig, WhatIsWrongIsSaidWithItsLineAndItsRemedy) {
  const std::string pair = "cert_file: c, key_file: k, ";
  EXPECT_EQ(server_errors("min_version: \"1.2\""),
            "f.yaml:1: it.tls: a receiver needs cert_file and key_file (or cert_pem and key_pem); give them, or remove "
            "tls\n");
  EXPECT_EQ(server_errors("cert_file: c"),
            "f.yaml:1: it.tls.cert_file: comes without key_file; give both, or neither\n");
  EXPECT_EQ(client_errors("key_file: c"),
            "f.yaml:1: it.tls.key_file: comes without cert_file; give both, or neither\n");
  EXPECT_EQ(client_errors("ca_file: c, ca_pem: d"),
            "f.yaml:1: it.tls.ca_pem: is given next to ca_file; remove one of them\n");
  EXPECT_EQ(client_errors("min_version: \"1.4\""),
            "f.yaml:1: it.tls.min_version: \"1.4\" is not one of \"\", 1.0, 1.1, 1.2 or 1.3\n");
  EXPECT_EQ(client_errors("min_version: 1.3, max_version: 1.2"),
            "f.yaml:1: it.tls.max_version: max_version is below min_version; raise one or lower the other\n");
  EXPECT_EQ(client_errors("cipher_suites: [TLS_NONE]"),
            "f.yaml:1: it.tls.cipher_suites: unknown cipher suite \"TLS_NONE\"; `openssl ciphers -stdname` lists those "
            "there are\n");
  EXPECT_EQ(client_errors("curve_preferences: [P1]"),
            "f.yaml:1: it.tls.curve_preferences: curve_preferences has a curve that OpenSSL lacks; it knows X25519, "
            "P256, P384, P521\n");
  EXPECT_EQ(server_errors(pair + "tpm: {enabled: true}"),
            "f.yaml:1: it.tls.tpm.enabled: is not supported by this build; give key_file\n");
  EXPECT_EQ(server_errors(pair + "include_system_ca_certs_pool: true"),
            "f.yaml:1: it.tls.include_system_ca_certs_pool: not supported by this build; clients are known by "
            "client_ca_file alone; put what else they use in there\n");
  EXPECT_EQ(server_errors(pair + "client_ca_fil: x"),
            "f.yaml:1: it.tls.client_ca_fil: unknown key; did you mean \"client_ca_file\"?\n");
  EXPECT_EQ(client_errors("client_ca_file: x").substr(0, 41), "f.yaml:1: it.tls.client_ca_file: unknown ");
}

TEST(TlsConfig, AuthoritiesOfServersMeanNothingToAReceiver) {
  ConfigText text("tls: {cert_file: c, key_file: k, ca_file: x}");
  read_tls_server(text.reader);
  EXPECT_EQ(text.warnings(),
            "f.yaml:1: it.tls.ca_file: has no effect here: a receiver asks clients for certificates with "
            "client_ca_file\n");
}

}  // namespace
}  // namespace nanospan::gateway
