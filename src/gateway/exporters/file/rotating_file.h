// RotatingFile: appends records to a file, starts a new one when it is full, and removes the oldest, so that the total
// is bounded.
//
//   traces.jsonl                              being written
//   traces-2026-11-24T13-10-23.123.jsonl      full ones, named by when they were (the Collector's naming)
// A record is there whole or not at all: after a failed or short write (disk full), and when a file is opened that a
// crash left with half a record, the file is cut back to the end of the last whole one, and the cut is counted. Where a
// record ends, its form says:
//
//   kLine              text LF
//   kLengthPrefixed    length, 4 bytes, big endian | that many bytes       (length > 0)
//
// A file that does not begin as its form does is somebody else's: it is not opened, let alone cut. The file is locked
// against a second gateway. For one thread. Owns its descriptor.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/socket.h"

namespace nanospan::gateway {

enum class RecordForm { kLine, kLengthPrefixed };

struct RotatingFileOptions {
  std::string path;
  bool append = true;  ///< False: a file that is there at start is set aside under a backup's name; never destroyed.
  bool create_directory = false;
  unsigned directory_mode = 0755;
  bool rotate = false;  ///< False: one file that grows without bound.
  std::uint64_t bytes_max = 100u << 20;
  std::uint64_t backups_max = 100;  ///< 0: all.
  std::uint64_t days_max = 0;       ///< 0: for ever.
  RecordForm form = RecordForm::kLine;
  std::optional<char> first_byte;  ///< Of the content of every record; by it a file of another form is told apart.
};

class RotatingFile {
 public:
  RotatingFile(RotatingFileOptions options, const base::Clock& clock) : options_(std::move(options)), clock_(clock) {}

  /// Opens or creates the file. The error names the path and the cause.
  Status open();
  /// Appends one record. kResourceExhausted: it can never fit (larger than bytes_max); kSystem: the disk refused it for
  /// now.
  Status append(std::string_view record);

  /// Other bounds, from the next record on. Path, form and first byte stay.
  void set_rotation(const RotatingFileOptions& other);
  const RotatingFileOptions& options() const { return options_; }

  std::uint64_t removed_files() const { return removed_files_; }
  std::uint64_t removed_bytes() const { return removed_bytes_; }
  /// Torn records that were cut off, and their bytes.
  std::uint64_t torn_records() const { return torn_records_; }
  std::uint64_t torn_bytes() const { return torn_bytes_; }
  std::uint64_t size() const { return size_; }
  /// Where open() put what was there before, if append is false and anything was.
  const std::string& set_aside() const { return set_aside_; }

 private:
  Status open_file();
  Status cut_torn_record();
  Status check_form() const;
  Result<std::uint64_t> end_of_last_line() const;
  Result<std::uint64_t> end_of_last_length_prefixed() const;
  Status cut_back(std::uint64_t from, std::uint64_t to);
  Status read_at(std::uint64_t at, std::span<char> into) const;
  /// Renames the file to a backup of this moment and begins a new one. Returns the backup's path.
  Result<std::string> move_to_backup();
  Status rotate();
  void remove_old_backups();
  Status write_all(std::string_view record);
  Error error(std::string_view call, int error_number) const;

  RotatingFileOptions options_;
  const base::Clock& clock_;
  net::Fd file_;
  std::uint64_t size_ = 0;
  base::UnixNanos last_backup_ = 0;
  std::string set_aside_;
  std::uint64_t removed_files_ = 0;
  std::uint64_t removed_bytes_ = 0;
  std::uint64_t torn_records_ = 0;
  std::uint64_t torn_bytes_ = 0;
};

}  // namespace nanospan::gateway
