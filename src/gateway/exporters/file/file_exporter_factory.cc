// Ties the `file` exporter together: configuration, file, queue. Called by the service's thread.
#include "gateway/exporters/file/file_exporter_factory.h"

#include "gateway/config/units.h"
#include "gateway/exporters/file/file_sender.h"
#include "gateway/exporters/queued_exporter.h"

namespace nanospan::gateway {
namespace {

std::string describe(const FileExporterConfig& config) {
  const bool is_json = config.format == FileFormat::kJson;
  std::string text = config.file.path;
  if (config.codec != nullptr) {
    text += is_json ? " (length-prefixed OTLP JSON, zstd" : " (length-prefixed protobuf, zstd";
  } else {
    text += is_json ? " (OTLP JSON lines" : " (length-prefixed protobuf";
  }
  if (!config.file.append) text += ", begun anew: what is there at start is set aside";
  if (!config.file.rotate) return text + ", one file without bound)";
  text += ", a new file every " + format_byte_size(config.file.bytes_max);
  if (config.file.backups_max == 0) return text + ", all kept)";
  return text + ", at most " + format_byte_size(config.file.bytes_max * (config.file.backups_max + 1)) + " in all)";
}

/// The one writer of a file, with the loop that it is used on: all signals of an exporter share both.
struct OpenFile {
  std::shared_ptr<FileSender> sender;
  net::EventLoop* loop = nullptr;
};

class SharedFileSender final : public Sender {
 public:
  explicit SharedFileSender(std::shared_ptr<FileSender> file) : file_(std::move(file)) {}
  Status start(Sender* before) override {
    return file_->start(before == nullptr ? nullptr : static_cast<SharedFileSender*>(before)->file_.get());
  }
  void send(BatchRef batch, base::Deadline deadline, Done done) override {
    file_->send(std::move(batch), deadline, std::move(done));
  }

 private:
  const std::shared_ptr<FileSender> file_;
};

Result<std::unique_ptr<Exporter>> make(const std::string& id, const FileExporterConfig& config, OpenFile& file,
                                       Host& host, Signal signal) {
  if (file.sender == nullptr) {
    file = {std::make_shared<FileSender>(config, id, host.clock(), host.metrics(), host.log()), &host.own_loop()};
  }
  // A write has no deadline: the kernel answers when it answers.
  return std::unique_ptr<Exporter>(std::make_unique<QueuedExporter>(
      *file.loop, ExportQueueOptions{id, config.queue, config.retry, base::kNever, signal},
      std::make_unique<SharedFileSender>(file.sender), host, describe(config)));
}

}  // namespace

ExporterFactory file_exporter_factory() {
  return {"file",
          {},
          "writes OTLP JSON lines or protobuf to a file, rotated, bounded, with zstd or without",
          [](const ComponentId& id, MapReader& reader) -> ExporterMaker {
            return [name = id.text(), config = read_file_exporter_config(reader), file = std::make_shared<OpenFile>()](
                       Host& host, Signal signal) { return make(name, config, *file, host, signal); };
          }};
}

}  // namespace nanospan::gateway
