// Url: parses http and https URLs as OTLP endpoints are written (RFC 3986, the part with an authority), with errors for
// people. A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nanospan::net {

struct Url {
  bool https = false;
  std::string host;         ///< Lower case; an IPv6 address without its brackets.
  std::uint16_t port = 80;  ///< 80 or 443 if the URL names none.
  std::string path = "/";   ///< With the query; "/" if the URL has none. Never a fragment.

  /// "host:port" as for a Host header: brackets around IPv6, no port if it is the scheme's own.
  std::string authority() const;
  /// "http://host:port".
  std::string origin() const;
  /// The path without the query, which may hold a key of the user's. For messages.
  std::string_view path_shown() const { return std::string_view(path).substr(0, path.find('?')); }
  /// "http://host:port/path", without the query. For messages.
  std::string shown() const { return origin().append(path_shown()); }
};

/// Parses "http://host[:port][/path][?query]". User information is refused (it would leak into logs), as are fragments,
/// spaces, control characters and everything that is not a URL; the message quotes the input and says what is wrong.
Result<Url> parse_url(std::string_view text);

}  // namespace nanospan::net
