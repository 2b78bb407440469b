// Durations, byte sizes and "did you mean", as configuration files and messages write them. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nanospan::gateway {

/// A duration in Go's syntax ("300ms", "1h15m", "1.5s", "0"), in nanoseconds. Negative ones are refused.
Result<std::uint64_t> parse_duration(std::string_view text);
/// The shortest form that parse_duration reads back: "1m30s", "200ms", "0s".
std::string format_duration(std::uint64_t nanos);

/// A byte count: an integer ("65_536") or a number with a unit ("64MiB", "1.5 GB", "512k"); k, m, g, t are powers of
/// 1000, ki ... of 1024.
Result<std::uint64_t> parse_byte_size(std::string_view text);
/// "20 MiB", "1.5 GiB", "300 bytes".
std::string format_byte_size(std::uint64_t bytes);

/// A decimal, 0x, 0o or 0b integer, with underscores as YAML 1.1 allows.
Result<std::int64_t> parse_integer(std::string_view text);

/// The candidate nearest to `word` by edit distance, or "" if none is near enough to be meant.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace nanospan::gateway
