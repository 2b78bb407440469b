// FileSender: writes batches to a RotatingFile, as OTLP JSON lines or as length-prefixed protobuf.
//
// Its calls block on the disk, so it has a loop and thread of its own. A refused write (disk full, quota, file size
// limit) is a retry, not a loss; the queue's retry rules decide when it becomes one.
#pragma once

#include <string>

#include "gateway/exporters/file/file_exporter_config.h"
#include "gateway/queue/sender.h"
#include "gateway/telemetry/metrics.h"

namespace nanospan::gateway {

class FileSender final : public Sender {
 public:
  FileSender(FileExporterConfig config, const std::string& exporter, const base::Clock& clock,
             MetricsRegistry& metrics);

  Status open();
  /// See RotatingFile::set_aside().
  const std::string& set_aside() const { return file_.set_aside(); }
  void send(BatchRef batch, base::Deadline deadline, Done done) override;

 private:
  void publish_counts();

  const FileFormat format_;
  RotatingFile file_;
  std::string record_;  // reused
  Metric& bytes_;
  Metric& removed_files_;
  Metric& removed_bytes_;
  Metric& torn_records_;
  Metric& torn_bytes_;
};

}  // namespace nanospan::gateway
