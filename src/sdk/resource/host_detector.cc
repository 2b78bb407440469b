// host.* and os.*: the reserved detector name "host" covers both (resource/sdk.md "Resource detector name").
//
// host.id is /etc/machine-id. An image that ships one would give all its containers the same id, which is why good
// images have an empty file there: then there is no host.id.
#include "sdk/resource/detectors.h"

namespace nanospan {
namespace sdk {
namespace {

// The values that the semantic conventions list for host.arch.
constexpr std::string_view kArchitecture =
#if defined(__x86_64__)
    "amd64";
#elif defined(__aarch64__)
    "arm64";
#elif defined(__arm__)
    "arm32";
#elif defined(__i386__)
    "x86";
#elif defined(__powerpc64__)
    "ppc64";
#elif defined(__powerpc__)
    "ppc32";
#elif defined(__s390x__)
    "s390x";
#else
    "";
#endif

// The value of KEY=VALUE in an os-release file. Quotes and backslashes are as in a shell (os-release(5)).
std::string os_release_value(std::string_view file, std::string_view key) {
  std::string value;
  while (!file.empty()) {
    std::string_view line = next_line(file);
    if (!line.starts_with(key) || line.substr(key.size(), 1) != "=") continue;
    line.remove_prefix(key.size() + 1);
    const bool quoted = line.size() >= 2 && (line[0] == '"' || line[0] == '\'') && line.back() == line[0];
    if (quoted) line = line.substr(1, line.size() - 2);
    value.clear();
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '\\' && i + 1 < line.size()) ++i;
      value += line[i];
    }
  }
  return value;
}

class HostDetector final : public ResourceDetector {
 public:
  explicit HostDetector(FileRoot files) : files_(std::move(files)) {}

  std::string_view name() const override { return "host"; }
  Result<Resource> detect() const override {
    AttributeList found;
    const auto add = [&found](std::string_view key, std::string_view value) {
      if (!value.empty()) found.add(key, value);
    };
    std::string id = files_.first_line("/etc/machine-id");
    if (id.empty()) id = files_.first_line("/var/lib/dbus/machine-id");
    if (id != "uninitialized") add("host.id", id);  // machine-id(5): its content before the first boot.
    add("host.name", files_.first_line("/proc/sys/kernel/hostname"));
    add("host.arch", kArchitecture);

    add("os.type", "linux");
    std::string release = files_.read("/etc/os-release");
    if (release.empty()) release = files_.read("/usr/lib/os-release");
    add("os.name", os_release_value(release, "NAME"));
    add("os.version", os_release_value(release, "VERSION_ID"));
    add("os.description", os_release_value(release, "PRETTY_NAME"));
    add("os.build_id", os_release_value(release, "BUILD_ID"));
    return Resource(found, kSchemaUrl);
  }

 private:
  FileRoot files_;
};

}  // namespace

std::unique_ptr<ResourceDetector> host_detector(FileRoot files) {
  return std::make_unique<HostDetector>(std::move(files));
}

}  // namespace sdk

inline namespace v0 {

std::unique_ptr<ResourceDetector> host_detector() { return sdk::host_detector(sdk::FileRoot()); }

}  // namespace v0
}  // namespace nanospan
