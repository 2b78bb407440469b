// HTTP/2 for HttpServer: the options, and what HttpServerOptions::http2 takes. A library of its own
// (nanospan_net_http2), so that programs without HTTP/2 do not link nghttp2.
//
// Requests of HTTP/2 reach the same handler in the same form; many of one connection may be with it at a time, and
// answers go out in any order. Their bytes, once complete, count against the connection's window until they are
// answered: that is the back-pressure. Plain values and one pure function.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "net/http2_session.h"
#include "net/server_connection.h"

namespace nanospan::net {

/// Next to the limits of HttpServerOptions on heads, the pace of bodies, and answers, which hold here too.
struct Http2ServerOptions {
  Http2SessionOptions session;
  /// Without a request for so long, the connection ends in order; clients open another when they need one.
  std::uint64_t idle_nanos = 15 * 60 * base::kNanosPerSecond;
  /// After so long, less or more by a tenth (so that clients that came together do not return together), it takes no
  /// more requests: load balancing over long-lived connections. The grace is for those in flight.
  std::uint64_t age_nanos_max = base::kNever;
  std::uint64_t age_grace_nanos = base::kNever;
  /// Keepalive of the server: a PING after so long without a byte, and the end without an answer to it.
  std::uint64_t ping_after_nanos = 2 * 3600 * base::kNanosPerSecond;
  std::uint64_t ping_timeout_nanos = 20 * base::kNanosPerSecond;
  /// Keepalive of clients: three PINGs closer than this and the connection ends with "too_many_pings" (grpc
  /// doc/keepalive.md). Answers in between forgive.
  std::uint64_t ping_interval_nanos_min = 5 * 60 * base::kNanosPerSecond;
  bool pings_without_streams = false;  ///< Else the interval is two hours while no request is open.
};

Http2Protocol http2_server_protocol(Http2ServerOptions options = {});

}  // namespace nanospan::net
