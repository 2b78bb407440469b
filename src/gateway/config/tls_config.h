// The `tls` keys of receivers and exporters (Collector: config/configtls) as the options of net/tls_options.h.
//
// What can be told without opening a file is told here, with the line; files are opened when the component starts,
// since they need not be where a configuration is validated. One thread at a time.
#pragma once

#include <optional>

#include "gateway/config/map_reader.h"
#include "net/tls_options.h"

namespace nanospan::gateway {

/// `tls` of a receiver. Nothing if the key is absent or has no value: the receiver then takes plain connections.
std::optional<net::TlsServerOptions> read_tls_server(MapReader& reader);

/// `tls` of an exporter.
struct TlsClientConfig {
  bool given = false;
  bool insecure = false;  ///< No TLS, unless the address or a `ca_file` asks for it.
  net::TlsClientOptions options;
};
TlsClientConfig read_tls_client(MapReader& reader);

}  // namespace nanospan::gateway
