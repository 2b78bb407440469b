// Frames are numbered as they are met where the format wants a table. Pure.
#include "profile/format/text.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "wire/json_text.h"

namespace nanospan::profile {
namespace {

std::int64_t default_value(const Profile& profile, const ProfileSample& sample) {
  return profile.default_type < sample.values.size() ? sample.values[profile.default_type] : 0;
}

std::string label_text(const ProfileLabel& label) {
  return label.text.empty() ? std::to_string(label.number) : label.text;
}

template <class Items, class Append>
void append_list(std::string& out, const Items& items, Append append) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    append(item);
  }
  out += ']';
}

void append_place(std::string& out, const std::string& function, const std::string& file, std::int64_t line) {
  out += "    " + function;
  if (!file.empty()) out += "  " + file + ':' + std::to_string(line);
  out += '\n';
}

/// Functions by number: several addresses of one function are one.
class FunctionTable {
 public:
  explicit FunctionTable(const Profile& profile) {
    for (const ProfileFrame& frame : profile.frames) {
      const auto [entry, is_new] = numbers_.try_emplace(frame.function, names_.size());
      if (is_new) {
        names_.push_back(&entry->first);
        mappings_.push_back(frame.mapping);
      }
      of_frame_.push_back(entry->second);
    }
  }
  std::size_t of_frame(std::uint32_t frame) const { return of_frame_[frame]; }
  const std::vector<const std::string*>& names() const { return names_; }
  const std::vector<std::int32_t>& mappings() const { return mappings_; }

 private:
  std::unordered_map<std::string, std::size_t> numbers_;
  std::vector<const std::string*> names_;
  std::vector<std::int32_t> mappings_;
  std::vector<std::size_t> of_frame_;
};

}  // namespace

std::string collapsed_text(const Profile& profile) {
  std::map<std::string, std::int64_t> lines;
  for (const ProfileSample& sample : profile.samples) {
    std::string line;
    const auto add = [&line](const std::string& function) {
      if (!line.empty()) line += ';';
      for (const char c : function) line += c == ';' ? ':' : c == '\n' || c == '\r' ? ' ' : c;
    };
    for (auto number = sample.frames.rbegin(); number != sample.frames.rend(); ++number) {
      const ProfileFrame& frame = profile.frames[*number];
      add(frame.function);
      for (auto inner = frame.inlined.rbegin(); inner != frame.inlined.rend(); ++inner) add(inner->function);
    }
    lines[line] += default_value(profile, sample);
  }
  std::string out;
  for (const auto& [line, value] : lines) out += line + ' ' + std::to_string(value) + '\n';
  return out;
}

std::string speedscope_json(const Profile& profile) {
  const FunctionTable functions(profile);
  std::string out =
      R"({"$schema":"https://www.speedscope.app/file-format-schema.json","exporter":"nanospan","shared":{"frames":)";
  append_list(out, functions.names(), [&](const std::string* name) {
    out += R"({"name":)";
    wire::append_json_string(*name, out);
    out += '}';
  });
  out += R"(},"profiles":)";
  std::vector<std::size_t> types(profile.types.size());
  std::iota(types.begin(), types.end(), std::size_t{0});
  append_list(out, types, [&](std::size_t type) {
    const ValueType& shown = profile.types[type];
    std::int64_t total = 0;
    for (const ProfileSample& sample : profile.samples) total += sample.values[type];
    out += R"({"type":"sampled","name":)";
    wire::append_json_string(shown.type, out);
    out += R"(,"unit":)";
    wire::append_json_string(shown.unit == "nanoseconds" || shown.unit == "bytes" ? shown.unit : "none", out);
    out += R"(,"startValue":0,"endValue":)" + std::to_string(total) + R"(,"samples":)";
    append_list(out, profile.samples, [&](const ProfileSample& sample) {
      std::vector<std::uint32_t> from_root(sample.frames.rbegin(), sample.frames.rend());
      append_list(out, from_root, [&](std::uint32_t frame) { out += std::to_string(functions.of_frame(frame)); });
    });
    out += R"(,"weights":)";
    append_list(out, profile.samples, [&](const ProfileSample& sample) { out += std::to_string(sample.values[type]); });
    out += '}';
  });
  return out + '}';
}

