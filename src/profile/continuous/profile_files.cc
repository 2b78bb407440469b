// A file is written under another name and renamed when it is whole; then the oldest make room. Threads: see the
// header.
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
constexpr unsigned kSameNamesMax = 1000;
constexpr std::string_view kTimePattern = "00000000T000000Z-";  // 0: any digit

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

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
  Status problem;
  if (bytes.size() > options_.bytes_max) {
    problem = Error{ErrorCode::kResourceExhausted, "a profile has " + std::to_string(bytes.size()) +
                                                       " bytes; all files together may have " +
                                                       std::to_string(options_.bytes_max)};
  } else if (make_room(bytes.size(), problem) <= options_.bytes_max) {
    const Status written = write_file(time_text(began) + "-" + std::to_string(::getpid()),
                                      "-" + std::string(kind) + std::string(kWhole), bytes);
    if (written) {
      ++counters_.written;
      return problem;  // of an old file
    }
    problem = written;
  }
  ++counters_.failed;
  return problem;
}

// Two processes have the same number where each is in a container of its own and the folder is of both. Whoever has the
// partial file has the name; a crash may have left one behind.
Status ProfileFiles::write_file(const std::string& stem, const std::string& rest, std::string_view bytes) const {
  std::string path;
  for (unsigned number = 1; number <= kSameNamesMax; ++number) {
    const std::string name = stem + (number == 1 ? "" : "." + std::to_string(number)) + rest;
    path = (fs::path(options_.directory) / name).string();
    const std::string partial = path + std::string(kPartial);
    const File file(std::fopen(partial.c_str(), "wxe"), std::fclose);
    if (file == nullptr && errno == EEXIST) continue;
    if (file == nullptr) return failed("opening " + partial, errno);
    if (::access(path.c_str(), F_OK) != 0) return fill(*file, partial, path, bytes);
    ::unlink(partial.c_str());
  }
  return failed("opening " + path, EEXIST);
}

Status ProfileFiles::fill(std::FILE& file, const std::string& partial, const std::string& path,
                          std::string_view bytes) {
  int error = 0;
  if (std::fwrite(bytes.data(), 1, bytes.size(), &file) != bytes.size() || std::fflush(&file) != 0) {
    error = errno;
  } else if (std::rename(partial.c_str(), path.c_str()) != 0) {
    error = errno;
  }
  if (error == 0) return {};
  ::unlink(partial.c_str());
  return failed("writing " + path, error);
}

// Looks at the folder each time: other processes write there, and people remove what they have seen.
std::uint64_t ProfileFiles::make_room(std::uint64_t bytes, Status& problem) {
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
    if (sum <= options_.bytes_max) break;
    const fs::path path = fs::path(options_.directory) / name;
    std::error_code kept;
    if (fs::remove(path, kept)) ++counters_.removed;
    if (kept) {
      problem = failed("making room: removing " + path.string(), kept.value());
    } else {
      sum -= size;  // also where somebody else has removed it
    }
  }
  return sum;
}

}  // namespace nanospan::profile
