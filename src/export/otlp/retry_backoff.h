// How long to wait before an export is tried again: exponential, with jitter, never less than the receiver asked for.
// Source: protocol/exporter.md "Retry". A pure function.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace nanospan::exporters {

/// The wait after failure number `failures` (1 is the first): initial, 2 x initial, 4 x initial ... up to `max`, of
/// which a random part between a half and the whole is taken, so that clients that failed together do not return
/// together.
constexpr std::uint64_t retry_delay(std::uint64_t initial_nanos, std::uint64_t max_nanos, unsigned failures,
                                    std::uint64_t random_bits, std::optional<std::uint64_t> retry_after_nanos) {
  constexpr unsigned kDoublingsMax = 30;
  std::uint64_t whole = initial_nanos;
  for (unsigned i = 1; i < std::min(failures, kDoublingsMax) && whole < max_nanos; ++i) whole *= 2;
  whole = std::min(whole, max_nanos);
  const std::uint64_t half = whole / 2;
  return std::max(half + random_bits % (whole - half + 1), retry_after_nanos.value_or(0));
}

}  // namespace nanospan::exporters
