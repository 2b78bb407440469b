// Scheme, authority and path are taken off the front one after another; errors never repeat a password. Pure.
#include "net/url.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "net/http_message.h"
#include "net/socket.h"

namespace nanospan::net {
namespace {

Error bad(std::string_view text, std::string_view why) {
  return Error{ErrorCode::kInvalidArgument, "URL \"" + std::string(text) + "\" " + std::string(why)};
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  unsigned port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || stop != end || port == 0 || port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

/// "host", "host:port", "[::1]" or "[::1]:port" into `url`.
Status parse_authority(std::string_view text, std::string_view authority, Url& url) {
  std::string_view host = authority;
  std::string_view rest;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return bad(text, "has a '[' without a ']'");
    host = authority.substr(1, close - 1);
    rest = authority.substr(close + 1);
    SocketAddress address;
    if (host.find(':') == std::string_view::npos || !SocketAddress::parse(host, 0, address)) {
      return bad(text, "has no valid IPv6 address within its brackets");
    }
    if (!rest.empty() && rest[0] != ':') return bad(text, "has text between ']' and the port");
  } else {
    const std::size_t colon = authority.find(':');
    host = authority.substr(0, colon);
    if (colon != std::string_view::npos) rest = authority.substr(colon);
    if (rest.find(':', 1) != std::string_view::npos) {
      return bad(text, "has several colons; an IPv6 address goes in brackets: http://[::1]:4318");
    }
  }
  url.host = lowered(host);
  if (url.host.empty()) return bad(text, "has no host");
  if (!authority.starts_with('[') && !std::all_of(url.host.begin(), url.host.end(), is_name_char)) {
    return bad(text, "has a character in its host that host names do not have");
  }
  if (rest.empty()) return {};
  const std::optional<std::uint16_t> port = parse_port(rest.substr(1));
  if (!port) return bad(text, "has a port that is not a number from 1 to 65535");
  url.port = *port;
  return {};
}

constexpr std::string_view kUnix = "unix:", kUnixAbstract = "unix-abstract:";

/// Where the path of HTTP begins, its ':' included; the size if there is none. REQUIRES: names_unix_socket(text).
std::size_t unix_path_at(std::string_view text) { return std::min(text.find(":/", text.find(':') + 1), text.size()); }

Result<Url> parse_unix(std::string_view text) {
  if (!is_visible(text)) return bad(text, "has a space, a control character or a non-ASCII character");
  const std::size_t path_at = unix_path_at(text);
  const bool abstract = text.starts_with(kUnixAbstract);
  std::string_view name = text.substr(0, path_at).substr(abstract ? kUnixAbstract.size() : kUnix.size());
  if (!abstract && name.starts_with("//")) {
    name.remove_prefix(2);
    if (!name.starts_with('/')) {
      return bad(text, "has a host where a unix socket has none; write unix:path or unix:///absolute/path");
    }
    name.remove_prefix(name.find_first_not_of('/') == std::string_view::npos ? 0 : name.find_first_not_of('/') - 1);
  }
  if (name.empty()) return bad(text, "has no name of a socket; write unix:/path/of.sock or unix-abstract:name");
  if (name.find_first_of("?#") != std::string_view::npos) {  // would be a query or a fragment to gRPC
    return bad(text,
               "has a '?' or '#' in its socket's name; a path of HTTP comes after it as in unix:/path/of.sock:/path");
  }
  Url url;
  url.host = "localhost";  // as gRPC calls it: in Host, in :authority, and in certificates
  url.socket = std::string(abstract ? "@" : name.find('/') == std::string_view::npos ? "./" : "").append(name);
  SocketAddress address;
  if (!SocketAddress::parse(url.socket, 0, address)) {
    return bad(text, "has a name of " + std::to_string(name.size()) + " bytes; that of a unix socket has at most " +
                         std::to_string(SocketAddress::kUnixNameBytesMax));
  }
  if (path_at < text.size()) url.path = text.substr(path_at + 1);
  if (url.path.find('#') != std::string::npos) return bad(text, "has a fragment ('#'), which is never sent");
  return url;
}

}  // namespace

bool names_unix_socket(std::string_view text) { return text.starts_with(kUnix) || text.starts_with(kUnixAbstract); }

std::string before_path(std::string_view endpoint) {
  const bool bare = names_unix_socket(endpoint) && unix_path_at(endpoint) == endpoint.size();
  return std::string(endpoint) + (bare ? ":" : "");
}

Result<Url> parse_url(std::string_view text) {
  if (names_unix_socket(text)) return parse_unix(text);
  const std::size_t scheme_end = text.find("://");
  const std::string_view rest = scheme_end == std::string_view::npos ? text : text.substr(scheme_end + 3);
  const std::size_t path_at = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, path_at);
  if (authority.find('@') != std::string_view::npos) {  // first, and not quoted: it may hold a password
    return Error{ErrorCode::kInvalidArgument,
                 "URL has a user name or password before '@'; send credentials in a header"};
  }
  if (!is_visible(text)) return bad(text, "has a space, a control character or a non-ASCII character");
  if (scheme_end == std::string_view::npos) {
    return bad(text, "has no scheme; write http://host:port or https://host:port");
  }
  Url url;
  const std::string_view scheme = text.substr(0, scheme_end);
  url.https = equals_ignoring_case(scheme, "https");
  if (!url.https && !equals_ignoring_case(scheme, "http")) return bad(text, "has a scheme other than http and https");
  url.port = url.https ? 443 : 80;

  if (text.find('#') != std::string_view::npos) return bad(text, "has a fragment ('#'), which is never sent");
  if (const Status status = parse_authority(text, authority, url); !status.ok()) return status.error();

  const std::string_view path = rest.substr(path_at);
  if (!path.empty()) url.path = path.starts_with('/') ? std::string(path) : "/" + std::string(path);
  return url;
}

std::string Url::authority() const {
  if (!socket.empty()) return host;
  std::string out = host.find(':') != std::string::npos ? "[" + host + "]" : host;
  if (port != (https ? 443 : 80)) out += ":" + std::to_string(port);
  return out;
}

std::string Url::origin() const {
  if (socket.starts_with('@')) return std::string(kUnixAbstract) + socket.substr(1);
  if (!socket.empty()) return std::string(kUnix) + socket;
  const std::string name = host.find(':') != std::string::npos ? "[" + host + "]" : host;
  return (https ? "https://" : "http://") + name + ":" + std::to_string(port);
}

}  // namespace nanospan::net
