// What OpenSSL, the certificate check and the peer's alert say, put into words for people. Threads: see the header.
#include "net/tls_failure.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <memory>

#include "net/tls_pem.h"

namespace nanospan::net {
namespace {

constexpr std::size_t kNamesMax = 5;

/// "shop.example, 10.0.0.7": for whom the certificate is.
std::string names_of(X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      &GENERAL_NAMES_free);
  std::string text;
  const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  for (int i = 0, shown = 0; i < count; ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    if (++shown > static_cast<int>(kNamesMax)) return text + ", ...";
    const ASN1_STRING* const value = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
    const unsigned char* const bytes = ASN1_STRING_get0_data(value);
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(value));
    if (!text.empty()) text += ", ";
    if (name->type == GEN_DNS) {
      for (const char c : std::string_view(reinterpret_cast<const char*>(bytes), size)) {
        text += c > ' ' && c < 0x7F ? c : '?';  // the peer wrote it
      }
    } else if (size == 4) {
      for (std::size_t part = 0; part < 4; ++part) text += (part == 0 ? "" : ".") + std::to_string(bytes[part]);
    } else {
      text += "an IPv6 address";
    }
  }
  return text.empty() ? "no name at all" : text;
}

std::string wrong_certificate(SSL* ssl, long verdict, std::string_view host) {
  const std::string whose = host.empty() ? "the client's certificate" : "the certificate of " + std::string(host);
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the server's certificate is not for " + std::string(host) + " but for " +
             static_cast<const TlsNotes*>(SSL_get_app_data(ssl))->other_names +
             "; connect by that name, or set server_name_override";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return whose + " has expired; renew it, or set this machine's clock";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return whose + " is not valid yet; is this machine's clock right?";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return whose + " comes from an authority that is not trusted here (" + X509_verify_cert_error_string(verdict) +
             "); give that authority's certificate as the " + (host.empty() ? "client CA" : "CA");
    default:
      return whose + " is not accepted: " + X509_verify_cert_error_string(verdict);
  }
}

/// What the peer says with its alert (RFC 8446, 6.2), as far as there is a remedy.
std::string alert_text(int reason) {
  switch (reason) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return "the server asks for a client certificate; give one, with its key";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return "the peer does not trust the authority of our certificate; give it that authority's certificate";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return "the peer says that our certificate has expired; renew it";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
      return "the peer does not accept our certificate";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return "the peer refuses the handshake: no cipher in common, or it asks for a client certificate";
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return "no TLS version in common with the peer; see min_version and max_version on both sides";
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
      return "the server does not speak our protocol there; are gRPC and OTLP/HTTP mixed up?";
    default:
      return {};
  }
}

}  // namespace

int note_wrong_name(int verified, X509_STORE_CTX* context) {
  const int verdict = X509_STORE_CTX_get_error(context);
  if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    SSL* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
    static_cast<TlsNotes*>(SSL_get_app_data(ssl))->other_names = names_of(X509_STORE_CTX_get_current_cert(context));
  }
  return verified;
}

int note_certificate_wanted(SSL* ssl, void* /*argument*/) {
  static_cast<TlsNotes*>(SSL_get_app_data(ssl))->certificate_wanted = true;
  return 1;
}

bool looks_like_tls(std::string_view first_bytes) {
  return first_bytes.size() >= 2 && first_bytes[0] >= 0x14 && first_bytes[0] <= 0x17 && first_bytes[1] == 0x03;
}

std::string tls_failure(SSL* ssl, std::string_view first_bytes, std::string_view host) {
  const int reason = ERR_GET_REASON(ERR_peek_last_error());
  const std::string plain = openssl_error();
  const bool is_server = host.empty();
  if (!first_bytes.empty() && !looks_like_tls(first_bytes)) {
    return is_server ? "the client does not speak TLS; use https, or take `insecure` from its TLS settings"
                     : "the server does not speak TLS there; use http://, or insecure "
                       "(OTEL_EXPORTER_OTLP_INSECURE=true, in the gateway tls: {insecure: true})";
  }
  if (const long verdict = SSL_get_verify_result(ssl); verdict != X509_V_OK && SSL_get_verify_mode(ssl) != 0) {
    return wrong_certificate(ssl, verdict, host);
  }
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "the client shows no certificate, and one of client_ca_file's is asked for";
    case SSL_R_NO_SHARED_CIPHER:
      return "no cipher suite in common with the client; see cipher_suites on both sides";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
      return "no TLS version in common with the peer; see min_version and max_version on both sides";
    default:
      break;
  }
  if (std::string alert = alert_text(reason); !alert.empty()) return alert;
  return plain;
}

}  // namespace nanospan::net
