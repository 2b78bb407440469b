// Files are looked at again at most once in an interval; the old context stays where the new one is broken. Threads:
// see the header.
#include "net/tls_context.h"

#include <openssl/err.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "net/tls_failure.h"

namespace nanospan::net {
namespace {

// RFC 9113, appendix A forbids all others of TLS 1.2 to HTTP/2; those of TLS 1.3 are OpenSSL's defaults.
constexpr const char* kCiphersTls12 = "ECDHE+AESGCM:ECDHE+CHACHA20";
// TLS 1.0 and 1.1 have no authenticated encryption: whoever lets them in gets what they have with forward secrecy,
// last.
constexpr const char* kCiphersTls10 = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES";
// One record of the largest kind, and the beginning of the next. A buffer of several would save system calls, but
// OpenSSL moves all that is left in it to its front for each record that it takes (ssl3_read_n): that cost a tenth of a
// gateway's time.
constexpr std::size_t kReadBufferBytes = 17u << 10;

Error invalid(std::string message) { return Error{ErrorCode::kInvalidArgument, "TLS: " + std::move(message)}; }

int openssl_version(TlsVersion version, int by_default) {
  switch (version) {
    case TlsVersion::kDefault:
      return by_default;
    case TlsVersion::k10:
      return TLS1_VERSION;
    case TlsVersion::k11:
      return TLS1_1_VERSION;
    case TlsVersion::k12:
      return TLS1_2_VERSION;
    case TlsVersion::k13:
      return TLS1_3_VERSION;
  }
  return by_default;
}

Status use_versions(SSL_CTX* context, const TlsOptions& options) {
  const int least = openssl_version(options.version_min, TLS1_2_VERSION);
  const int most = openssl_version(options.version_max, 0);
  if (most != 0 && most < least) return invalid("max_version is below min_version; raise one or lower the other");
  // Debian's security level 2 has no signatures that TLS 1.0 and 1.1 could use.
  if (least < TLS1_2_VERSION) SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_min_proto_version(context, least);
  SSL_CTX_set_max_proto_version(context, most);
  return {};
}

/// The names of the RFCs, in OpenSSL's own.
Status use_ciphers(SSL_CTX* context, const std::vector<std::string>& names) {
  if (names.empty()) {
    const bool old = SSL_CTX_get_min_proto_version(context) < TLS1_2_VERSION;
    SSL_CTX_set_cipher_list(context, old ? kCiphersTls10 : kCiphersTls12);
    return {};
  }
  SSL_CTX_set_cipher_list(context, "ALL");
  const STACK_OF(SSL_CIPHER)* known = SSL_CTX_get_ciphers(context);
  std::string tls12, tls13;
  for (const std::string& name : names) {
    const SSL_CIPHER* found = nullptr;
    for (int i = 0; i < sk_SSL_CIPHER_num(known) && found == nullptr; ++i) {
      const SSL_CIPHER* const cipher = sk_SSL_CIPHER_value(known, i);
      const char* const standard = SSL_CIPHER_standard_name(cipher);
      if ((standard != nullptr && name == standard) || name == SSL_CIPHER_get_name(cipher)) found = cipher;
    }
    if (found == nullptr) {
      return invalid("unknown cipher suite \"" + name + "\"; `openssl ciphers -stdname` lists those there are");
    }
    const bool is_tls13 = std::string_view(SSL_CIPHER_get_version(found)) == "TLSv1.3";
    std::string& list = is_tls13 ? tls13 : tls12;
    list += (list.empty() ? "" : ":") + std::string(SSL_CIPHER_get_name(found));
  }
  if (!tls12.empty()) SSL_CTX_set_cipher_list(context, tls12.c_str());
  if (!tls13.empty()) SSL_CTX_set_ciphersuites(context, tls13.c_str());
  if (!tls12.empty()) return {};
  // None of 1.2 is wanted: so 1.2 is not, rather than with suites that nobody named.
  const auto most = SSL_CTX_get_max_proto_version(context);
  if (most != 0 && most < TLS1_3_VERSION) {
    return invalid("cipher_suites are all of TLS 1.3, which max_version excludes; name others, or raise it");
  }
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  return {};
}

Status use_curves(SSL_CTX* context, const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    const bool nist = name == "P256" || name == "P384" || name == "P521";  // as Go writes them
    list += (list.empty() ? "" : ":") + (nist ? "P-" + name.substr(1) : name);
  }
  if (!list.empty() && SSL_CTX_set1_groups_list(context, list.c_str()) != 1) {
    return invalid("curve_preferences has a curve that OpenSSL lacks; it knows X25519, P256, P384, P521");
  }
  return {};
}

Status use_identity(SSL_CTX* context, const TlsOptions& options) {
  if (!options.certificate.given() && !options.key.given()) return {};
  if (!options.key.given()) return invalid("cert_file without key_file; give both");
  if (!options.certificate.given()) return invalid("key_file without cert_file; give both");
  Result<std::vector<Openssl<X509>>> chain = load_certificates(options.certificate, "cert_file");
  if (!chain.ok()) return chain.error();
  Result<Openssl<EVP_PKEY>> key = load_key(options.key, "key_file");
  if (!key.ok()) return key.error();
  if (SSL_CTX_use_certificate(context, chain->front().get()) != 1) {
    return invalid("cert_file \"" + options.certificate.file + "\" cannot be used: " + openssl_error());
  }
  for (std::size_t i = 1; i < chain->size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) != 1) return invalid(openssl_error());
  }
  if (SSL_CTX_use_PrivateKey(context, key->get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return invalid("key_file \"" + options.key.file + "\" is not the key of cert_file \"" + options.certificate.file +
                   "\"; give the two that were made together");
  }
  return {};
}

