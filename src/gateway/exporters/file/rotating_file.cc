// Files, locks and names of RotatingFile. One thread.
#include "gateway/exporters/file/rotating_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <vector>

namespace nanospan::gateway {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOpen = "open";                          // the call that has remedies of its own
constexpr std::size_t kLengthBytes = 4;                             // before each record of RecordForm::kLengthPrefixed
constexpr std::string_view kStampForm = "0000-00-00T00-00-00.000";  // of a backup's name

std::string stamp(base::UnixNanos now) {
  const std::time_t seconds = static_cast<std::time_t>(now / base::kNanosPerSecond);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H-%M-%S", &parts);
  const unsigned millis = static_cast<unsigned>(now % base::kNanosPerSecond / base::kNanosPerMilli);
  length += static_cast<std::size_t>(std::snprintf(text.data() + length, text.size() - length, ".%03u", millis));
  return std::string(text.data(), length);
}

bool is_stamp(std::string_view text) {
  if (text.size() != kStampForm.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kStampForm[i] == '0' ? !digit : text[i] != kStampForm[i]) return false;
  }
  return true;
}

struct Backup {
  fs::path path;
  std::string stamp;
  std::uint64_t bytes = 0;
};

/// The full files that belong to `path`, oldest first.
std::vector<Backup> backups_of(const fs::path& path) {
  const std::string prefix = path.stem().string() + "-", suffix = path.extension().string();
  std::vector<Backup> found;
  std::error_code ignored;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (fs::directory_iterator entry(folder, ignored), end; !ignored && entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (name.size() != prefix.size() + kStampForm.size() + suffix.size() ||
        name.compare(0, prefix.size(), prefix) != 0 ||
        name.compare(name.size() - suffix.size(), suffix.size(), suffix) != 0) {
      continue;
    }
    std::string when = name.substr(prefix.size(), kStampForm.size());
    std::error_code no_size;
    if (is_stamp(when)) found.push_back({entry->path(), std::move(when), entry->file_size(no_size)});
  }
  std::sort(found.begin(), found.end(), [](const Backup& a, const Backup& b) { return a.stamp < b.stamp; });
  return found;
}

}  // namespace

Error RotatingFile::error(std::string_view call, int error_number) const {
  Error failed = net::system_error(std::string(call) + " " + options_.path, error_number);
  if (error_number == ENOSPC || error_number == EDQUOT) {
    failed.message += "; it is tried again: free space there, or bound the file with rotation";
  }
  if (call != kOpen) return failed;
  if (error_number == ENOENT && !options_.create_directory) {
    failed.message += "; there is no such folder: make it, or set create_directory: true";
  } else if (error_number == EACCES) {
    failed.message += "; this user may not write there: change owner or mode of the folder, or the exporter's path";
  } else if (error_number == EROFS) {
    failed.message += "; nothing can be written there: mount a writable volume, or change the exporter's path";
  }
  return failed;
}

Status RotatingFile::open() {
  const fs::path folder = fs::path(options_.path).parent_path();
  if (options_.create_directory && !folder.empty()) {
    std::error_code failed;
    if (fs::create_directories(folder, failed)) fs::permissions(folder, fs::perms(options_.directory_mode), failed);
    if (failed) return error("create the directory of", failed.value());
  }
  if (Status opened = open_file(); !opened) return opened;
  if (!options_.append && size_ != 0) {
    Result<std::string> backup = move_to_backup();
    if (!backup) return backup.error();
    set_aside_ = std::move(backup).value();
  }
  remove_old_backups();
  return {};
}

void RotatingFile::set_rotation(const RotatingFileOptions& other) {
  options_.rotate = other.rotate;
  options_.bytes_max = other.bytes_max;
  options_.backups_max = other.backups_max;
  options_.days_max = other.days_max;
  remove_old_backups();
}

Status RotatingFile::open_file() {
  net::Fd file(::open(options_.path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!file) return error(kOpen, errno);
  // A full disk must not cost the data of another gateway that writes here: lock before cutting or renaming anything.
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::kAlreadyExists, options_.path +
                                                " is being written already, by another process or by an exporter that "
                                                "was removed a moment ago; give each its own path"};
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return error("stat", errno);
  file_ = std::move(file);
  size_ = static_cast<std::uint64_t>(status.st_size);
  const Status whole = S_ISREG(status.st_mode) && size_ != 0 ? cut_torn_record() : Status();
  if (!whole) file_.reset();
  return whole;
}

/// What a crash left: the end of a record that never got all its bytes.
Status RotatingFile::cut_torn_record() {
  if (Status ours = check_form(); !ours) return ours;
  const Result<std::uint64_t> whole =
      options_.form == RecordForm::kLine ? end_of_last_line() : end_of_last_length_prefixed();
  if (!whole) return whole.error();
  if (*whole == size_) return {};
  if (Status cut = cut_back(size_, *whole); !cut) return cut;
  size_ = *whole;
  return {};
}

