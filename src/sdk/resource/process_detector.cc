// process.*: what /proc/self says. The whole command line is opt-in in the semantic conventions, for it may hold
// secrets, and is not read; the owner comes from /etc/passwd and not from getpwuid, which may ask a directory server.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "sdk/resource/detectors.h"

namespace nanospan {
namespace sdk {
namespace {

// The `index`-th of the fields of `line`, counted from 0.
std::string_view field(std::string_view line, char separator, std::size_t index) {
  for (; index > 0; --index) {
    const std::size_t end = line.find(separator);
    if (end == std::string_view::npos) return {};
    line.remove_prefix(end + 1);
  }
  return line.substr(0, line.find(separator));
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string owner(const FileRoot& files) {
  const std::string users = files.read("/etc/passwd");
  const std::string uid = std::to_string(::geteuid());
  for (std::string_view rest = users; !rest.empty();) {
    const std::string_view line = next_line(rest);  // name:password:uid:...
    if (field(line, ':', 2) == uid) return std::string(field(line, ':', 0));
  }
  return {};
}

// ISO 8601 with milliseconds, as the semantic conventions write process.creation.time; empty if unknown.
std::string creation_time(const FileRoot& files) {
  // pid (command) state ...: the command may hold anything, so count from its last ')'. starttime is field 22 of all.
  const std::string stat = files.first_line("/proc/self/stat");
  const std::size_t command_end = stat.rfind(") ");
  if (command_end == std::string::npos) return {};
  const std::uint64_t ticks = number(field(std::string_view(stat).substr(command_end + 2), ' ', 19));
  const std::string all = files.read("/proc/stat");
  std::uint64_t boot_seconds = 0;
  for (std::string_view rest = all; !rest.empty();) {
    const std::string_view line = next_line(rest);
    if (line.starts_with("btime ")) boot_seconds = number(line.substr(6));
  }
  const auto ticks_per_second = static_cast<std::uint64_t>(std::max(::sysconf(_SC_CLK_TCK), 1L));
  constexpr std::uint64_t kSane = std::uint64_t{1} << 40;
  if (ticks == 0 || boot_seconds == 0 || ticks > kSane || boot_seconds > kSane) return {};

  using namespace std::chrono;
  const std::uint64_t millis = boot_seconds * 1000 + ticks * 1000 / ticks_per_second;
  const sys_time<milliseconds> moment{milliseconds(millis)};
  const auto day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss time(moment - day);
  std::array<char, 64> text;
  const int size =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                    static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return std::string(text.data(), static_cast<std::size_t>(size));
}

class ProcessDetector final : public ResourceDetector {
 public:
  explicit ProcessDetector(FileRoot files) : files_(std::move(files)) {}

  std::string_view name() const override { return "process"; }
  Result<Resource> detect() const override {
    AttributeList found;
    const auto add = [&found](std::string_view key, std::string_view value) {
      if (!value.empty()) found.add(key, value);
    };
    found.add("process.pid", static_cast<std::int64_t>(::getpid()));
    const std::string path = executable_path(files_);
    add("process.executable.path", path);
    add("process.executable.name", base_name(path));
    const std::string arguments = files_.read("/proc/self/cmdline");
    add("process.command", arguments.substr(0, arguments.find('\0')));
    add("process.owner", owner(files_));
    add("process.creation.time", creation_time(files_));
    return Resource(found, kSchemaUrl);
  }

 private:
  FileRoot files_;
};

}  // namespace

std::unique_ptr<ResourceDetector> process_detector(FileRoot files) {
  return std::make_unique<ProcessDetector>(std::move(files));
}

}  // namespace sdk

inline namespace v0 {

std::unique_ptr<ResourceDetector> process_detector() { return sdk::process_detector(sdk::FileRoot()); }

}  // namespace v0
}  // namespace nanospan