Status trust(SSL_CTX* context, const TlsPem& pem, std::string_view role) {
  const Result<std::vector<Openssl<X509>>> authorities = load_certificates(pem, role);
  if (!authorities.ok()) return authorities.error();
  for (const Openssl<X509>& authority : *authorities) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get());
  }
  return {};
}

std::string alpn_list(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& protocol : protocols) {
    list += static_cast<char>(protocol.size());
    list += protocol;
  }
  return list;
}

/// RFC 7301, 3.2: no protocol in common ends the handshake.
int choose_protocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* chosen_bytes,
                    const unsigned char* offered, unsigned offered_bytes, void* ours) {
  const auto& list = *static_cast<const std::string*>(ours);
  unsigned char* picked = nullptr;
  const int outcome = SSL_select_next_proto(&picked, chosen_bytes, reinterpret_cast<const unsigned char*>(list.data()),
                                            static_cast<unsigned>(list.size()), offered, offered_bytes);
  *chosen = picked;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

TlsContext::TlsContext(Options options, const std::vector<std::string>& protocols, const base::Clock& clock)
    : options_(std::move(options)), protocols_(alpn_list(protocols)), clock_(clock) {}

Result<std::shared_ptr<TlsContext>> TlsContext::client(TlsClientOptions options, std::string protocol,
                                                       const base::Clock& clock) {
  return create(std::move(options), {std::move(protocol)}, clock);
}

Result<std::shared_ptr<TlsContext>> TlsContext::server(TlsServerOptions options, const base::Clock& clock) {
  const std::vector<std::string> protocols = options.protocols;
  return create(std::move(options), protocols, clock);
}

Result<std::shared_ptr<TlsContext>> TlsContext::create(Options options, const std::vector<std::string>& protocols,
                                                       const base::Clock& clock) {
  const std::shared_ptr<TlsContext> made =
      std::unique_ptr<TlsContext>(new TlsContext(std::move(options), protocols, clock));
  Result<Openssl<SSL_CTX>> context = made->build();
  if (!context.ok()) return context.error();
  made->context_ = std::move(context).value();
  if (const std::uint64_t every = made->common().reload_nanos; every != 0) {
    made->look_again_at_ = base::later(clock.monotonic_now(), every);
  }
  return made;
}

const TlsOptions& TlsContext::common() const {
  return std::visit([](const auto& options) -> const TlsOptions& { return options; }, options_);
}

Result<Openssl<SSL_CTX>> TlsContext::build() {
  const bool is_server = std::holds_alternative<TlsServerOptions>(options_);
  Openssl<SSL_CTX> context(SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method()));
  if (!context) return invalid("no memory for OpenSSL");
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(raw, 1);
  SSL_CTX_set_default_read_buffer_len(raw, kReadBufferBytes);
  const TlsOptions& options = common();
  for (const Status& step :
       {use_versions(raw, options), use_ciphers(raw, options.cipher_suites), use_curves(raw, options.curves),
        use_identity(raw, options), is_server ? use_server(raw) : use_client(raw)}) {
    if (!step.ok()) return step.error();
  }
  return context;
}

Status TlsContext::use_server(SSL_CTX* context) {
  const TlsServerOptions& options = server_options();
  if (!options.certificate.given()) return invalid("a server needs cert_file and key_file");
  if (!protocols_.empty()) {
    SSL_CTX_set_alpn_select_cb(context, &choose_protocol, const_cast<std::string*>(&protocols_));
  }
  constexpr std::string_view kSession = "nanospan";  // OpenSSL asks for one where clients have certificates
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kSession.data()), kSession.size());
  if (!options.client_ca.given()) return {};
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  const Result<std::vector<Openssl<X509>>> authorities = load_certificates(options.client_ca, "client_ca_file");
  if (!authorities.ok()) return authorities.error();
  for (const Openssl<X509>& authority : *authorities) SSL_CTX_add_client_CA(context, authority.get());
  return trust(context, options.client_ca, "client_ca_file");
}

Status TlsContext::use_client(SSL_CTX* context) {
  const TlsClientOptions& options = client_options();
  SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(protocols_.data()),
                          static_cast<unsigned>(protocols_.size()));
  SSL_CTX_set_verify(context, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, &note_wrong_name);
  SSL_CTX_set_cert_cb(context, &note_certificate_wanted, nullptr);
  const bool system = !options.ca.given() || options.system_ca;
  if (options.verify && system) SSL_CTX_set_default_verify_paths(context);  // takes some 50 ms
  return options.ca.given() ? trust(context, options.ca, "ca_file") : Status();
}

void TlsContext::reload_if_due() {
  const base::MonotonicNanos now = clock_.monotonic_now();
  if (now < look_again_at_) return;
  look_again_at_ = base::later(now, common().reload_nanos);
  Result<Openssl<SSL_CTX>> fresh = build();
  if (fresh.ok()) {
    context_ = std::move(fresh).value();
  } else if (common().on_reload_failed) {
    common().on_reload_failed(fresh.error().message);
  }
}

Openssl<SSL> TlsContext::new_connection() {
  const std::lock_guard lock(mutex_);
  reload_if_due();
  return Openssl<SSL>(SSL_new(context_.get()));
}

}  // namespace nanospan::net
