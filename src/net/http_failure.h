// HttpFailure: why a request of HTTP/1.1 or HTTP/2 got no response. Plain values; the functions are pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace nanospan::net {

/// Why a request got no response. Stable: callers map these to hints for people.
enum class HttpFailure : std::uint8_t {
  kInvalidRequest = 1,         ///< The request cannot be written (bad header, bad method). Never sent.
  kQueueFull = 2,              ///< queued_requests_max requests are waiting already. Never sent.
  kResolve = 3,                ///< The host name has no address or the resolver failed.
  kResolveTimeout = 4,         ///< The deadline came while the name was being resolved.
  kRefused = 5,                ///< Nothing listens there (ECONNREFUSED; ENOENT of a unix socket).
  kUnreachable = 6,            ///< No route, or another failure to connect.
  kConnectTimeout = 7,         ///< The deadline came while connecting, or while waiting for a free connection.
  kSendTimeout = 8,            ///< The deadline came while the request was being sent: the peer stopped reading.
  kResponseTimeout = 9,        ///< The deadline came before the whole response did.
  kReset = 10,                 ///< The peer reset the connection before a byte of the response came.
  kClosedBeforeResponse = 11,  ///< The peer closed the connection in order, without a byte of response.
  kClosedMidResponse = 12,     ///< The connection ended, in whatever way, in the middle of the response.
  kNotHttp = 13,  ///< The answer does not begin like HTTP/1; the message says what it looks like (TLS, HTTP/2, ...).
  kMalformedResponse = 14,  ///< It begins like HTTP/1 but breaks its rules.
  kResponseTooLarge = 15,   ///< Head or body above the limit.
  kCancelled = 16,
  kSystem = 17,  ///< Out of descriptors, memory or alike on this side.
  kTls = 18,     ///< Connected, but no agreement on TLS: a certificate, a version, or no TLS at all over there.
  kProxy = 19,   ///< The proxy cannot be looked up or reached, refuses, or does not answer as one.
};
std::string_view to_string(HttpFailure failure);
/// The code for an Error with this failure.
ErrorCode error_code_for(HttpFailure failure);

}  // namespace nanospan::net