std::string listing_text(const Profile& profile) {
  std::string out;
  for (const std::string& comment : profile.comments) out += "# " + comment + '\n';
  for (const ValueType& type : profile.types) out += "# value: " + type.type + '/' + type.unit + '\n';
  std::vector<const ProfileSample*> samples;
  for (const ProfileSample& sample : profile.samples) samples.push_back(&sample);
  std::stable_sort(samples.begin(), samples.end(), [&](const ProfileSample* a, const ProfileSample* b) {
    return default_value(profile, *a) > default_value(profile, *b);
  });
  for (const ProfileSample* sample : samples) {
    out += '\n';
    for (const std::int64_t value : sample->values) out += std::to_string(value) + ' ';
    for (const ProfileLabel& label : sample->labels) out += ' ' + label.key + '=' + label_text(label);
    out += '\n';
    for (const std::uint32_t number : sample->frames) {
      const ProfileFrame& frame = profile.frames[number];
      for (const ProfileLine& inner : frame.inlined) append_place(out, inner.function, inner.file, inner.line);
      append_place(out, frame.function, frame.file, frame.line);
    }
  }
  return out;
}

std::string page_json(const Profile& profile) {
  const FunctionTable functions(profile);
  const auto quoted = [](std::string& out, const std::string& text) { wire::append_json_string(text, out); };
  std::string out = "{\"types\":";
  append_list(out, profile.types, [&](const ValueType& type) {
    out += '[';
    quoted(out, type.type);
    out += ',';
    quoted(out, type.unit);
    out += ']';
  });
  out += ",\"default\":" + std::to_string(profile.default_type);
  out += ",\"seconds\":";
  wire::append_json_double(static_cast<double>(profile.duration_nanos) / static_cast<double>(base::kNanosPerSecond),
                           out);
  out += ",\"unix_ms\":" + std::to_string(profile.time_unix_nanos / base::kNanosPerMilli) + ",\"comments\":";
  append_list(out, profile.comments, [&](const std::string& comment) { quoted(out, comment); });
  out += ",\"functions\":";
  append_list(out, functions.names(), [&](const std::string* name) { quoted(out, *name); });
  out += ",\"modules\":";
  append_list(out, profile.mappings,
              [&](const ProfileMapping& m) { quoted(out, m.path.substr(m.path.rfind('/') + 1)); });
  out += ",\"module_of\":";
  append_list(out, functions.mappings(), [&](std::int32_t mapping) { out += std::to_string(mapping); });

  std::unordered_map<std::string, std::size_t> label_numbers;
  std::vector<const std::string*> label_texts;
  std::string samples;
  append_list(samples, profile.samples, [&](const ProfileSample& sample) {
    std::string labels = "{";
    for (const ProfileLabel& label : sample.labels) {
      if (labels.size() > 1) labels += ',';
      quoted(labels, label.key);
      labels += ':';
      quoted(labels, label_text(label));
    }
    const auto [entry, is_new] = label_numbers.try_emplace(labels + '}', label_numbers.size());
    if (is_new) label_texts.push_back(&entry->first);
    samples += '[' + std::to_string(entry->second) + ',';
    append_list(samples, sample.values, [&](std::int64_t value) { samples += std::to_string(value); });
    samples += ',';
    const std::vector<std::uint32_t> from_root(sample.frames.rbegin(), sample.frames.rend());
    append_list(samples, from_root, [&](std::uint32_t f) { samples += std::to_string(functions.of_frame(f)); });
    samples += ']';
  });
  out += ",\"labels\":";
  append_list(out, label_texts, [&](const std::string* labels) { out += *labels; });
  return out + ",\"samples\":" + samples + '}';
}

}  // namespace nanospan::profile
