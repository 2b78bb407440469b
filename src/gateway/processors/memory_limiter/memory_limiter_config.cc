// Reads the `memory_limiter` processor's keys. One thread.
#include "gateway/processors/memory_limiter/memory_limiter_config.h"

namespace nanospan::gateway {
namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;
constexpr std::uint64_t kMebibytesMax = 1ULL << 40;

}  // namespace

MemoryLimiterConfig::Limits MemoryLimiterConfig::limits(std::uint64_t memory_bytes) const {
  // In hundredths first: a machine of many terabytes times a hundred would overflow.
  const bool in_bytes = limit_bytes != 0;
  const std::uint64_t hard = in_bytes ? limit_bytes : memory_bytes / 100 * limit_percent;
  std::uint64_t spike = in_bytes ? spike_bytes : memory_bytes / 100 * spike_percent;
  if (spike == 0) spike = hard / 5;
  return {hard, hard - spike};
}

MemoryLimiterConfig read_memory_limiter_config(MapReader& reader) {
  MemoryLimiterConfig config;
  reader.read_duration("check_interval", config.check_nanos);
  if (config.check_nanos == 0) reader.fail("check_interval", "must be greater than zero; 1s is a good value");
  std::uint64_t limit = 0, spike = 0;
  reader.read("limit_mib", limit, 0, kMebibytesMax);
  reader.read("spike_limit_mib", spike, 0, kMebibytesMax);
  reader.read("limit_percentage", config.limit_percent, 0, 100);
  reader.read("spike_limit_percentage", config.spike_percent, 0, 100);
  config.limit_bytes = limit * kMebibyte;
  config.spike_bytes = spike * kMebibyte;
  if (limit == 0 && config.limit_percent == 0) {
    reader.fail("limit_mib", "and limit_percentage are both missing; give one");
  }
  if (limit != 0 && spike >= limit) reader.fail("spike_limit_mib", "must be less than limit_mib");
  if (limit == 0 && config.limit_percent != 0 && config.spike_percent >= config.limit_percent) {
    reader.fail("spike_limit_percentage", "must be less than limit_percentage");
  }
  for (const std::string_view key : {"min_gc_interval_when_soft_limited", "min_gc_interval_when_hard_limited"}) {
    reader.ignore(key, "memory is given back at once, there is nothing to collect");
  }
  reader.finish();
  return config;
}

}  // namespace nanospan::gateway
