#include "profile/continuous/profile_files.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

namespace nanospan::profile {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWhole = ".pb.gz";
constexpr std::string_view kPartial = ".part";
constexpr std::string_view kTimePattern = "00000000T000000Z-";  // 0: any digit

std::string time_text(base::UnixNanos at) {
  const auto seconds = static_cast<std::time_t>(at / base::kNanosPerSecond);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts)};
}

/// Written by us, or by another process that keeps its profiles here.
bool is_profile(std::string_view name) {
  if (name.size() <= kTimePattern.size() || !(name.ends_with(kWhole) || name.ends_with(kPartial))) return false;
  return std::equal(kTimePattern.begin(), kTimePattern.end(), name.begin(), [](char wanted, char there) {
    return wanted == '0' ? std::isdigit(static_cast<unsigned char>(there)) != 0 : wanted == there;
  });
}

Error failed(const std::string& what, int error) {
  return Error{ErrorCode::kSystem, what + ": " + std::generic_category().message(error)};
}

}  // namespace

Result<ProfileFiles> ProfileFiles::open(ProfileFilesOptions options) {
  std::error_code error;
  fs::create_directories(options.directory, error);
  if (error) return failed("making the folder " + options.directory, error.value());
  if (::access(options.directory.c_str(), W_OK | X_OK) != 0) return failed("writing to " + options.directory, errno);
  return ProfileFiles(std::move(options));
}

Status ProfileFiles::write(std::string_view kind, base::UnixNanos began, std::string_view bytes) {
  Status done;
  if (bytes.size() > options_.bytes_max) {
    done = Error{ErrorCode::kResourceExhausted, "a profile has " + std::to_string(bytes.size()) +
                                                    " bytes; all files together may have " +
                                                    std::to_string(options_.bytes_max)};
  } else {
    make_room(bytes.size());
    done = write_file(
        time_text(began) + "-" + std::to_string(::getpid()) + "-" + std::string(kind) + std::string(kWhole), bytes);
  }
  ++(done ? counters_.written : counters_.failed);
  return done;
}

Status ProfileFiles::write_file(const std::string& name, std::string_view bytes) const {
  const std::string path = (fs::path(options_.directory) / name).string();
  const std::string partial = path + std::string(kPartial);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(partial.c_str(), "we"), std::fclose);
  if (file == nullptr) return failed("opening " + partial, errno);
  int error = 0;
  if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size() || std::fflush(file.get()) != 0) {
    error = errno;
  } else if (std::rename(partial.c_str(), path.c_str()) != 0) {
    error = errno;
  }
  if (error == 0) return {};
  ::unlink(partial.c_str());
  return failed("writing " + path, error);
}

// Looks at the folder each time: other processes write there, and people remove what they have seen.
void ProfileFiles::make_room(std::uint64_t bytes) {
  std::vector<std::pair<std::string, std::uint64_t>> found;
  std::uint64_t sum = bytes;
  std::error_code error;
  for (fs::directory_iterator entry(options_.directory, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!is_profile(name)) continue;
    std::error_code gone;
    const std::uint64_t size = entry->file_size(gone);
    if (gone) continue;
    sum += size;
    found.emplace_back(name, size);
  }
  std::sort(found.begin(), found.end());
  for (const auto& [name, size] : found) {
    if (sum <= options_.bytes_max) return;
    sum -= size;
    if (fs::remove(fs::path(options_.directory) / name, error)) ++counters_.removed;
  }
}

}  // namespace nanospan::profile