Status RotatingFile::check_form() const {
  const std::uint64_t content = options_.form == RecordForm::kLine ? 0 : kLengthBytes;
  if (!options_.first_byte || size_ <= content) return {};
  std::array<char, 1> first{};
  if (Status read = read_at(content, first); !read) return read;
  if (first[0] == *options_.first_byte) return {};
  return Error{ErrorCode::kInvalidArgument,
               options_.path + " holds something else than this exporter writes; give it another path"};
}

Result<std::uint64_t> RotatingFile::end_of_last_line() const {
  std::array<char, 64 << 10> block;
  for (std::uint64_t end = size_; end != 0;) {
    const std::uint64_t begin = end - std::min<std::uint64_t>(end, block.size());
    const std::span<char> part(block.data(), static_cast<std::size_t>(end - begin));
    if (Status read = read_at(begin, part); !read) return read.error();
    const std::size_t last = std::string_view(part.data(), part.size()).rfind('\n');
    if (last != std::string_view::npos) return begin + last + 1;
    end = begin;
  }
  return std::uint64_t{0};
}

Result<std::uint64_t> RotatingFile::end_of_last_length_prefixed() const {
  std::uint64_t at = 0;
  while (size_ - at >= kLengthBytes) {
    std::array<char, kLengthBytes> header{};
    if (Status read = read_at(at, header); !read) return read.error();
    std::uint64_t length = 0;
    for (const char byte : header) length = length << 8 | static_cast<unsigned char>(byte);
    // Zeros are what some file systems leave where a crash kept the size of a file but not its bytes.
    if (length == 0 || length > size_ - at - kLengthBytes) break;
    at += kLengthBytes + length;
  }
  return at;
}

Status RotatingFile::read_at(std::uint64_t at, std::span<char> into) const {
  while (!into.empty()) {
    const ssize_t count = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return error("read", count == 0 ? EIO : errno);
    at += static_cast<std::uint64_t>(count);
    into = into.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Status RotatingFile::cut_back(std::uint64_t from, std::uint64_t to) {
  if (::ftruncate(file_.get(), static_cast<off_t>(to)) != 0) return error("truncate", errno);
  ++torn_records_;
  torn_bytes_ += from - to;
  return {};
}

Status RotatingFile::append(std::string_view record) {
  if (options_.rotate && record.size() > options_.bytes_max) {
    return Error{ErrorCode::kResourceExhausted, "a record of " + std::to_string(record.size()) +
                                                    " bytes is larger than a whole file (rotation.max_megabytes)"};
  }
  if (!file_) {
    if (Status opened = open_file(); !opened) return opened;
  }
  if (options_.rotate && size_ != 0 && size_ + record.size() > options_.bytes_max) {
    if (Status rotated = rotate(); !rotated) return rotated;
  }
  return write_all(record);
}

Status RotatingFile::write_all(std::string_view record) {
  std::size_t done = 0;
  while (done < record.size()) {
    const ssize_t written = ::write(file_.get(), record.data() + done, record.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int why = written == 0 ? ENOSPC : errno;
      // If even the cut fails, it is made when the file is opened again, before the next record.
      if (done != 0 && !cut_back(size_ + done, size_)) file_.reset();
      return error("write", why);
    }
    done += static_cast<std::size_t>(written);
  }
  size_ += done;
  return {};
}

Result<std::string> RotatingFile::move_to_backup() {
  const fs::path path(options_.path);
  const fs::path stem = path.parent_path() / path.stem();
  // Names carry milliseconds and must rise, also for several files within one: the oldest is the one that goes.
  base::UnixNanos when = std::max(clock_.unix_now(), last_backup_ + base::kNanosPerMilli);
  fs::path backup;
  for (;; when += base::kNanosPerMilli) {
    backup = stem.string() + "-" + stamp(when) + path.extension().string();
    std::error_code ignored;
    if (!fs::exists(backup, ignored)) break;
  }
  last_backup_ = when;
  if (::rename(options_.path.c_str(), backup.c_str()) != 0) return error("rename", errno);
  file_.reset();
  if (Status opened = open_file(); !opened) return opened.error();
  return backup.string();
}

Status RotatingFile::rotate() {
  if (const Result<std::string> moved = move_to_backup(); !moved) return moved.error();
  remove_old_backups();
  return {};
}

void RotatingFile::remove_old_backups() {
  if (!options_.rotate) return;
  const std::vector<Backup> backups = backups_of(options_.path);
  const std::uint64_t day_nanos = 24 * 3600 * base::kNanosPerSecond;
  const base::UnixNanos now = clock_.unix_now();
  const std::string oldest =
      options_.days_max == 0 || options_.days_max > now / day_nanos ? "" : stamp(now - options_.days_max * day_nanos);
  const std::size_t keep = options_.backups_max == 0 ? backups.size() : static_cast<std::size_t>(options_.backups_max);
  for (std::size_t i = 0; i < backups.size(); ++i) {
    if (backups.size() - i <= keep && backups[i].stamp >= oldest) break;
    std::error_code failed;
    if (!fs::remove(backups[i].path, failed)) continue;
    ++removed_files_;
    removed_bytes_ += backups[i].bytes;
  }
}

}  // namespace nanospan::gateway
