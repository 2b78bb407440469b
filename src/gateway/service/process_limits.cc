// Reads /proc and cgroup v2 files. A file that is missing or strange counts as "no limit". Any thread.
#include "gateway/service/process_limits.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <string>

namespace nanospan::gateway {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

/// The folder of this process's cgroup v2: "/sys/fs/cgroup" and the path after "0::" in /proc/self/cgroup.
std::string cgroup_folder() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("0::", 0) == 0) return "/sys/fs/cgroup" + line.substr(3);
  }
  return "/sys/fs/cgroup";
}

/// The first word of a cgroup file, from the process's own group or the root of its namespace.
std::string cgroup_value(const std::string& name, std::string* second = nullptr) {
  for (const std::string& folder : {cgroup_folder(), std::string("/sys/fs/cgroup")}) {
    std::ifstream file(folder + "/" + name);
    std::string first, next;
    if (file >> first) {
      file >> next;
      if (second != nullptr) *second = next;
      return first;
    }
  }
  return "max";
}

std::uint64_t number_or_no_limit(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc() && end == text.data() + text.size() ? number : kNoLimit;
}

}  // namespace

std::uint64_t process_memory_limit_bytes() {
  const std::uint64_t machine =
      static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return std::min(machine, number_or_no_limit(cgroup_value("memory.max")));
}

unsigned process_cpu_count() {
  cpu_set_t set;
  unsigned cores = ::sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : 1;
  std::string period_text;
  const std::uint64_t quota = number_or_no_limit(cgroup_value("cpu.max", &period_text));
  const std::uint64_t period = number_or_no_limit(period_text);
  if (quota != kNoLimit && period != kNoLimit && period != 0)
    cores = std::min(cores, static_cast<unsigned>((quota + period - 1) / period));
  return std::max(cores, 1U);
}

std::uint64_t default_memory_budget_bytes() {
  return std::min<std::uint64_t>(process_memory_limit_bytes() / 4, 512U << 20);
}

ProcessUsage process_usage() {
  ProcessUsage usage;
  std::uint64_t total_pages = 0, resident_pages = 0;
  if (std::ifstream statm("/proc/self/statm"); statm >> total_pages >> resident_pages) {
    usage.resident_bytes = resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
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
