// Strings, functions and locations are numbered as they are met; the string table goes out last. Pure.
#include "profile/format/pprof.h"

#include <array>
#include <unordered_map>
#include <vector>

#include "net/gzip.h"
#include "wire/writer.h"

namespace nanospan::profile {
namespace {

using Appender = wire::Appender<std::string>;

// Field numbers of profile.proto.
struct ProfileField {
  static constexpr std::uint32_t kSampleType = 1, kSample = 2, kMapping = 3, kLocation = 4, kFunction = 5,
                                 kStringTable = 6, kTimeNanos = 9, kDurationNanos = 10, kPeriodType = 11, kPeriod = 12,
                                 kComment = 13, kDefaultSampleType = 14;
};
struct SampleField {
  static constexpr std::uint32_t kLocation = 1, kValue = 2, kLabel = 3;
};
struct LabelField {
  static constexpr std::uint32_t kKey = 1, kText = 2, kNumber = 3, kUnit = 4;
};
struct MappingField {
  static constexpr std::uint32_t kId = 1, kBegin = 2, kEnd = 3, kOffset = 4, kPath = 5, kBuildId = 6, kHasFunctions = 7,
                                 kHasFiles = 8, kHasLines = 9, kHasInlined = 10;
};
struct LocationField {
  static constexpr std::uint32_t kId = 1, kMapping = 2, kAddress = 3, kLine = 4;
};
struct LineField {
  static constexpr std::uint32_t kFunction = 1, kLine = 2;
};
struct FunctionField {
  static constexpr std::uint32_t kId = 1, kName = 2, kSystemName = 3, kFile = 4;
};

class Writer {
 public:
  explicit Writer(const Profile& profile) : profile_(profile) { text(""); }

  std::string write() {
    for (const ValueType& type : profile_.types) value_type(ProfileField::kSampleType, type);
    for (const ProfileSample& sample : profile_.samples) write_sample(sample);
    for (std::size_t i = 0; i < profile_.mappings.size(); ++i) write_mapping(i);
    for (std::size_t i = 0; i < profile_.frames.size(); ++i) write_location(i);
    out_.varint_field(ProfileField::kTimeNanos, profile_.time_unix_nanos);
    out_.varint_field(ProfileField::kDurationNanos, profile_.duration_nanos);
    value_type(ProfileField::kPeriodType, profile_.period_type);
    out_.varint_field(ProfileField::kPeriod, static_cast<std::uint64_t>(profile_.period));
    for (const std::string& comment : profile_.comments) out_.varint_field(ProfileField::kComment, text(comment));
    if (profile_.default_type < profile_.types.size()) {
      out_.varint_field(ProfileField::kDefaultSampleType, text(profile_.types[profile_.default_type].type));
    }
    for (const std::string* entry : table_) out_.bytes_field(ProfileField::kStringTable, *entry);
    return std::move(bytes_);
  }

 private:
  std::uint64_t text(const std::string& value) {
    const auto [entry, is_new] = numbers_.try_emplace(value, numbers_.size());
    if (is_new) table_.push_back(&entry->first);
    return entry->second;
  }

  void nested(std::uint32_t field, const std::string& message) { out_.bytes_field(field, message); }

  void value_type(std::uint32_t field, const ValueType& type) {
    std::string message;
    Appender out(message);
    out.varint_field(1, text(type.type));
    out.varint_field(2, text(type.unit));
    nested(field, message);
  }

  static void packed(Appender& out, std::uint32_t field, const std::string& varints) {
    out.bytes_field(field, varints);
  }
  static void put(std::string& varints, std::uint64_t value) {
    std::array<std::uint8_t, 10> room{};
    const std::uint8_t* end = wire::put_varint(room.data(), value);
    varints.append(reinterpret_cast<const char*>(room.data()), static_cast<std::size_t>(end - room.data()));
  }

