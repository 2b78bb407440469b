// A line is written whole or taken back, and a full file makes room by moving aside. Threads: see the header.
#include "export/file/file_exporter.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "export/output/write_fully.h"
#include "export/text/printable.h"
#include "sdk/diagnostics.h"
#include "wire/otlp_json_out.h"

namespace nanospan::exporters {
namespace {

constexpr std::size_t kKeepBytesMax = 4U << 20;  // of the reused buffers, between batches

Error failed(const std::string& what, const std::string& path, int error) {
  return Error{ErrorCode::kSystem, what + " " + path + ": " + std::generic_category().message(error)};
}

ExportResult lost(const SpanBatch& batch, const std::string& why, DropReason reason = DropReason::kExportFailed) {
  sdk::report("file", why, spans_text(batch.span_count()) + " lost: " + why);
  return ExportResult::failed(reason);
}

/// The request in one piece: the batch's only slice, or all of them joined.
std::string_view contiguous(const SpanBatch& batch, std::string& joined) {
  joined.clear();
  const auto view = [](std::span<const std::uint8_t> slice) {
    return std::string_view(reinterpret_cast<const char*>(slice.data()), slice.size());
  };
  if (batch.slices().size() == 1) return view(batch.slices().front());
  joined.reserve(batch.size_bytes());
  for (const std::span<const std::uint8_t> slice : batch.slices()) joined += view(slice);
  return joined;
}

void release_if_large(std::string& buffer) {
  if (buffer.capacity() > kKeepBytesMax) std::string().swap(buffer);
}

}  // namespace

Result<std::unique_ptr<FileExporter>> FileExporter::create(FileExporterOptions options) {
  if (options.path.empty()) return Error{ErrorCode::kInvalidArgument, "file exporter: path is empty"};
  if (options.path.find('\0') != std::string::npos) {
    return Error{ErrorCode::kInvalidArgument, "file exporter: path has a zero byte"};
  }
  if (options.bytes_max == 0) return Error{ErrorCode::kInvalidArgument, "file exporter: bytes_max is 0"};
  auto exporter = std::make_unique<FileExporter>(std::move(options));
  if (!exporter->is_standard_output()) {
    if (const Status opened = exporter->open(); !opened) return opened.error().with_prefix("file exporter");
  }
  return exporter;
}

Status FileExporter::open() {
  net::Fd file(::open(options_.path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!file) return failed("open", options_.path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return failed("stat", options_.path, errno);
  file_ = std::move(file);
  size_ = static_cast<std::uint64_t>(status.st_size);
  char last = '\n';
  if (size_ != 0 && ::pread(file_.get(), &last, 1, static_cast<off_t>(size_ - 1)) == 1 && last != '\n') {
    const WriteResult written = write_fully(file_.get(), "\n");
    if (written.error != 0) return failed("write", options_.path, written.error);
    size_ += written.written;
  }
  return {};
}

ExportResult FileExporter::export_spans(const SpanBatch& batch) {
  if (stopped_) return ExportResult::failed(DropReason::kShutdown);
  line_.clear();
  if (const Status converted = wire::append_traces_json(contiguous(batch, joined_), line_); !converted) {
    return lost(batch, converted.error().message);
  }
  line_ += '\n';
  if (!is_standard_output() && line_.size() > options_.bytes_max) {
    return lost(batch, "a line of them is larger than bytes_max of the file", DropReason::kTooLarge);
  }
  const Status written = write_line();
  release_if_large(joined_);
  release_if_large(line_);
  if (!written) return lost(batch, written.error().message);
  return {};
}

Status FileExporter::write_line() {
  if (is_standard_output()) {
    const WriteResult written = write_fully(STDOUT_FILENO, line_);
    if (written.error != 0) return failed("write to", "standard output", written.error);
    return {};
  }
  if (const Status room = make_room(line_.size()); !room) return room;
  const WriteResult written = write_fully(file_.get(), line_);
  if (written.error != 0) {
    // If cutting the torn line off fails too, opening the file again puts a newline after it.
    if (written.written != 0 && ::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) file_.reset();
    return failed("write", options_.path, written.error);
  }
  size_ += written.written;
  return {};
}

bool FileExporter::moved_away() const {
  struct stat ours {
  }, there{};
  if (::fstat(file_.get(), &ours) != 0 || ::stat(options_.path.c_str(), &there) != 0) return true;
  return ours.st_ino != there.st_ino || ours.st_dev != there.st_dev;
}

Status FileExporter::make_room(std::uint64_t bytes) {
  if (!file_ || moved_away()) {
    if (const Status opened = open(); !opened) return opened;
  }
  if (size_ == 0 || size_ + bytes <= options_.bytes_max) return {};
  const std::string before = options_.path + ".1";
  if (std::rename(options_.path.c_str(), before.c_str()) != 0) return failed("rename", options_.path, errno);
  file_.reset();
  return open();
}

void FileExporter::shutdown(std::uint64_t timeout_ms) {
  static_cast<void>(timeout_ms);  // nothing is buffered
  stopped_ = true;
}

}  // namespace nanospan::exporters

namespace nanospan {
inline namespace v0 {

Result<std::unique_ptr<SpanExporter>> file_exporter(FileExporterOptions options) {
  auto exporter = exporters::FileExporter::create(std::move(options));
  if (!exporter) return exporter.error();
  return std::unique_ptr<SpanExporter>(std::move(exporter).value());
}

}  // namespace v0
}  // namespace nanospan
