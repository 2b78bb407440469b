// Why TLS failed, in one line for people: what is wrong, and the remedy. Pure but for OpenSSL's queue of errors, which
// it empties. Internal to TLS.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <string_view>

namespace nanospan::net {

/// What OpenSSL does not keep of a handshake; the connection's app data (SSL_set_app_data).
struct TlsNotes {
  std::string other_names;          ///< For whom the peer's certificate is, if it is not for the one we asked for.
  bool certificate_wanted = false;  ///< The server asked for a certificate; we may have none.
};

/// After an operation of `ssl` failed. `first_bytes` are the first that the peer ever sent; `host` is empty on a
/// server.
std::string tls_failure(SSL* ssl, std::string_view first_bytes, std::string_view host);

/// A verify callback (SSL_CTX_set_verify) that notes for whom a certificate is that is for somebody else.
int note_wrong_name(int verified, X509_STORE_CTX* context);
/// A callback of clients (SSL_CTX_set_cert_cb) that notes that the server asks for a certificate, and goes on.
int note_certificate_wanted(SSL* ssl, void* argument);

/// The bytes begin like a record of TLS (RFC 8446, 5.1).
bool looks_like_tls(std::string_view first_bytes);

}  // namespace nanospan::net
