// effective_limits: the memory and the processors that this process may really use: the machine's, or less where a
// container (cgroup v1, v2, or both at once) or an affinity mask says so. Any ancestor's limit binds.
//
// Pure reads of /proc and /sys; what is missing or strange counts as "no limit". Any thread. A plain value.
#pragma once

#include <cstdint>
#include <string>

namespace nanospan::base {

struct EffectiveLimits {
  std::uint64_t memory_bytes = 0;
  std::string memory_reason;  ///< Who says so: "the machine", "/sys/fs/cgroup/pod/memory.max".
  std::string memory_group;   ///< The folder of the group that says so; "": the machine.
  unsigned cpus = 1;          ///< Rounded up.
  std::string cpu_reason;     ///< "the affinity mask", "/sys/fs/cgroup/cpu.max allows 1.5".
};

/// What the process itself has, before any cgroup.
struct MachineLimits {
  std::uint64_t memory_bytes = 0;
  unsigned cpus_in_mask = 1;
};
MachineLimits machine_limits();

/// `root` goes before every path, so that a test can show another machine.
EffectiveLimits effective_limits(const MachineLimits& machine = machine_limits(), const std::string& root = "");

/// Bytes that all processes of limits.memory_group use and that the kernel cannot take back when the limit is reached:
/// without the cache of files. 0 if no group limits the memory, or it does not say.
std::uint64_t group_memory_in_use(const EffectiveLimits& limits, const std::string& root = "");

}  // namespace nanospan::base