  void write_sample(const ProfileSample& sample) {
    std::string message, locations, values;
    Appender out(message);
    for (const std::uint32_t frame : sample.frames) put(locations, std::uint64_t{frame} + 1);
    for (const std::int64_t value : sample.values) put(values, static_cast<std::uint64_t>(value));
    packed(out, SampleField::kLocation, locations);
    packed(out, SampleField::kValue, values);
    for (const ProfileLabel& label : sample.labels) {
      std::string inner;
      Appender fields(inner);
      fields.varint_field(LabelField::kKey, text(label.key));
      if (!label.text.empty()) {
        fields.varint_field(LabelField::kText, text(label.text));
      } else {
        fields.varint_field(LabelField::kNumber, static_cast<std::uint64_t>(label.number));
        if (!label.unit.empty()) fields.varint_field(LabelField::kUnit, text(label.unit));
      }
      out.bytes_field(SampleField::kLabel, inner);
    }
    nested(ProfileField::kSample, message);
  }

  void write_mapping(std::size_t index) {
    const ProfileMapping& mapping = profile_.mappings[index];
    std::string message;
    Appender out(message);
    out.varint_field(MappingField::kId, index + 1);
    out.varint_field(MappingField::kBegin, mapping.begin);
    out.varint_field(MappingField::kEnd, mapping.end);
    out.varint_field(MappingField::kOffset, mapping.offset);
    out.varint_field(MappingField::kPath, text(mapping.path));
    if (!mapping.build_id.empty()) out.varint_field(MappingField::kBuildId, text(mapping.build_id));
    for (const std::uint32_t has :
         {MappingField::kHasFunctions, MappingField::kHasFiles, MappingField::kHasLines, MappingField::kHasInlined}) {
      if (has == MappingField::kHasFunctions || profile_.has_lines) out.varint_field(has, 1);
    }
    nested(ProfileField::kMapping, message);
  }

  void write_location(std::size_t index) {
    const ProfileFrame& frame = profile_.frames[index];
    std::string message;
    Appender out(message);
    out.varint_field(LocationField::kId, index + 1);
    if (frame.mapping >= 0) out.varint_field(LocationField::kMapping, static_cast<std::uint64_t>(frame.mapping) + 1);
    out.varint_field(LocationField::kAddress, frame.address);
    for (const ProfileLine& inlined : frame.inlined) write_line(out, inlined.function, inlined.file, inlined.line);
    write_line(out, frame.function, frame.file, frame.line);
    nested(ProfileField::kLocation, message);
  }

  void write_line(Appender& location, const std::string& name, const std::string& file, std::int64_t line) {
    std::string message;
    Appender out(message);
    out.varint_field(LineField::kFunction, function(name, file));
    if (line != 0) out.varint_field(LineField::kLine, static_cast<std::uint64_t>(line));
    location.bytes_field(LocationField::kLine, message);
  }

  std::uint64_t function(const std::string& name, const std::string& file) {
    const auto [entry, is_new] = functions_.try_emplace(name + '\0' + file, functions_.size() + 1);
    if (is_new) {
      std::string message;
      Appender out(message);
      out.varint_field(FunctionField::kId, entry->second);
      out.varint_field(FunctionField::kName, text(name));
      out.varint_field(FunctionField::kSystemName, text(name));
      if (!file.empty()) out.varint_field(FunctionField::kFile, text(file));
      nested(ProfileField::kFunction, message);
    }
    return entry->second;
  }

  const Profile& profile_;
  std::string bytes_;
  Appender out_{bytes_};
  std::unordered_map<std::string, std::uint64_t> numbers_;
  std::vector<const std::string*> table_;
  std::unordered_map<std::string, std::uint64_t> functions_;
};

}  // namespace

std::string pprof_message(const Profile& profile) { return Writer(profile).write(); }

Result<net::ByteBlock> pprof_file(const Profile& profile) {
  const std::string message = pprof_message(profile);
  return net::gzip_compress(std::array{std::string_view(message)}, 6);
}

}  // namespace nanospan::profile
