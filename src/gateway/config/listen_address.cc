// Parsing of host:port. Pure, any thread.
#include "gateway/config/listen_address.h"

#include "gateway/config/units.h"

namespace nanospan::gateway {

std::string ListenAddress::text() const {
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return shown + ":" + std::to_string(port);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
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
  return ListenAddress{std::string(host), static_cast<std::uint16_t>(*port)};
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
