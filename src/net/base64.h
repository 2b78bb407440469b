// Base64 (RFC 4648, 4): standard alphabet. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nanospan::net {

/// Without padding.
std::string encode_base64(std::string_view bytes);
/// With or without padding. Nothing if it is not base64.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace nanospan::net
