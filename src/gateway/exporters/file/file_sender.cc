// Records and their fate. One thread: the exporter's own.
#include "gateway/exporters/file/file_sender.h"

#include <utility>

#include "wire/otlp_json_out.h"

namespace nanospan::gateway {
namespace {

//  length, 4 bytes, big endian | that many bytes
void append_prefixed(std::string_view content, std::string& out) {
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>((content.size() >> shift) & 0xFF);
  out += content;
}

}  // namespace

FileSender::FileSender(FileExporterConfig config, const std::string& exporter, const base::Clock& clock,
                       MetricsRegistry& metrics, Log& log)
    : config_(std::move(config)),
      subject_("exporter " + exporter),
      log_(log),
      file_(std::make_shared<RotatingFile>(config_.file, clock)),
      bytes_(metrics.counter("nanospan_file_written_bytes", "Bytes written to the file.", {{"exporter", exporter}})),
      counts_{
          {{metrics.counter("nanospan_file_removed_files", "Full files removed by rotation.", {{"exporter", exporter}}),
            &RotatingFile::removed_files},
           {metrics.counter("nanospan_file_removed_bytes", "Bytes in the files that rotation removed.",
                            {{"exporter", exporter}}),
            &RotatingFile::removed_bytes},
           {metrics.counter("nanospan_file_torn_records",
                            "Records cut off again that a crash or a refused write left incomplete.",
                            {{"exporter", exporter}}),
            &RotatingFile::torn_records},
           {metrics.counter("nanospan_file_torn_bytes", "Bytes of those incomplete records.", {{"exporter", exporter}}),
            &RotatingFile::torn_bytes}}} {}

Status FileSender::start(Sender* before) {
  if (std::exchange(is_started_, true)) return {};
  auto* const other = static_cast<FileSender*>(before);
  if (other == nullptr || other->config_.file.path != config_.file.path) {
    const Status opened = file_->open();
    publish_counts();
    if (opened && !file_->set_aside().empty()) {
      log_.info(subject_, "append is false: what was in " + config_.file.path + " is now in " + file_->set_aside() +
                              "; append: true goes on in the same file");
    }
    return opened;
  }
  // The file is locked, and one of the two writes at a time.
  if (other->config_.file.form != config_.file.form || other->config_.file.first_byte != config_.file.first_byte) {
    return Error{ErrorCode::kInvalidArgument,
                 config_.file.path + " is being written in another format; give it another path"};
  }
  file_ = other->file_;
  is_shared_ = true;
  return {};
}

void FileSender::publish_counts() {
  for (PublishedCount& count : counts_) {
    const std::uint64_t now = (*file_.*count.count)();
    count.metric.add(now - count.published);
    count.published = now;
  }
}

/// Puts it into record_, or says why that cannot be.
SendResult FileSender::make_record(const Batch& batch) {
  const SignalInfo& info = info_of(batch.signal());
  record_.clear();
  std::string json;
  if (config_.format == FileFormat::kJson) {
    std::string& text = config_.codec == nullptr ? record_ : json;
    if (!info.has_json) {
      return {SendResult::Kind::kPermanent, "convert",
              std::string(info.name) + " cannot be written as JSON; write format: proto", 0, 0};
    }
    if (const Status converted = wire::append_json(info.request, batch.bytes(), text); !converted) {
      return {SendResult::Kind::kPermanent, "convert", "cannot be written as JSON: " + converted.error().message, 0, 0};
    }
    if (config_.codec == nullptr) {
      record_ += '\n';
      return {};
    }
  } else if (config_.codec == nullptr) {
    append_prefixed(batch.bytes(), record_);
    return {};
  } else if (const Result<std::string_view> encoded = batch.encoded(*config_.codec, config_.codec->level_default)) {
    append_prefixed(*encoded, record_);
    return {};
  }
  const std::string_view content = config_.format == FileFormat::kJson ? json : batch.bytes();
  const Result<net::ByteBlock> frame = config_.codec->encode({&content, 1}, config_.codec->level_default);
  if (!frame) return {SendResult::Kind::kRetry, "compress", "cannot be compressed: " + frame.error().message, 0, 0};
  append_prefixed(frame->view(), record_);
  return {};
}

void FileSender::send(BatchRef batch, base::Deadline, Done done) {
  if (std::exchange(is_shared_, false)) {
    file_->set_rotation(config_.file);
    for (PublishedCount& count : counts_) count.published = (*file_.*count.count)();
  }
  if (SendResult made = make_record(*batch); made.kind != SendResult::Kind::kSent) return done(std::move(made));
  const Status written = file_->append(record_);
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
