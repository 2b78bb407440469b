// What this process may use: the smaller of the machine's and the container's (cgroup v2). Read at start. Pure reads,
// any thread.
#pragma once

#include <cstdint>

namespace nanospan::gateway {

/// Bytes of memory; of the machine if there is no container limit.
std::uint64_t process_memory_limit_bytes();
/// Cores, rounded up, at least 1: affinity mask and cgroup quota.
unsigned process_cpu_count();
/// A quarter of the memory, at most 512 MiB: what requests may hold unless service.memory_budget says otherwise.
std::uint64_t default_memory_budget_bytes();

struct ProcessUsage {
  std::uint64_t resident_bytes = 0;
  double cpu_seconds = 0;
};
ProcessUsage process_usage();

}  // namespace nanospan::gateway
