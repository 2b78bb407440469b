// Samples first, which fill the tables of the dictionary; then the dictionary. An entry is known by its bytes.
#include "profile/format/otlp_profiles.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>
#include <vector>

#include "wire/otlp_fields.h"
#include "wire/utf8.h"
#include "wire/writer.h"

namespace nanospan::profile {
namespace {

namespace otlp = wire::otlp;
using Message = wire::Appender<std::string>;

constexpr std::size_t kTraceIdBytes = 16, kSpanIdBytes = 8;

/// proto3 writes no zeros.
void put_number(Message& out, std::uint32_t field, std::uint64_t value) {
  if (value != 0) out.varint_field(field, value);
}

void put_packed(Message& out, std::uint32_t field, const std::vector<std::uint64_t>& values) {
  std::string varints;
  for (const std::uint64_t value : values) {
    std::array<std::uint8_t, 10> room{};
    const std::uint8_t* const end = wire::put_varint(room.data(), value);
    varints.append(reinterpret_cast<const char*>(room.data()), static_cast<std::size_t>(end - room.data()));
  }
  if (!varints.empty()) out.bytes_field(field, varints);
}

/// Entries of one table of the dictionary, each once. The first is the zero value, index 0.
class DictionaryTable {
 public:
  explicit DictionaryTable(std::string zero = {}) { add(std::move(zero)); }

  std::uint64_t add(std::string entry) {
    const auto [found, is_new] = numbers_.try_emplace(std::move(entry), numbers_.size());
    if (is_new) entries_.push_back(&found->first);
    return found->second;
  }
  void write(Message& out, std::uint32_t field) const {
    for (const std::string* entry : entries_) out.bytes_field(field, *entry);
  }

 private:
  std::unordered_map<std::string, std::uint64_t> numbers_;
  std::vector<const std::string*> entries_;
};

/// "4bf9..." as bytes; nothing if it is no such id.
std::string id_bytes(std::string_view hex, std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned value = 0;
    const auto [stop, error] = std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
    if (error != std::errc() || stop != hex.data() + i + 2) return {};
    bytes += static_cast<char>(value);
  }
  return bytes.size() == size ? bytes : std::string();
}

std::string link_message(const std::string& trace_id, const std::string& span_id) {
  std::string message;
  Message out(message);
  out.bytes_field(otlp::ProfileLink::kTraceId, trace_id);
  out.bytes_field(otlp::ProfileLink::kSpanId, span_id);
  return message;
}

std::string string_value(std::string_view text) {
  std::string message;
  Message(message).bytes_field(otlp::AnyValue::kStringValue, wire::repair_utf8(text));
  return message;
}

/// As semantic conventions name what pprof's labels say.
std::string attribute_key(const std::string& label) {
  if (label == "thread") return "thread.name";
  if (label == "thread_id") return "thread.id";
  return label;
}

class OtlpWriter {
 public:
  explicit OtlpWriter(const Profile& profile) : profile_(profile), locations_of_frames_(profile.frames.size()) {}

  std::string write(std::string_view resource_fields, std::string_view id) {
    std::string scope_message, scope, resource(resource_fields), request, dictionary;
    Message(scope).bytes_field(otlp::InstrumentationScope::kName, "nanospan.profile");
    Message scope_profiles(scope_message);
    scope_profiles.bytes_field(otlp::ScopeProfiles::kScope, scope);
    std::string own_id(id);
    for (const std::size_t type : default_first()) {
      scope_profiles.bytes_field(otlp::ScopeProfiles::kProfiles, profile_message(type, own_id));
      own_id.back() = static_cast<char>(own_id.back() + 1);
    }
    Message(resource).bytes_field(otlp::ResourceProfiles::kScopeProfiles, scope_message);
    Message out(request);
    out.bytes_field(otlp::ExportProfilesServiceRequest::kResourceProfiles, resource);
    write_dictionary(dictionary);
    out.bytes_field(otlp::ExportProfilesServiceRequest::kDictionary, dictionary);
    return request;
  }

