// Keys with a passphrase are refused, never asked for. Threads: see the header.
#include "net/tls_pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

namespace nanospan::net {
namespace {

constexpr std::size_t kPemBytesMax = 4u << 20;  // Debian's own bundle of all authorities has 220 KB

Error pem_error(const TlsPem& pem, std::string_view role, std::string_view what) {
  std::string message = "TLS: " + std::string(role);
  if (!pem.file.empty()) message += " \"" + pem.file + "\"";
  return Error{ErrorCode::kInvalidArgument, message + " " + std::string(what)};
}

Result<std::string> read_pem(const TlsPem& pem, std::string_view role) {
  if (pem.file.empty()) return pem.text;
  if (!pem.text.empty()) return pem_error(pem, role, "is given both as a file and as text; give one of them");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(pem.file.c_str(), "rbe"), &std::fclose);
  if (!file) return pem_error(pem, role, "cannot be opened: " + std::generic_category().message(errno));
  std::string content;
  char buffer[4096];
  for (;;) {
    const std::size_t count = std::fread(buffer, 1, sizeof buffer, file.get());
    content.append(buffer, count);
    if (content.size() > kPemBytesMax) return pem_error(pem, role, "is larger than 4 MiB; is it a PEM file?");
    if (count == sizeof buffer) continue;
    if (std::ferror(file.get()) == 0) return content;
    return pem_error(pem, role, "cannot be read: " + std::generic_category().message(errno));
  }
}

// Without it OpenSSL would ask for the passphrase on the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Openssl<BIO> memory_of(const std::string& content) {
  return Openssl<BIO>(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
}

}  // namespace

Result<std::vector<Openssl<X509>>> load_certificates(const TlsPem& pem, std::string_view role) {
  const Result<std::string> content = read_pem(pem, role);
  if (!content.ok()) return content.error();
  ERR_clear_error();
  const Openssl<BIO> bio = memory_of(*content);
  std::vector<Openssl<X509>> certificates;
  for (;;) {
    Openssl<X509> next(PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr));
    if (!next) break;
    certificates.push_back(std::move(next));
  }
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string why = openssl_error();
  if (!ended) return pem_error(pem, role, "has a certificate that cannot be read (" + why + ")");
  if (certificates.empty()) {
    return pem_error(pem, role, "holds no certificate; it should begin with -----BEGIN CERTIFICATE-----");
  }
  return certificates;
}

Result<Openssl<EVP_PKEY>> load_key(const TlsPem& pem, std::string_view role) {
  const Result<std::string> content = read_pem(pem, role);
  if (!content.ok()) return content.error();
  ERR_clear_error();
  const Openssl<BIO> bio = memory_of(*content);
  bool encrypted = false;
  Openssl<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, &encrypted));
  const std::string why = openssl_error();
  if (encrypted) {
    return pem_error(pem, role, "is encrypted; write it without a passphrase (openssl pkey -in OLD -out NEW)");
  }
  if (!key) return pem_error(pem, role, "holds no private key (" + why + ")");
  return key;
}

std::string openssl_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* const reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "no reason given";
}

}  // namespace nanospan::net
