// The strong side of the hook, in a library of its own (nanospan::tls), which needs OpenSSL. Thread-safe.
#include <utility>

#include "net/linked_tls.h"
#include "net/tls_streams.h"

bool nanospan_tls_r1(const nanospan::net::TlsClientOptions& options, const std::string& host,
                     const std::string& protocol, nanospan::net::StreamFactory& streams, nanospan::Error& error) {
  auto made = nanospan::net::tls_client_streams(options, host, protocol);
  if (!made) {
    error = made.error();
    return false;
  }
  streams = std::move(made).value();
  return true;
}
