// RotatingFile: appends records to a file, starts a new one when it is full, and removes the oldest, so that the total
// is bounded.
//
//   traces.jsonl                              being written
//   traces-2026-11-24T13-10-23.123.jsonl      full ones, named by when they were (the Collector's naming)
// A record is there whole or not at all: after a failed or short write (disk full) the file is cut back to where it
// was. A file that ends in the middle of a line, after a crash, gets its newline first. The file is locked against a
// second gateway. For one thread. Owns its descriptor.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/socket.h"

namespace nanospan::gateway {

struct RotatingFileOptions {
  std::string path;
  bool append = true;  ///< False: what is in the file is thrown away at start.
  bool create_directory = false;
  unsigned directory_mode = 0755;
  bool rotate = false;  ///< False: one file that grows without bound.
  std::uint64_t bytes_max = 100u << 20;
  std::uint64_t backups_max = 100;  ///< 0: all.
  std::uint64_t days_max = 0;       ///< 0: for ever.
  bool text = true;                 ///< Records are lines.
};

class RotatingFile {
 public:
  RotatingFile(RotatingFileOptions options, const base::Clock& clock) : options_(std::move(options)), clock_(clock) {}

  /// Opens or creates the file. The error names the path and the cause.
  Status open();
  /// Appends one record. kResourceExhausted: it can never fit (larger than bytes_max); kSystem: the disk refused it for
  /// now.
  Status append(std::string_view record);

  std::uint64_t removed_files() const { return removed_files_; }
  std::uint64_t removed_bytes() const { return removed_bytes_; }
  std::uint64_t size() const { return size_; }

 private:
  Status open_at(bool truncate);
  Status rotate();
  void remove_old_backups();
  Status write_all(std::string_view record);
  Error error(std::string_view call, int error_number) const;

  const RotatingFileOptions options_;
  const base::Clock& clock_;
  net::Fd file_;
  std::uint64_t size_ = 0;
  base::UnixNanos last_backup_ = 0;
  std::uint64_t removed_files_ = 0;
  std::uint64_t removed_bytes_ = 0;
};

}  // namespace nanospan::gateway
