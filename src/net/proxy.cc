// The rules, one by one, as in golang.org/x/net/http/httpproxy. Pure.
#include "net/proxy.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/base64.h"
#include "net/http_message.h"
#include "net/socket.h"

namespace nanospan::net {
namespace {

/// An IP address as 16 bytes; an IPv4 one as ::ffff:a.b.c.d.
using IpBytes = std::array<unsigned char, 16>;

std::optional<IpBytes> parse_ip(std::string_view text) {
  SocketAddress address;
  if (!SocketAddress::parse(text, 0, address) || address.is_unix()) return std::nullopt;
  IpBytes bytes{};
  if (address.family() == AF_INET6) {
    const auto& in6 = reinterpret_cast<const sockaddr_in6*>(address.get())->sin6_addr;
    std::copy_n(in6.s6_addr, bytes.size(), bytes.begin());
  } else {
    const auto* in4 =
        reinterpret_cast<const unsigned char*>(&reinterpret_cast<const sockaddr_in*>(address.get())->sin_addr);
    bytes[10] = bytes[11] = 0xff;
    std::copy_n(in4, 4, bytes.begin() + 12);
  }
  return bytes;
}

bool is_loopback(const IpBytes& ip) {
  IpBytes v6{};
  v6[15] = 1;
  const IpBytes v4 = *parse_ip("127.0.0.0");
  return ip == v6 || std::equal(v4.begin(), v4.begin() + 13, ip.begin());
}

/// "10.0.0.0/8", "fd00::/8". Nothing if it is no range.
std::optional<bool> in_range(const IpBytes& ip, std::string_view range) {
  const std::size_t slash = range.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<IpBytes> net = parse_ip(range.substr(0, slash));
  const std::string_view digits = range.substr(slash + 1);
  unsigned bits = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (!net || error != std::errc() || stop != digits.data() + digits.size()) return std::nullopt;
  const bool is_v4 = range.substr(0, slash).find(':') == std::string_view::npos;
  if (bits > (is_v4 ? 32u : 128u)) return std::nullopt;
  if (is_v4) bits += 96;
  for (unsigned bit = 0; bit < bits; ++bit) {
    if (((ip[bit / 8] ^ (*net)[bit / 8]) >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

struct HostAndPort {
  std::string_view host, port;  // no port: any
};
HostAndPort split_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  HostAndPort parts{text, {}};
  // More than one colon is an IPv6 address, whose port comes after its brackets.
  if (colon != std::string_view::npos && (text.find(':') == colon || (colon != 0 && text[colon - 1] == ']'))) {
    parts = {text.substr(0, colon), text.substr(colon + 1)};
  }
  if (parts.host.starts_with('[') && parts.host.ends_with(']'))
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  return parts;
}

/// One entry of NO_PROXY, in lower case.
bool matches(std::string_view entry, std::string_view host, const std::optional<IpBytes>& ip, std::string_view port) {
  if (entry == "*") return true;
  if (ip) {
    if (const std::optional<bool> within = in_range(*ip, entry)) return *within;
  }
  auto [name, entry_port] = split_port(entry);
  if (name.empty() || (!entry_port.empty() && entry_port != port)) return false;
  if (const std::optional<IpBytes> entry_ip = parse_ip(name)) return ip && *entry_ip == *ip;
  if (name.starts_with("*.")) name.remove_prefix(1);
  if (name.starts_with('.')) return host.ends_with(name);  // subdomains only
  return host == name || (host.ends_with(name) && host.substr(0, host.size() - name.size()).ends_with('.'));
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string in_lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

bool is_direct(std::string_view no_proxy, const Url& origin) {
  if (!origin.socket.empty() || origin.host == "localhost") return true;
  const std::optional<IpBytes> ip = parse_ip(origin.host);
  if (ip && is_loopback(*ip)) return true;
  const std::string port = std::to_string(origin.port);
  while (!no_proxy.empty()) {
    const std::size_t comma = std::min(no_proxy.find(','), no_proxy.size());
    if (matches(in_lower_case(trimmed(no_proxy.substr(0, comma))), origin.host, ip, port)) return true;
    no_proxy.remove_prefix(std::min(comma + 1, no_proxy.size()));
  }
  return false;
}

/// Where a URL's scheme ends; npos: it has none. What comes before "://" may be part of a password.
std::size_t scheme_end(std::string_view text) {
  const std::size_t end = text.find("://");
  const std::string_view scheme = text.substr(0, end);
  const bool is_scheme = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
           c == '.';
  });
  return is_scheme ? end : std::string_view::npos;
}

/// Of a URL's user information (RFC 3986, 2.1); what is no escape stays.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const char* const digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

ProxySettings read_proxy_settings(const std::function<std::optional<std::string>(const char* name)>& variable) {
  const auto first_of = [&](const char* upper, const char* lower) {
    std::string value = variable(upper).value_or("");
    return value.empty() ? variable(lower).value_or("") : value;
  };
  const bool is_cgi = !variable("REQUEST_METHOD").value_or("").empty();
  return {is_cgi ? variable("http_proxy").value_or("") : first_of("HTTP_PROXY", "http_proxy"),
          first_of("HTTPS_PROXY", "https_proxy"), first_of("NO_PROXY", "no_proxy")};
}

ChosenProxy choose_proxy(const ProxySettings& settings, const Url& origin, bool is_grpc) {
  const bool secure = is_grpc || origin.https;
  const std::string& url = secure ? settings.https : settings.http;
  if (url.empty() || is_direct(settings.no_proxy, origin)) return {};
  return {secure ? "HTTPS_PROXY" : "HTTP_PROXY", url};
}

Result<Proxy> parse_proxy(std::string_view text) {
  const std::size_t end = scheme_end(text);
  const std::string_view scheme = end == std::string_view::npos ? "http" : text.substr(0, end);
  std::string_view rest = end == std::string_view::npos ? text : text.substr(end + 3);
  if (!equals_ignoring_case(scheme, "http")) {
    return Error{ErrorCode::kUnsupported, "a proxy is spoken to in plain HTTP, not " + std::string(scheme) +
                                              "; write http://[user:password@]host:port"};
  }
  Proxy proxy;
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view user_info = rest.substr(0, at);
    if (user_info.find_first_of("/?#") != std::string_view::npos) {  // to other readers the host ends there
      return Error{ErrorCode::kInvalidArgument,
                   "the proxy's URL has a '/', '?' or '#' before its '@'; in a user name or password write %2F, %3F or "
                   "%23"};
    }
    const std::size_t colon = std::min(user_info.find(':'), user_info.size());
    const std::string user = unescaped(user_info.substr(0, colon));
    const std::string password = unescaped(user_info.substr(std::min(colon + 1, user_info.size())));
    proxy.authorization = "Basic ";
    base::append_base64(user + ":" + password, proxy.authorization);
    rest.remove_prefix(at + 1);
  }
  Result<Url> url = parse_url("http://" + std::string(rest.substr(0, rest.find('/'))));
  if (!url) return url.error().with_prefix("proxy");
  proxy.url = std::move(url).value();
  return proxy;
}

Route route_to(const Url& origin, const Proxy* proxy, bool tunnel) {
  if (proxy == nullptr || !origin.socket.empty()) return {origin.peer(), origin.port, {}, {}};
  Route route{proxy->url.host, proxy->url.port, {}, " through the proxy " + proxy->url.origin()};
  if (!tunnel) return route;
  const std::string target = origin.origin().substr(origin.https ? 8 : 7);  // after "https://": host:port always
  route.connect_head = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\nUser-Agent: nanospan\r\n";
  if (!proxy->authorization.empty()) route.connect_head += "Proxy-Authorization: " + proxy->authorization + "\r\n";
  route.connect_head += "\r\n";
  return route;
}

}  // namespace nanospan::net
