// container.id, which no interface gives: it is found in the names that runtimes give to control groups and mounts.
//
//   control group  /docker/<id>   /kubepods/burstable/pod<uid>/<id>   /ecs/<task>/<id>       (version 1)
//                  0::/system.slice/docker-<id>.scope   .../cri-containerd-<id>.scope  (version 2, group of the host)
//                  0::/                                                                 (version 2, own group: no id
//                  there)
//   mounts         <root> <mount point>
//                  /containers/<id>/hostname  /etc/hostname                                       (docker)
//                  .../overlay-containers/<id>/userdata/.containerenv  /run/.containerenv         (podman, CRI-O)
//                  .../overlay-containers/<id>/userdata/hostname  /etc/hostname                   (podman)
//
// In a Kubernetes pod /etc/hostname belongs to the sandbox, whose id is not the container's: rather no id than a wrong
// one.
#include <algorithm>
#include <array>

#include "sdk/resource/detectors.h"

namespace nanospan {
namespace sdk {
namespace {

constexpr std::size_t kIdSize = 64;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The id in one name of a path: alone, or as runtime-<id>.scope, or slice:runtime:<id>; on ECS, <32 hex>-<digits>.
std::string_view id_in_name(std::string_view name) {
  constexpr std::string_view kScope = ".scope";
  if (name.ends_with(kScope)) name.remove_suffix(kScope.size());
  if (name.size() > 33 && name[32] == '-' && is_hex(name.substr(0, 32)) && is_digits(name.substr(33))) return name;
  const std::size_t separator = name.find_last_of("-:");
  if (separator != std::string_view::npos) name.remove_prefix(separator + 1);
  return name.size() == kIdSize && is_hex(name) ? name : std::string_view();
}

// The innermost id of a path.
std::string_view id_in_path(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.rfind('/');
    const std::string_view id = id_in_name(path.substr(slash + 1));
    if (!id.empty()) return id;
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
  return {};
}

// Lines are hierarchy:controllers:path.
std::string_view id_in_control_groups(std::string_view file) {
  while (!file.empty()) {
    const std::string_view line = next_line(file);
    const std::size_t path = line.find(':', line.find(':') + 1);
    if (path == std::string_view::npos) continue;
    const std::string_view id = id_in_path(line.substr(path + 1));
    if (!id.empty()) return id;
  }
  return {};
}

struct Mount {
  std::string_view root, point;
};

// Lines are: id parent major:minor root mount-point options ... (proc_pid_mountinfo(5)).
Mount read_mount(std::string_view line) {
  std::array<std::string_view, 5> fields;
  for (std::string_view& field : fields) {
    const std::size_t end = std::min(line.find(' '), line.size());
    field = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return {fields[3], fields[4]};
}

std::string_view id_in_mounts(std::string_view file) {
  const bool in_pod = file.find("/kubelet/pods/") != std::string_view::npos;
  std::string_view by_group, by_environment, by_hostname;
  while (!file.empty()) {
    const Mount mount = read_mount(next_line(file));
    if (mount.point.starts_with("/sys/fs/cgroup")) {
      if (by_group.empty()) by_group = id_in_path(mount.root);
    } else if (mount.point == "/run/.containerenv") {
      by_environment = id_in_path(mount.root);
    } else if (mount.point == "/etc/hostname" && !in_pod && mount.root.find("/sandboxes/") == std::string_view::npos) {
      by_hostname = id_in_path(mount.root);
    }
  }
  return !by_group.empty() ? by_group : !by_environment.empty() ? by_environment : by_hostname;
}

class ContainerDetector final : public ResourceDetector {
 public:
  explicit ContainerDetector(FileRoot files) : files_(std::move(files)) {}

  std::string_view name() const override { return "container"; }
  Result<Resource> detect() const override {
    const std::string groups = files_.read("/proc/self/cgroup");
    const std::string_view by_group = id_in_control_groups(groups);
    if (!by_group.empty()) return found(by_group);
    const std::string mounts = files_.read("/proc/self/mountinfo");
    const std::string_view by_mount = id_in_mounts(mounts);
    return by_mount.empty() ? Resource() : found(by_mount);
  }

 private:
  static Resource found(std::string_view id) { return Resource({{"container.id", id}}, kSchemaUrl); }

  FileRoot files_;
};

}  // namespace

std::unique_ptr<ResourceDetector> container_detector(FileRoot files) {
  return std::make_unique<ContainerDetector>(std::move(files));
}

}  // namespace sdk

inline namespace v0 {

std::unique_ptr<ResourceDetector> container_detector() { return sdk::container_detector(sdk::FileRoot()); }

}  // namespace v0
}  // namespace nanospan
