// Reads the `file` exporter's keys. One thread.
#include "gateway/exporters/file/file_exporter_config.h"

namespace nanospan::gateway {
namespace {

void read_rotation(MapReader& reader, RotatingFileOptions& out) {
  out.rotate = true;
  out.append = true;  // As in the Collector: a rotated file goes on where it was.
  std::uint64_t megabytes = out.bytes_max >> 20;
  reader.read("max_megabytes", megabytes, 1, 1 << 20);
  out.bytes_max = megabytes << 20;
  reader.read("max_backups", out.backups_max, 0, 100'000);
  reader.read("max_days", out.days_max, 0, 36'500);
  reader.ignore("localtime", "file names carry UTC");
  reader.finish();
}

void read_directory_mode(MapReader& reader, RotatingFileOptions& out) {
  std::string mode;
  reader.read("directory_permissions", mode);
  if (mode.empty()) return;
  unsigned value = 0;
  for (const char c : mode) {
    if (c < '0' || c > '7' || value > 0777)
      return reader.fail("directory_permissions", "\"" + mode + "\" is not a file mode; write it as \"0755\"");
    value = value * 8 + static_cast<unsigned>(c - '0');
  }
  out.directory_mode = value;
}

void read_compression(MapReader& reader, FileExporterConfig& out) {
  std::string compression;
  reader.read_choice("compression", {"zstd", "none", ""}, compression);
  if (compression != "zstd") return;
  if (const ContentCoding* coding = find_content_coding(compression)) {
    out.codec = coding->codec;
  } else {
    reader.fail("compression", "this build has no zstd; remove it");
  }
}

}  // namespace

FileExporterConfig::FileExporterConfig() {
  file.append = false;
  queue.consumers = 1;
  queue.sizer = QueueSizer::kBytes;
  queue.size_max = 64u << 20;
}

FileExporterConfig read_file_exporter_config(MapReader& reader) {
  FileExporterConfig config;
  reader.read("path", config.file.path);
  if (config.file.path.empty()) reader.fail("path", "is missing; write the file to write to, such as ./traces.jsonl");
  reader.read("append", config.file.append);
  reader.read("create_directory", config.file.create_directory);
  read_directory_mode(reader, config.file);
  if (std::optional<MapReader> rotation = reader.child("rotation")) read_rotation(*rotation, config.file);
  std::string format = "json";
  reader.read_choice("format", {"json", "proto"}, format);
  config.format = format == "json" ? FileFormat::kJson : FileFormat::kProto;
  read_compression(reader, config);
  const bool is_lines = config.format == FileFormat::kJson && config.codec == nullptr;
  config.file.form = is_lines ? RecordForm::kLine : RecordForm::kLengthPrefixed;
  // The first byte of a zstd frame; of a JSON object; of a request's first field, resource_spans.
  config.file.first_byte = config.codec != nullptr ? '\x28' : (is_lines ? '{' : '\x0A');
  reader.ignore("flush_interval", "every request is written at once");
  reader.refuse("encoding", "use format: json or proto");
  reader.refuse("group_by", "remove it");
  read_queue_options(reader, config.queue);
  config.queue.consumers = 1;
  read_retry_options(reader, config.retry);
  reader.finish();
  return config;
}

}  // namespace nanospan::gateway
