// Keys of the `file` exporter (Collector contrib: exporter/fileexporter/config.go), and the queue keys that it has in
// common with the sending exporters here. Typed, with defaults. Read by one thread, then constant.
#pragma once

#include "gateway/codec/content_coding.h"
#include "gateway/exporters/file/rotating_file.h"
#include "gateway/queue/queue_config.h"

namespace nanospan::gateway {

enum class FileFormat {
  kJson,   ///< One request as OTLP JSON in each line (the OTLP file exporter specification).
  kProto,  ///< Each request as it came, after its length as four bytes, big endian.
};

struct FileExporterConfig {
  FileExporterConfig();
  RotatingFileOptions file;
  FileFormat format = FileFormat::kJson;
  const net::Codec* codec = nullptr;  ///< zstd: each record is a frame of its own, after its length. Null: none.
  QueueOptions queue;                 ///< One consumer: a file is written by one.
  RetryOptions retry;
};

FileExporterConfig read_file_exporter_config(MapReader& reader);

}  // namespace nanospan::gateway
