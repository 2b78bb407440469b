#include "tests/golden/oracle.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/text_format.h>

#include <fstream>

namespace nanospan::golden {
namespace pb = google::protobuf;

const Oracle* Oracle::get() {
  static const Oracle* const oracle = []() -> const Oracle* {
    std::ifstream file(NANOSPAN_OTLP_SCHEMA, std::ios::binary);
    pb::FileDescriptorSet files;
    if (!file || !files.ParseFromIstream(&file)) return nullptr;
    // It logs a line for each string that is not UTF-8; the tests feed it thousands.
    pb::SetLogHandler(nullptr);
    static Oracle instance;
    for (const pb::Descriptor* built_in : {pb::Any::descriptor(), pb::Duration::descriptor()}) {
      pb::FileDescriptorProto file_of_it;
      built_in->file()->CopyTo(&file_of_it);
      GOOGLE_CHECK(instance.pool_.BuildFile(file_of_it) != nullptr);
    }
    for (const pb::FileDescriptorProto& one : files.file())
      GOOGLE_CHECK(instance.pool_.BuildFile(one) != nullptr) << one.name();
    return &instance;
  }();
  return oracle;
}

const pb::Descriptor* Oracle::descriptor(std::string_view message) const {
  return pool_.FindMessageTypeByName(std::string(message));
}

std::unique_ptr<pb::Message> Oracle::make(std::string_view message) const {
  const pb::Descriptor* const type = descriptor(message);
  GOOGLE_CHECK(type != nullptr) << std::string(message);
  return std::unique_ptr<pb::Message>(factory_.GetPrototype(type)->New());
}

std::string Oracle::serialize(std::string_view message, const std::string& text) const {
  const auto parsed = make(message);
  GOOGLE_CHECK(pb::TextFormat::ParseFromString(text, parsed.get())) << text;
  return parsed->SerializeAsString();
}

bool Oracle::parses(std::string_view message, std::string_view bytes) const {
  return make(message)->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

std::unique_ptr<pb::Message> Oracle::parse(std::string_view message, std::string_view bytes) const {
  auto parsed = make(message);
  if (!parsed->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return nullptr;
  return parsed;
}

std::optional<std::string> Oracle::text(std::string_view message, std::string_view bytes) const {
  const auto parsed = parse(message, bytes);
  if (parsed == nullptr) return std::nullopt;
  parsed->DiscardUnknownFields();
  std::string out;
  pb::TextFormat::PrintToString(*parsed, &out);
  return out;
}

}  // namespace nanospan::golden
