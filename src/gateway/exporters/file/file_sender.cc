// Records and their fate. One thread: the exporter's own.
#include "gateway/exporters/file/file_sender.h"

#include "wire/otlp_json_out.h"

namespace nanospan::gateway {

FileSender::FileSender(FileExporterConfig config, const std::string& exporter, const base::Clock& clock,
                       MetricsRegistry& metrics)
    : format_(config.format),
      file_(std::move(config.file), clock),
      bytes_(metrics.counter("nanospan_file_written_bytes", "Bytes written to the file.", {{"exporter", exporter}})),
      removed_files_(
          metrics.counter("nanospan_file_removed_files", "Full files removed by rotation.", {{"exporter", exporter}})),
      removed_bytes_(metrics.counter("nanospan_file_removed_bytes", "Bytes in the files that rotation removed.",
                                     {{"exporter", exporter}})),
      torn_records_(metrics.counter("nanospan_file_torn_records",
                                    "Records cut off again that a crash or a refused write left incomplete.",
                                    {{"exporter", exporter}})),
      torn_bytes_(metrics.counter("nanospan_file_torn_bytes", "Bytes of those incomplete records.",
                                  {{"exporter", exporter}})) {}

Status FileSender::open() {
  const Status opened = file_.open();
  publish_counts();
  return opened;
}

/// RotatingFile counts; here its counts become metrics.
void FileSender::publish_counts() {
  removed_files_.add(file_.removed_files() - removed_files_.value());
  removed_bytes_.add(file_.removed_bytes() - removed_bytes_.value());
  torn_records_.add(file_.torn_records() - torn_records_.value());
  torn_bytes_.add(file_.torn_bytes() - torn_bytes_.value());
}

void FileSender::send(BatchRef batch, base::Deadline, Done done) {
  const SignalInfo& info = info_of(batch->signal());
  record_.clear();
  if (format_ == FileFormat::kProto) {
    //  length, 4 bytes, big endian | request
    const std::size_t size = batch->bytes().size();
    for (const int shift : {24, 16, 8, 0}) record_ += static_cast<char>((size >> shift) & 0xFF);
    record_ += batch->bytes();
  } else if (!info.has_json) {
    return done({SendResult::Kind::kPermanent, "convert",
                 std::string(info.name) + " cannot be written as JSON; write format: proto", 0, 0});
  } else if (const Status converted = wire::append_json(info.request, batch->bytes(), record_); converted) {
    record_ += '\n';
  } else {
    return done(
        {SendResult::Kind::kPermanent, "convert", "cannot be written as JSON: " + converted.error().message, 0, 0});
  }
  const Status written = file_.append(record_);
  publish_counts();
  if (written) {
    bytes_.add(record_.size());
    return done({});
  }
  if (written.error().code == ErrorCode::kResourceExhausted) {
    return done({SendResult::Kind::kPermanent, "record_too_large", written.error().message, 0, 0});
  }
  done({SendResult::Kind::kRetry, "disk", written.error().message, 0, 0});
}

}  // namespace nanospan::gateway
