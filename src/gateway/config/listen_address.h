// ListenAddress: "host:port" as endpoints to listen on are written. A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/config/map_reader.h"

namespace nanospan::gateway {

struct ListenAddress {
  std::string host;  ///< Without brackets; empty for all addresses.
  std::uint16_t port = 0;

  /// "127.0.0.1:4318", "[::1]:4318", ":4318".
  std::string text() const;
};

/// The error says what would be right.
Result<ListenAddress> parse_listen_address(std::string_view text);

/// The value of `key`; nothing if it is not given, or is wrong, of which `reader` is told.
std::optional<ListenAddress> read_listen_address(MapReader& reader, std::string_view key);

}  // namespace nanospan::gateway
