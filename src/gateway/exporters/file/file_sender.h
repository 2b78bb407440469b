// FileSender: writes batches to a RotatingFile, as OTLP JSON lines or as length-prefixed protobuf.
//
// Its calls block on the disk, so it has a loop and thread of its own. A refused write (disk full, quota, file size
// limit) is a retry, not a loss; the queue's retry rules decide when it becomes one.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "gateway/exporters/file/file_exporter_config.h"
#include "gateway/queue/sender.h"
#include "gateway/telemetry/log.h"
#include "gateway/telemetry/metrics.h"

namespace nanospan::gateway {

class FileSender final : public Sender {
 public:
  FileSender(FileExporterConfig config, const std::string& exporter, const base::Clock& clock, MetricsRegistry& metrics,
             Log& log);

  /// Opens the file, or shares it with `before`, if that is a FileSender with the same path and form. Once it is open:
  /// nothing.
  Status start(Sender* before) override;
  void send(BatchRef batch, base::Deadline deadline, Done done) override;

 private:
  /// A count of RotatingFile as a metric, which goes on where it was when the file is another.
  struct PublishedCount {
    Metric& metric;
    std::uint64_t (RotatingFile::*count)() const;
    std::uint64_t published = 0;
  };
  void publish_counts();
  SendResult make_record(const Batch& batch);

  const FileExporterConfig config_;
  const std::string subject_;
  Log& log_;
  std::shared_ptr<RotatingFile> file_;
  bool is_started_ = false;
  bool is_shared_ = false;  // with the one before, until the first record: that one's bounds still hold
  std::string record_;      // reused
  Metric& bytes_;
  std::array<PublishedCount, 4> counts_;
};

}  // namespace nanospan::gateway
