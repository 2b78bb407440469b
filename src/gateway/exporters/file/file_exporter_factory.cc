// Ties the `file` exporter together: configuration, file, queue. Called by the service's thread.
#include "gateway/exporters/file/file_exporter_factory.h"

#include "gateway/config/units.h"
#include "gateway/exporters/file/file_sender.h"
#include "gateway/exporters/queued_exporter.h"

namespace nanospan::gateway {
namespace {

std::string describe(const FileExporterConfig& config) {
  std::string text =
      config.file.path + (config.format == FileFormat::kJson ? " (OTLP JSON lines" : " (length-prefixed protobuf");
  if (!config.file.append) text += ", begun anew: what is there at start is set aside";
  if (!config.file.rotate) return text + ", one file without bound)";
  text += ", a new file every " + format_byte_size(config.file.bytes_max);
  if (config.file.backups_max == 0) return text + ", all kept)";
  return text + ", at most " + format_byte_size(config.file.bytes_max * (config.file.backups_max + 1)) + " in all)";
}

Result<std::unique_ptr<Exporter>> make(const std::string& id, const FileExporterConfig& config, Host& host) {
  auto sender = std::make_unique<FileSender>(config, id, host.clock(), host.metrics());
  if (Status opened = sender->open(); !opened) return opened.error();
  if (!sender->set_aside().empty()) {
    host.log().info("exporter " + id, "append is false: what was in " + config.file.path + " is now in " +
                                          sender->set_aside() + "; append: true goes on in the same file");
  }
  // A write has no deadline: the kernel answers when it answers.
  return std::unique_ptr<Exporter>(std::make_unique<QueuedExporter>(
      host.own_loop(), ExportQueueOptions{id, config.queue, config.retry, base::kNever}, std::move(sender), host,
      describe(config)));
}

}  // namespace

ExporterFactory file_exporter_factory() {
  return {"file",
          {},
          "writes OTLP JSON lines or protobuf to a file, rotated and bounded",
          [](const ComponentId& id, MapReader& reader) -> Maker<Exporter> {
            return [name = id.text(), config = read_file_exporter_config(reader)](Host& host) {
              return make(name, config, host);
            };
          }};
}

}  // namespace nanospan::gateway
