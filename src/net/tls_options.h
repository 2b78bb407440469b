// TLS as users configure it: certificates, versions, ciphers. Plain values, without OpenSSL, so that whoever reads a
// configuration needs not link it. What is wrong with them is found by tls_client_streams() and tls_server_streams().
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace nanospan::net {

enum class TlsVersion : std::uint8_t { kDefault, k10, k11, k12, k13 };

/// A PEM document: in a file, or given as text. At most one of both.
struct TlsPem {
  std::string file;
  std::string text;

  bool given() const { return !file.empty() || !text.empty(); }
};

/// What both sides have.
struct TlsOptions {
  TlsPem certificate;      ///< Ours, followed by what links it to the authority that the peer knows.
  TlsPem key;              ///< Of the certificate; without a passphrase.
  TlsPem ca;               ///< Whom we trust, as a client. Empty: the system's authorities.
  bool system_ca = false;  ///< The system's authorities next to `ca`.
  TlsVersion version_min = TlsVersion::kDefault;  ///< Default: 1.2.
  TlsVersion version_max = TlsVersion::kDefault;  ///< Default: the newest there is.
  /// By their names in the RFCs, as "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256". Empty: those with forward secrecy and
  /// authenticated encryption, which is also what HTTP/2 asks for (RFC 9113, 9.2.2), and for a version_min below 1.2
  /// those with AES-CBC, as 1.0 and 1.1 have no others. If all are of TLS 1.3, there is no 1.2; if none is, 1.3 has its
  /// own.
  std::vector<std::string> cipher_suites;
  std::vector<std::string> curves;  ///< As "X25519", "P256", "P384", "P521". Empty: OpenSSL's own choice.
  /// How often, at most, the files are looked at again, when a connection begins; 0: never. Connections that stand keep
  /// what they have. Files that cannot be read leave the old ones in use.
  std::uint64_t reload_nanos = 0;
  /// Told of such files, in one line, on the thread of whoever connects. May be empty.
  std::function<void(std::string_view why)> on_reload_failed;
};

struct TlsClientOptions : TlsOptions {
  bool verify = true;       ///< False: any certificate will do. Protects against nobody who can change the traffic.
  std::string server_name;  ///< Sent to the server, and looked for in its certificate, in place of the host's name.
};

struct TlsServerOptions : TlsOptions {
  TlsPem client_ca;  ///< Given: clients must show a certificate of one of these authorities.
  std::uint64_t handshake_nanos = 10 * base::kNanosPerSecond;  ///< From accepting to agreement.
  std::vector<std::string> protocols;  ///< For ALPN (RFC 7301), the preferred one first: "h2", "http/1.1".
  /// Told of each handshake that failed, in one line with the peer's address, on the loop's thread. Not of connections
  /// that end before their first byte, as those of health probes do. May be empty.
  std::function<void(std::string_view why)> on_handshake_failed;
};

}  // namespace nanospan::net
