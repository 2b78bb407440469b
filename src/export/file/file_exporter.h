// FileExporter: each batch as one line of OTLP/JSON in a file that is bounded in bytes. Source:
// protocol/file-exporter.md.
//
//   traces.jsonl      being written, at most bytes_max
//   traces.jsonl.1    the one before; replaced at the next rotation
// A line is there whole or not at all: after a failed or short write (disk full) the file is cut back to where it was,
// the batch counts as lost, and the next one is tried again. A file that ends in the middle of a line, after a crash,
// gets its newline first. A file that was moved away (logrotate, another process that rotates) is begun anew. One
// thread at a time, as SpanExporter promises. Owns its descriptor; "-" is standard output, which it does not own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <nanospan/exporters.h>

#include "base/result.h"
#include "net/socket.h"
#include "sdk/pipeline/async_exporter.h"

namespace nanospan::exporters {

class FileExporter final : public SpanExporter, public sdk::SaysLosses {
 public:
  /// kInvalidArgument for options that cannot be meant, kSystem if the file cannot be opened.
  static Result<std::unique_ptr<FileExporter>> create(FileExporterOptions options);
  /// Use create().
  explicit FileExporter(FileExporterOptions options) : options_(std::move(options)) {}

  ExportResult export_spans(const SpanBatch& batch) override;
  void shutdown(std::uint64_t timeout_ms) override;

 private:
  bool is_standard_output() const { return options_.path == "-"; }
  Status open();
  bool moved_away() const;
  Status make_room(std::uint64_t bytes);
  Status write_line();

  const FileExporterOptions options_;
  net::Fd file_;
  std::uint64_t size_ = 0;
  bool stopped_ = false;
  std::string joined_;  // reused by every batch, as is the next
  std::string line_;
};

}  // namespace nanospan::exporters
