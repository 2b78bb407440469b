// Url: parses http and https URLs as OTLP endpoints are written (RFC 3986, the part with an authority), and unix
// sockets as gRPC names them (grpc doc/naming.md), with errors for people. A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nanospan::net {

struct Url {
  bool https = false;
  std::string host;         ///< Lower case; an IPv6 address without its brackets. "localhost" of a unix socket.
  std::uint16_t port = 80;  ///< 80 or 443 if the URL names none.
  std::string path = "/";   ///< With the query; "/" if the URL has none. Never a fragment.
  std::string socket;       ///< Of a unix socket, as SocketAddress::parse() takes it; empty: TCP to host and port.

  /// What is connected to: the host to look up, or the socket.
  const std::string& peer() const { return socket.empty() ? host : socket; }
  /// "host:port" as for a Host header: brackets around IPv6, no port if it is the scheme's own.
  std::string authority() const;
  /// "http://host:port", "unix:/path/of.sock".
  std::string origin() const;
  /// The path without the query, which may hold a key of the user's. For messages.
  std::string_view path_shown() const { return std::string_view(path).substr(0, path.find('?')); }
  /// "http://host:port/path", "unix:/path/of.sock:/path", without the query. For messages.
  std::string shown() const { return origin().append(socket.empty() ? "" : ":").append(path_shown()); }
};

/// Parses "http://host[:port][/path][?query]". User information is refused (it would leak into logs), as are fragments,
/// spaces, control characters and everything that is not a URL; the message quotes the input and says what is wrong.
/// Also "unix:path", "unix:///absolute/path" and "unix-abstract:name", without TLS. What comes after the first ":/" of
/// these is the path of HTTP (as in nginx's proxy_pass): "unix:/run/otlp.sock:/v1/traces".
Result<Url> parse_url(std::string_view text);
/// "unix:..." or "unix-abstract:...".
bool names_unix_socket(std::string_view text);
/// The endpoint as something that a path can be appended to: a unix socket without one gets its ":".
std::string before_path(std::string_view endpoint);

}  // namespace nanospan::net
