// Reads /proc. What is missing counts as nothing. Any thread.
#include "gateway/service/process_limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace nanospan::gateway {

std::uint64_t default_memory_budget_bytes(std::uint64_t memory_bytes) {
  return std::min<std::uint64_t>(memory_bytes / 4, 512U << 20);
}

ProcessUsage process_usage() {
  ProcessUsage usage;
  std::uint64_t total_pages = 0, resident_pages = 0, file_pages = 0;
  if (std::ifstream statm("/proc/self/statm"); statm >> total_pages >> resident_pages >> file_pages) {
    const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    usage.resident_bytes = resident_pages * page_bytes;
    usage.anonymous_bytes = (resident_pages - std::min(resident_pages, file_pages)) * page_bytes;
  }
  rusage times{};
  ::getrusage(RUSAGE_SELF, &times);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  usage.cpu_seconds = seconds(times.ru_utime) + seconds(times.ru_stime);
  return usage;
}

}  // namespace nanospan::gateway
