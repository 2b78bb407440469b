// ListenAddress: "host:port" as endpoints to listen on are written, or a unix socket. A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/config/map_reader.h"
#include "net/socket.h"

namespace nanospan::gateway {

struct ListenAddress {
  std::string host;  ///< Without brackets; empty for all addresses. Of a unix socket: its path, or "@name".
  std::uint16_t port = 0;

  bool is_unix() const { return net::SocketAddress::is_unix_name(host); }
  /// "127.0.0.1:4318", "[::1]:4318", ":4318", "unix:/path/of.sock", "unix-abstract:name".
  std::string text() const;
};

/// The error says what would be right.
Result<ListenAddress> parse_listen_address(std::string_view text);

/// A value of `endpoint` next to `transport: unix`: a path, or "@name" of the abstract namespace (confignet).
Result<ListenAddress> parse_unix_listen_address(std::string_view text);

/// The value of `key`; nothing if it is not given, or is wrong, of which `reader` is told.
std::optional<ListenAddress> read_listen_address(MapReader& reader, std::string_view key);

}  // namespace nanospan::gateway
