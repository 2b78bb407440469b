// ProfileFiles: keeps profiles as files in one folder, in a bounded number of bytes: the oldest go first.
//
//   20261130T174500Z-4711-cpu.pb.gz      when it began, in UTC; the process; what of
//   20261130T174500Z-4711.2-cpu.pb.gz    of another process with that number, in another container
//
// The bound holds for all files of such names in the folder, so those of earlier processes, and of others that keep
// theirs there, count and go, too; other files are left alone. A file appears under its name when it is whole. Blocks
// for as long as the disk does. One thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace nanospan::profile {

struct ProfileFilesOptions {
  std::string directory = {};
  std::uint64_t bytes_max = std::uint64_t{64} << 20;
};

class ProfileFiles {
 public:
  struct Counters {
    std::uint64_t written = 0;
    std::uint64_t failed = 0;
    std::uint64_t removed = 0;  ///< To make room.
  };

  /// Makes the folder if it is not there. kSystem if that fails.
  static Result<ProfileFiles> open(ProfileFilesOptions options);

  /// kResourceExhausted if this file alone is larger than what is allowed; kSystem, also where it was written and an
  /// old file could not be removed for it. Where there is no room without that one, it is not written.
  Status write(std::string_view kind, base::UnixNanos began, std::string_view bytes);

  const ProfileFilesOptions& options() const { return options_; }
  const Counters& counters() const { return counters_; }

 private:
  explicit ProfileFiles(ProfileFilesOptions options) : options_(std::move(options)) {}
  Status write_file(const std::string& stem, const std::string& rest, std::string_view bytes) const;
  static Status fill(std::FILE& file, const std::string& partial, const std::string& path, std::string_view bytes);
  /// What all files will have, `bytes` more included.
  std::uint64_t make_room(std::uint64_t bytes, Status& problem);

  ProfileFilesOptions options_;
  Counters counters_;
};

}  // namespace nanospan::profile
