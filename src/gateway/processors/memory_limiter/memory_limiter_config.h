// MemoryLimiterConfig: the `memory_limiter` processor's keys (processor/memorylimiterprocessor/README.md). A plain
// value.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "gateway/config/map_reader.h"

namespace nanospan::gateway {

struct MemoryLimiterConfig {
  std::uint64_t check_nanos = 0;    ///< check_interval; must be given.
  std::uint64_t limit_bytes = 0;    ///< limit_mib; 0: limit_percentage counts.
  std::uint64_t spike_bytes = 0;    ///< spike_limit_mib; 0: a fifth of the limit.
  std::uint64_t limit_percent = 0;  ///< Of what the machine or the container has.
  std::uint64_t spike_percent = 0;

  /// What the process may use at most, and from where on requests are refused.
  struct Limits {
    std::uint64_t hard_bytes = 0;
    std::uint64_t soft_bytes = 0;
  };
  Limits limits(std::uint64_t memory_bytes) const;
};

MemoryLimiterConfig read_memory_limiter_config(MapReader& reader);

}  // namespace nanospan::gateway