 private:
  std::vector<std::size_t> default_first() const {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < profile_.types.size(); ++i) order.push_back(i);
    const std::size_t first = std::min(profile_.default_type, order.size());
    std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(first), order.end());
    return order;
  }

  std::uint64_t text(std::string_view value) { return strings_.add(wire::repair_utf8(value)); }

  std::string value_type(const ValueType& type) {
    std::string message;
    Message out(message);
    put_number(out, otlp::ProfileValueType::kTypeStrindex, text(type.type));
    put_number(out, otlp::ProfileValueType::kUnitStrindex, text(type.unit));
    return message;
  }

  std::string profile_message(std::size_t type, const std::string& id) {
    std::string message;
    Message out(message);
    out.bytes_field(otlp::Profile::kSampleType, value_type(profile_.types[type]));
    for (const ProfileSample& sample : profile_.samples) {
      if (sample.values[type] != 0) out.bytes_field(otlp::Profile::kSamples, sample_message(sample, type));
    }
    out.fixed64_field(otlp::Profile::kTimeUnixNano, profile_.time_unix_nanos);
    put_number(out, otlp::Profile::kDurationNano, profile_.duration_nanos);
    out.bytes_field(otlp::Profile::kPeriodType, value_type(profile_.period_type));
    put_number(out, otlp::Profile::kPeriod, static_cast<std::uint64_t>(profile_.period));
    out.bytes_field(otlp::Profile::kProfileId, id);
    return message;
  }

  std::string sample_message(const ProfileSample& sample, std::size_t type) {
    std::string message, trace_id, span_id;
    std::vector<std::uint64_t> attributes;
    for (const ProfileLabel& label : sample.labels) {
      if (label.key == "trace_id") {
        trace_id = id_bytes(label.text, kTraceIdBytes);
      } else if (label.key == "span_id") {
        span_id = id_bytes(label.text, kSpanIdBytes);
      } else {
        attributes.push_back(attribute(label));
      }
    }
    Message out(message);
    put_number(out, otlp::ProfileSample::kStackIndex, stack(sample.frames));
    put_packed(out, otlp::ProfileSample::kAttributeIndices, attributes);
    if (!trace_id.empty() && !span_id.empty()) {
      put_number(out, otlp::ProfileSample::kLinkIndex, links_.add(link_message(trace_id, span_id)));
    }
    put_packed(out, otlp::ProfileSample::kValues, {static_cast<std::uint64_t>(sample.values[type])});
    return message;
  }

  std::uint64_t attribute(const ProfileLabel& label) {
    std::string value, message;
    if (label.text.empty()) {
      Message(value).varint_field(otlp::AnyValue::kIntValue, static_cast<std::uint64_t>(label.number));
    } else {
      value = string_value(label.text);
    }
    Message out(message);
    put_number(out, otlp::KeyValueAndUnit::kKeyStrindex, text(attribute_key(label.key)));
    out.bytes_field(otlp::KeyValueAndUnit::kValue, value);
    put_number(out, otlp::KeyValueAndUnit::kUnitStrindex, text(label.unit));
    return attributes_.add(std::move(message));
  }

  std::uint64_t stack(const std::vector<std::uint32_t>& frames) {
    std::vector<std::uint64_t> locations;
    for (const std::uint32_t frame : frames) locations.push_back(location(frame));
    std::string message;
    Message out(message);
    put_packed(out, otlp::ProfileStack::kLocationIndices, locations);
    return stacks_.add(std::move(message));
  }

  std::uint64_t location(std::uint32_t index) {
    std::uint64_t& number = locations_of_frames_[index];
    if (number != 0) return number;
    const ProfileFrame& frame = profile_.frames[index];
    std::string message;
    Message out(message);
    if (frame.mapping >= 0) {
      put_number(out, otlp::ProfileLocation::kMappingIndex, mapping(static_cast<std::size_t>(frame.mapping)));
    }
    put_number(out, otlp::ProfileLocation::kAddress, frame.address);
    for (const ProfileLine& inlined : frame.inlined) put_line(out, inlined.function, inlined.file, inlined.line);
    put_line(out, frame.function, frame.file, frame.line);
    return number = locations_.add(std::move(message));
  }

  void put_line(Message& location, const std::string& function, const std::string& file, std::int64_t line) {
    std::string function_message, message;
    Message function_out(function_message);
    put_number(function_out, otlp::ProfileFunction::kNameStrindex, text(function));
    put_number(function_out, otlp::ProfileFunction::kFilenameStrindex, text(file));
    Message out(message);
    put_number(out, otlp::ProfileLine::kFunctionIndex, functions_.add(std::move(function_message)));
    put_number(out, otlp::ProfileLine::kLine, static_cast<std::uint64_t>(line));
    location.bytes_field(otlp::ProfileLocation::kLines, message);
  }

  std::uint64_t mapping(std::size_t index) {
    const ProfileMapping& mapping = profile_.mappings[index];
    std::string message;
    Message out(message);
    put_number(out, otlp::ProfileMapping::kMemoryStart, mapping.begin);
    put_number(out, otlp::ProfileMapping::kMemoryLimit, mapping.end);
    put_number(out, otlp::ProfileMapping::kFileOffset, mapping.offset);
    put_number(out, otlp::ProfileMapping::kFilenameStrindex, text(mapping.path));
    if (!mapping.build_id.empty()) {
      put_packed(out, otlp::ProfileMapping::kAttributeIndices,
                 {attribute({"process.executable.build_id.gnu", mapping.build_id, 0, {}})});
    }
    return mappings_.add(std::move(message));
  }

  void write_dictionary(std::string& dictionary) const {
    Message out(dictionary);
    mappings_.write(out, otlp::ProfilesDictionary::kMappingTable);
    locations_.write(out, otlp::ProfilesDictionary::kLocationTable);
    functions_.write(out, otlp::ProfilesDictionary::kFunctionTable);
    links_.write(out, otlp::ProfilesDictionary::kLinkTable);
    strings_.write(out, otlp::ProfilesDictionary::kStringTable);
    attributes_.write(out, otlp::ProfilesDictionary::kAttributeTable);
    stacks_.write(out, otlp::ProfilesDictionary::kStackTable);
  }

  const Profile& profile_;
  std::vector<std::uint64_t> locations_of_frames_;  // 0: not in the table yet
  DictionaryTable mappings_, locations_, functions_, strings_, attributes_, stacks_;
  // Ids of zeros rather than none, for readers that insist on their lengths (profiles.proto, link_table).
  DictionaryTable links_{link_message(std::string(kTraceIdBytes, '\0'), std::string(kSpanIdBytes, '\0'))};
};

}  // namespace

std::string otlp_profiles_message(const Profile& profile, std::string_view resource_fields, std::string_view id) {
  return OtlpWriter(profile).write(resource_fields, id);
}

std::string profile_resource_fields(const std::string& service_name, const std::string& host_name) {
  std::string resource, fields;
  for (const auto& [key, value] : {std::pair("service.name", service_name), {"host.name", host_name}}) {
    std::string attribute;
    Message out(attribute);
    out.bytes_field(otlp::KeyValue::kKey, key);
    out.bytes_field(otlp::KeyValue::kValue, string_value(value));
    Message(resource).bytes_field(otlp::Resource::kAttributes, attribute);
  }
  Message(fields).bytes_field(otlp::ResourceProfiles::kResource, resource);
  return fields;
}

}  // namespace nanospan::profile
