// Retry-After (RFC 9110, 10.2.3): how long a server asks its client to wait, as seconds or as a date. Pure function.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace nanospan::net {

/// Nanoseconds to wait, counted from `now`; 0 for a date that has passed; nothing if the value is neither form. At most
/// a day: a longer wait is a mistake or an attack.
std::optional<std::uint64_t> parse_retry_after(std::string_view value, base::UnixNanos now);

}  // namespace nanospan::net
