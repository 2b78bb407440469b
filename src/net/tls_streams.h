// TLS (OpenSSL 3) for clients and servers of HTTP: what turns sockets into streams that encrypt. A library of its own
// (nanospan_net_tls), so that programs without TLS do not link OpenSSL.
//
// A stream's certificates and settings are those at the time it was made; see TlsOptions::reload_nanos. The factories
// may be called on several threads at once.
#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "net/byte_stream.h"
#include "net/tls_options.h"

namespace nanospan::net {

/// Streams to `host`, a name or an IP address, that speak `protocol` ("h2" or "http/1.1"). Fails in one line that names
/// the file or value. `under` makes what carries the records; empty: the plain socket.
Result<StreamFactory> tls_client_streams(TlsClientOptions options, const std::string& host, const std::string& protocol,
                                         StreamFactory under = {}, const base::Clock& clock = base::system_clock());

/// Streams for accepted connections. The handshake is the stream's own affair: until it is over there is nothing to
/// read, and if it fails the stream is broken.
Result<StreamFactory> tls_server_streams(TlsServerOptions options, StreamFactory under = {},
                                         const base::Clock& clock = base::system_clock());

}  // namespace nanospan::net
