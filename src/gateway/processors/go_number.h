// Numbers in text as Go's strconv reads them, which the Collector converts with. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace nanospan::gateway {

/// strconv.ParseInt(text, 10, 64): decimal digits after an optional sign, within 64 bits; nothing else around them.
std::optional<std::int64_t> parse_go_int(std::string_view text);

/// strconv.ParseFloat(text, 64): decimal, or hexadecimal with its exponent ("0x1p-2"), after an optional sign; "_"
/// between digits; inf, infinity and nan (without a sign) in any case. What is too large is no number, what is too
/// small is 0.
std::optional<double> parse_go_double(std::string_view text);

}  // namespace nanospan::gateway
