// How clients reach TLS without linking OpenSSL: one symbol that nanospan::tls defines and others refer to weakly; as
// gzip does (docs/decisions/0021). Thread-safe.
#pragma once

#include <string>

#include "base/result.h"
#include "net/byte_stream.h"
#include "net/tls_options.h"

/// Makes `streams` to `host` that speak `protocol`; false, and why in `error`, if it cannot.
extern "C" [[gnu::visibility("default")]] bool nanospan_tls_r1(const nanospan::net::TlsClientOptions& options,
                                                               const std::string& host, const std::string& protocol,
                                                               nanospan::net::StreamFactory& streams,
                                                               nanospan::Error& error);

namespace nanospan::net {

/// kUnsupported unless nanospan::tls is linked into this program; kInvalidArgument if the options name no usable files.
Result<StreamFactory> tls_streams(const TlsClientOptions& options, const std::string& host,
                                  const std::string& protocol);

}  // namespace nanospan::net
