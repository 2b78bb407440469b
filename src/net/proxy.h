// Proxies: whether an origin is reached through an HTTP proxy, by the rules of Go's httpproxy package (and so the
// Collector's), and how. Plain values; the functions are pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/url.h"

namespace nanospan::net {

/// What the environment says.
struct ProxySettings {
  std::string http;      ///< HTTP_PROXY: for http:// URLs.
  std::string https;     ///< HTTPS_PROXY: for https:// URLs, and for gRPC.
  std::string no_proxy;  ///< NO_PROXY: hosts, domains, addresses, CIDR ranges, each with a port or without; or "*".
};

/// By variables of these names; each is asked for in upper case, then in lower case. HTTP_PROXY is not heeded where
/// REQUEST_METHOD is set: in CGI it is a client's header "Proxy" (CVE-2016-5385).
ProxySettings read_proxy_settings(const std::function<std::optional<std::string>(const char* name)>& variable);

struct ChosenProxy {
  const char* variable = "";  ///< Whose value it is, for messages.
  std::string url;            ///< Empty: none. Not checked yet.
};
/// Never one for localhost, loopback addresses and unix sockets, nor for what no_proxy lists.
ChosenProxy choose_proxy(const ProxySettings& settings, const Url& origin, bool is_grpc);

/// A proxy that is spoken to in plain HTTP.
struct Proxy {
  Url url;                    ///< Host and port.
  std::string authorization;  ///< The value of Proxy-Authorization; empty: none.
};
/// "http://[user:password@]host[:port]", or the same without "http://". The error does not show a password.
Result<Proxy> parse_proxy(std::string_view text);

/// How an origin is connected to.
struct Route {
  std::string host;  ///< To be looked up; the origin's or the proxy's.
  std::uint16_t port = 0;
  std::string connect_head;  ///< Asks the proxy for a tunnel, once connected; empty: there is none.
  std::string via;           ///< " through the proxy http://host:port", for messages; empty: directly.
};
/// `proxy` may be null; to a unix socket there is none. Tunnels (CONNECT) carry https and gRPC; for HTTP the proxy is
/// sent the whole URL instead.
Route route_to(const Url& origin, const Proxy* proxy, bool tunnel);

}  // namespace nanospan::net
