// Finding the cgroup folders of this process, and the least limit on the way up from them:
//
//   /proc/self/cgroup        12:memory:/docker/ab     v1: id, controllers, path
//                            0::/kubepods/pod1/ab     v2
//   /proc/self/mountinfo     36 30 0:31 /docker/ab /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
//                                       root       mount point               type   options
// A path below the mount's root is a folder below the mount point. In a container the root often is the container's own
// group, while the path is that of the host, or the other way round: what cannot be matched is the mount point itself.
#include "base/effective_limits.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

namespace nanospan::base {
namespace {

/// A hierarchy that has a controller, and where this process is in it.
struct Hierarchy {
  bool is_v2 = false;
  std::string mount_point;
  std::string folder;  // at or below the mount point
};

bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == word) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

/// The path of this process in the hierarchy of `controller`; "" is v2. Nothing but "" if there is none.
std::string path_in(const std::string& root, std::string_view controller, bool& found) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first == line.npos ? first : first + 1);
    if (second == line.npos) continue;
    const std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
    found = controller.empty() ? controllers.empty() : has_word(controllers, controller);
    if (found) return line.substr(second + 1);
  }
  return {};
}

std::string folder_of(const std::string& mount_root, const std::string& mount_point, const std::string& path) {
  if (path.find("..") != path.npos) return mount_point;  // Outside of the namespace's root.
  if (mount_root == "/") return path == "/" ? mount_point : mount_point + path;
  const bool is_below =
      path.starts_with(mount_root) && (path.size() == mount_root.size() || path[mount_root.size()] == '/');
  return is_below ? mount_point + path.substr(mount_root.size()) : mount_point;
}

std::vector<Hierarchy> hierarchies(const std::string& root, std::string_view controller) {
  std::vector<Hierarchy> out;
  std::ifstream file(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string skipped, mount_root, mount_point, type, options;
    words >> skipped >> skipped >> skipped >> mount_root >> mount_point;
    while (words >> skipped && skipped != "-") {
    }
    words >> type >> skipped >> options;
    const bool is_v2 = type == "cgroup2";
    if (!is_v2 && (type != "cgroup" || !has_word(options, controller))) continue;
    bool found = false;
    const std::string path = path_in(root, is_v2 ? "" : controller, found);
    if (found) out.push_back({is_v2, mount_point, folder_of(mount_root, mount_point, path)});
  }
  return out;
}

/// Calls `visit` with the folder of the process and all above it, up to the mount point.
template <class Visit>
void for_each_ancestor(const Hierarchy& hierarchy, Visit visit) {
  for (std::string folder = hierarchy.folder; folder.size() >= hierarchy.mount_point.size();) {
    visit(folder);
    const std::size_t slash = folder.rfind('/');
    if (slash == folder.npos || slash == 0) return;
    folder.resize(slash);
  }
}

/// The first two words of a file; false if there is none.
bool read_words(const std::string& path, std::string& first, std::string& second) {
  std::ifstream file(path);
  if (!(file >> first)) return false;
  file >> second;
  return true;
}

/// 0 for anything but a positive number ("max", "-1").
std::uint64_t number_or_zero(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc() && end == text.data() + text.size() ? number : 0;
}

void limit_memory(const std::string& root, const Hierarchy& hierarchy, EffectiveLimits& limits) {
  for_each_ancestor(hierarchy, [&](const std::string& folder) {
    const std::string path = folder + (hierarchy.is_v2 ? "/memory.max" : "/memory.limit_in_bytes");
    std::string value, unused;
    if (!read_words(root + path, value, unused)) return;
    const std::uint64_t bytes = number_or_zero(value);
    if (bytes == 0 || bytes >= limits.memory_bytes) return;
    limits.memory_bytes = bytes;
    limits.memory_reason = path;
    limits.memory_group = folder;
  });
}

void limit_cpus(const std::string& root, const Hierarchy& hierarchy, double& least, EffectiveLimits& limits) {
  for_each_ancestor(hierarchy, [&](const std::string& folder) {
    const std::string path = folder + (hierarchy.is_v2 ? "/cpu.max" : "/cpu.cfs_quota_us");
    std::string quota, period, unused;
    if (!read_words(root + path, quota, period)) return;
    if (!hierarchy.is_v2 && !read_words(root + folder + "/cpu.cfs_period_us", period, unused)) return;
    if (number_or_zero(quota) == 0 || number_or_zero(period) == 0) return;
    const double cpus = static_cast<double>(number_or_zero(quota)) / static_cast<double>(number_or_zero(period));
    if (cpus >= least) return;
    least = cpus;
    limits.cpus = std::max(1U, static_cast<unsigned>(cpus) + (cpus > static_cast<unsigned>(cpus) ? 1U : 0U));
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.4g", cpus);
    limits.cpu_reason = path + " allows " + text.data();
  });
}

}  // namespace

MachineLimits machine_limits() {
  MachineLimits machine;
  machine.memory_bytes =
      static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  // Larger machines than cpu_set_t has room for answer EINVAL: their online processors then.
  cpu_set_t set;
  const int count = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                                  : static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  machine.cpus_in_mask = static_cast<unsigned>(std::max(count, 1));
  return machine;
}

EffectiveLimits effective_limits(const MachineLimits& machine, const std::string& root) {
  EffectiveLimits limits{machine.memory_bytes, "the machine", "", machine.cpus_in_mask, "the affinity mask"};
  for (const Hierarchy& hierarchy : hierarchies(root, "memory")) limit_memory(root, hierarchy, limits);
  auto least = static_cast<double>(machine.cpus_in_mask);
  for (const Hierarchy& hierarchy : hierarchies(root, "cpu")) limit_cpus(root, hierarchy, least, limits);
  return limits;
}

std::uint64_t group_memory_in_use(const EffectiveLimits& limits, const std::string& root) {
  if (limits.memory_group.empty()) return 0;
  const std::string folder = root + limits.memory_group;
  // Version 1 lists the group itself first, then, as total_..., the group with all below it, which is what is limited.
  std::string in_use, prefix, value;
  if (!read_words(folder + "/memory.current", in_use, value)) {
    prefix = "total_";
    if (!read_words(folder + "/memory.usage_in_bytes", in_use, value)) return 0;
  }
  std::uint64_t cached = 0;
  std::ifstream stat(folder + "/memory.stat");
  for (std::string name; stat >> name >> value;) {
    if (name == prefix + "inactive_file" || name == prefix + "active_file") cached += number_or_zero(value);
  }
  return number_or_zero(in_use) - std::min(number_or_zero(in_use), cached);
}

}  // namespace nanospan::base
