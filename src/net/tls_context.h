// TlsContext: an OpenSSL context made of TlsOptions, and made again when its files change. Thread-safe. Internal to
// TLS.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/tls_options.h"
#include "net/tls_pem.h"

namespace nanospan::net {

class TlsContext {
 public:
  static Result<std::shared_ptr<TlsContext>> client(TlsClientOptions options, std::string protocol,
                                                    const base::Clock& clock);
  static Result<std::shared_ptr<TlsContext>> server(TlsServerOptions options, const base::Clock& clock);

  /// A connection's state, with the newest certificates. Null without memory.
  Openssl<SSL> new_connection();

  /// A client's protocol.
  std::string_view protocol() const { return std::string_view(protocols_).substr(1); }
  const TlsClientOptions& client_options() const { return std::get<TlsClientOptions>(options_); }
  const TlsServerOptions& server_options() const { return std::get<TlsServerOptions>(options_); }

 private:
  using Options = std::variant<TlsClientOptions, TlsServerOptions>;
  TlsContext(Options options, const std::vector<std::string>& protocols, const base::Clock& clock);
  static Result<std::shared_ptr<TlsContext>> create(Options options, const std::vector<std::string>& protocols,
                                                    const base::Clock& clock);
  const TlsOptions& common() const;
  Result<Openssl<SSL_CTX>> build();
  Status use_server(SSL_CTX* context);
  Status use_client(SSL_CTX* context);
  void reload_if_due();

  const Options options_;
  const std::string protocols_;  // as ALPN writes them: a length, then the name, one after another
  const base::Clock& clock_;
  std::mutex mutex_;
  Openssl<SSL_CTX> context_;  // a connection holds a reference of its own
  base::MonotonicNanos look_again_at_ = base::kNever;
};

}  // namespace nanospan::net
