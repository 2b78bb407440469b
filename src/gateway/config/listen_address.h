// ListenAddress: "host:port" as endpoints to listen on are written. A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nanospan::gateway {

struct ListenAddress {
  std::string host;  ///< Without brackets; empty for all addresses.
  std::uint16_t port = 0;

  /// "127.0.0.1:4318", "[::1]:4318", ":4318".
  std::string text() const;
};

/// The error says what would be right.
Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace nanospan::gateway
