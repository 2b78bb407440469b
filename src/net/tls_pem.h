// Reads PEM (RFC 7468) certificates and keys for OpenSSL, with errors for people: the file, what is wrong, the remedy.
// Reentrant. Internal to TLS.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/tls_options.h"

namespace nanospan::net {

struct OpensslDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
template <class T>
using Openssl = std::unique_ptr<T, OpensslDeleter>;

/// All certificates of the document, at least one. `role` is what users call it: "ca_file".
Result<std::vector<Openssl<X509>>> load_certificates(const TlsPem& pem, std::string_view role);
Result<Openssl<EVP_PKEY>> load_key(const TlsPem& pem, std::string_view role);

/// The newest error of OpenSSL on this thread, in words; empties its queue.
std::string openssl_error();

}  // namespace nanospan::net
