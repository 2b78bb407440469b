// Each place in the code is symbolised once a profile, however many stacks share it. Threads: see the header.
#include "profile/build_profile.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "profile/symbol/source_lines.h"
#include "profile/unwind/loaded_code.h"
#include "wire/json_text.h"

namespace nanospan::profile {
namespace {

std::string hex_id(const void* bytes, std::size_t size) {
  std::string text;
  wire::append_hex({static_cast<const char*>(bytes), size}, text);
  return text;
}

class Builder {
 public:
  Builder(const StackStore& store, Symbolizer& symbolizer, Profile& profile)
      : store_(store),
        symbolizer_(symbolizer),
        lines_(profile.has_lines ? make_source_lines() : nullptr),
        profile_(profile) {}

  void add(std::uint32_t stack, std::uint32_t labels, std::vector<std::int64_t> values) {
    ProfileSample sample;
    for (std::uint32_t at = stack; at != StackStore::kEmpty; at = store_.node(at).parent) {
      sample.frames.push_back(frame(store_.node(at).point));
    }
    sample.values = std::move(values);
    add_labels(store_.labels_of(labels), sample.labels);
    profile_.samples.push_back(std::move(sample));
  }

 private:
  std::uint32_t frame(CodePoint point) {
    const auto [entry, is_new] = frames_.try_emplace(point, static_cast<std::uint32_t>(profile_.frames.size()));
    if (is_new) profile_.frames.push_back(make_frame(point));
    return entry->second;
  }

  ProfileFrame make_frame(CodePoint point) {
    ProfileFrame frame;
    if (point == StackStore::kOverflowPoint) {
      frame.function = "[no room for more stacks]";
      return frame;
    }
    if (point == StackStore::kNoAnswerPoint) {
      frame.function = "[no answer: waits for a processor, or blocks the signal]";
      return frame;
    }
    const auto number = static_cast<std::uint32_t>(point >> kModuleShift);
    const std::uint64_t offset = point & ((CodePoint{1} << kModuleShift) - 1);
    frame.address = offset;
    frame.function = "[unknown code]";
    if (number == 0) return frame;
    const ModuleIdentity& module = store_.module(number);
    frame.address = module.base + offset;
    frame.mapping = mapping(number);
    frame.function = symbolizer_.function_at(module, offset);
    if (lines_ != nullptr) add_lines(lines_->at(module, offset), frame);
    return frame;
  }

  static void add_lines(std::vector<ProfileLine> lines, ProfileFrame& frame) {
    if (lines.empty()) return;
    frame.file = std::move(lines.back().file);
    frame.line = lines.back().line;
    lines.pop_back();
    frame.inlined = std::move(lines);
  }

  std::int32_t mapping(std::uint32_t number) {
    const auto [entry, is_new] = mappings_.try_emplace(number, static_cast<std::int32_t>(profile_.mappings.size()));
    if (is_new) {
      const ModuleIdentity& module = store_.module(number);
      profile_.mappings.push_back({module.begin, module.end, module.offset, module.path, module.build_id});
    }
    return entry->second;
  }

  void add_labels(const LabelSet& from, std::vector<ProfileLabel>& to) const {
    const auto add_text = [&](const char* key, std::string text) {
      if (!text.empty()) to.push_back({key, std::move(text), 0, {}});
    };
    if ((from.trace_id[0] | from.trace_id[1]) != 0) {
      add_text("trace_id", hex_id(from.trace_id.data(), 16));
      add_text("span_id", hex_id(&from.span_id, 8));
    }
    add_text("http.route", store_.text_of(from.route));
    add_text("span_name", store_.text_of(from.span_name));
    add_text("thread", store_.text_of(from.thread));
    add_text("state", store_.text_of(from.state));
    if (from.tid != 0) to.push_back({"thread_id", {}, from.tid, {}});
  }

  const StackStore& store_;
  Symbolizer& symbolizer_;
  const std::unique_ptr<SourceLines> lines_;  // null: not wanted
  Profile& profile_;
  std::unordered_map<CodePoint, std::uint32_t> frames_;
  std::unordered_map<std::uint32_t, std::int32_t> mappings_;
};

/// Tools name a profile by its first mapping.
void put_program_first(Profile& profile) {
  const auto found =
      std::find_if(profile.mappings.begin(), profile.mappings.end(),
                   [path = path_of_program()](const ProfileMapping& mapping) { return mapping.path == path; });
  if (found == profile.mappings.end()) return;
  const auto place = static_cast<std::int32_t>(found - profile.mappings.begin());
  std::rotate(profile.mappings.begin(), found, found + 1);
  for (ProfileFrame& frame : profile.frames) {
    if (frame.mapping == place) {
      frame.mapping = 0;
    } else if (frame.mapping >= 0 && frame.mapping < place) {
      ++frame.mapping;
    }
  }
}

}  // namespace

void build_samples(const Window& window, const StackStore& store, Symbolizer& symbolizer,
                   const std::vector<Column>& columns, Profile& profile) {
  for (const Column& column : columns) profile.types.push_back(column.type);
  Builder builder(store, symbolizer, profile);
  window.for_each([&](std::uint32_t stack, std::uint32_t labels, const WindowValues& values) {
    std::vector<std::int64_t> shown;
    for (const Column& column : columns) shown.push_back(values[column.value] * column.factor);
    if (std::all_of(shown.begin(), shown.end(), [](std::int64_t value) { return value == 0; })) return;
    builder.add(stack, labels, std::move(shown));
  });
  put_program_first(profile);
  symbolizer.release();
}

}  // namespace nanospan::profile
