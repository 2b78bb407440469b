// What this process uses, and what of its memory requests may have. Any thread.
#pragma once

#include <cstdint>

namespace nanospan::gateway {

/// A quarter of `memory_bytes`, at most 512 MiB: what requests may hold unless service.memory_budget says otherwise.
std::uint64_t default_memory_budget_bytes(std::uint64_t memory_bytes);

struct ProcessUsage {
  std::uint64_t resident_bytes = 0;
  std::uint64_t anonymous_bytes = 0;  ///< Of those, what is no file's: heap and stacks.
  double cpu_seconds = 0;
};
ProcessUsage process_usage();

}  // namespace nanospan::gateway
