// Parsing of host:port. Pure, any thread.
#include "gateway/config/listen_address.h"

#include "gateway/config/units.h"

namespace nanospan::gateway {

std::string ListenAddress::text() const {
  if (host.starts_with('@')) return "unix-abstract:" + host.substr(1);
  if (is_unix()) return "unix:" + host;
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return shown + ":" + std::to_string(port);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  if (text.starts_with('/') || text.starts_with('@') || text.starts_with("unix:")) {
    return Error{ErrorCode::kInvalidArgument,
                 "\"" + std::string(text) + "\" is a unix socket; write its path, and transport: unix"};
  }
  const std::size_t colon = text.rfind(':');
  const Error wrong{
      ErrorCode::kInvalidArgument,
      "\"" + std::string(text) + "\" is not host:port; write 127.0.0.1:4318, or 0.0.0.0:4318 for all addresses"};
  if (colon == std::string_view::npos) return wrong;
  const Result<std::int64_t> port = parse_integer(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535) return wrong;
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos || host.find('/') != std::string_view::npos) {
    return wrong;
  }
  ListenAddress address{std::string(host), static_cast<std::uint16_t>(*port)};
  if (address.is_unix()) return wrong;  // "[@name]:80"
  return address;
}

Result<ListenAddress> parse_unix_listen_address(std::string_view text) {
  ListenAddress address{std::string(text), 0};
  if (!text.empty() && !address.is_unix()) address.host.insert(0, "./");
  if (net::SocketAddress unused; text.size() > 1 && net::SocketAddress::parse(address.host, 0, unused)) return address;
  return Error{ErrorCode::kInvalidArgument,
               "\"" + std::string(text) + "\" is no unix socket; write a path of at most " +
                   std::to_string(net::SocketAddress::kUnixNameBytesMax) + " bytes, such as /run/otlp.sock, or @name"};
}

std::optional<ListenAddress> read_listen_address(MapReader& reader, std::string_view key) {
  std::string text;
  reader.read(key, text);
  if (text.empty()) return std::nullopt;
  Result<ListenAddress> address = parse_listen_address(text);
  if (address) return *std::move(address);
  reader.fail(key, address.error().message);
  return std::nullopt;
}

}  // namespace nanospan::gateway
