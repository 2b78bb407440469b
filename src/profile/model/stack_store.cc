// Nodes of a tree, found by a hash of parent and place; what no longer fits counts under one overflow node. Threads:
// see the header.
#include "profile/model/stack_store.h"

#include <utility>

#include "wire/utf8.h"

namespace nanospan::profile {
namespace {

constexpr std::size_t kModulesMax = 4096;
constexpr CodePoint kOffsetMask = (CodePoint{1} << kModuleShift) - 1;
constexpr std::size_t kMapEntryBytes = 64;  // about what a node of unordered_map costs besides its content

std::uint64_t mix(std::uint64_t value) {
  value = (value ^ value >> 32) * 0xD6E8FEB86659FD93u;
  return value ^ value >> 32;
}

}  // namespace

std::size_t StackStore::LabelHash::operator()(const LabelSet& labels) const {
  std::uint64_t all = mix(labels.trace_id[0] ^ labels.span_id) ^ labels.trace_id[1];
  all = mix(all ^ (std::uint64_t{labels.route} << 32 | labels.span_name));
  return mix(all ^ (std::uint64_t{labels.thread} << 32 | static_cast<std::uint32_t>(labels.tid)) ^ labels.state);
}

std::size_t StackStore::hash(std::uint32_t parent, CodePoint point) {
  return mix(point * 0x9E3779B97F4A7C15u ^ parent);
}

StackStore::StackStore(std::size_t bytes_max)
    : bytes_max_(bytes_max), nodes_(2), index_(1024), modules_(1), texts_(1), label_sets_(1) {
  nodes_[kOverflow].point = kOverflowPoint;
  bytes_ = index_.size() * sizeof(index_[0]);
}

CodePoint StackStore::point(const Module* module, std::uint64_t pc) {
  std::uint32_t number = 0;
  if (module != nullptr && module == last_module_ && modules_[last_number_].base == module->base &&
      modules_[last_number_].path == module->path) {
    number = last_number_;
  } else if (module != nullptr) {
    number = module_number({module->path, module->build_id, module->base, module->begin, module->end, module->offset});
    last_module_ = module;
    last_number_ = number;
  }
  if (number == 0) return pc & kOffsetMask;
  return CodePoint{number} << kModuleShift | (pc - module->base);
}

/// 0 if there are too many.
std::uint32_t StackStore::module_number(const ModuleIdentity& module) {
  for (std::uint32_t i = 1; i < modules_.size(); ++i) {
    if (modules_[i] == module) return i;
  }
  if (modules_.size() == kModulesMax) return 0;
  modules_.push_back(module);
  bytes_ += sizeof(ModuleIdentity) + module.path.size() + module.build_id.size();
  return static_cast<std::uint32_t>(modules_.size() - 1);
}

std::uint32_t StackStore::stack_of(const StackStore& other, std::uint32_t stack) {
  if (stack == kOverflow) return kOverflow;
  std::vector<CodePoint> points;
  for (; stack != kEmpty; stack = other.node(stack).parent) {
    const CodePoint point = other.node(stack).point;
    const auto module = static_cast<std::uint32_t>(point >> kModuleShift);
    const std::uint32_t number = module == 0 ? 0 : module_number(other.modules_[module]);
    points.push_back(CodePoint{number} << kModuleShift | (point & kOffsetMask));
  }
  return this->stack(points);
}

std::uint32_t StackStore::labels_of(const StackStore& other, std::uint32_t labels) {
  LabelSet set = other.labels_of(labels);
  for (std::uint32_t* number : {&set.route, &set.span_name, &set.thread, &set.state})
    *number = text(other.text_of(*number));
  return this->labels(set);
}

std::uint32_t StackStore::stack(std::span<const CodePoint> points) {
  std::uint32_t at = kEmpty;
  for (std::size_t i = points.size(); i-- > 0;) {
    at = child(at, points[i]);
    if (at == kOverflow) {
      ++overflowed_;
      return kOverflow;
    }
  }
  return at;
}

std::uint32_t StackStore::child(std::uint32_t parent, CodePoint point) {
  const std::size_t mask = index_.size() - 1;
  std::size_t at = hash(parent, point) & mask;
  for (; index_[at] != 0; at = (at + 1) & mask) {
    const Node& node = nodes_[index_[at]];
    if (node.parent == parent && node.point == point) return index_[at];
  }
  if (full()) return kOverflow;
  const auto made = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back({point, parent});
  bytes_ += sizeof(Node);
  index_[at] = made;
  if (nodes_.size() * 3 > index_.size() * 2) grow_index();
  return made;
}

void StackStore::grow_index() {
  bytes_ += index_.size() * sizeof(index_[0]);
  index_.assign(index_.size() * 2, 0);
  const std::size_t mask = index_.size() - 1;
  for (std::uint32_t i = kOverflow + 1; i < nodes_.size(); ++i) {
    std::size_t at = hash(nodes_[i].parent, nodes_[i].point) & mask;
    while (index_[at] != 0) at = (at + 1) & mask;
    index_[at] = i;
  }
}

std::uint32_t StackStore::text(std::string_view text) {
  if (text.empty()) return 0;
  const auto known = text_numbers_.find(std::string(text));
  if (known != text_numbers_.end()) return known->second;
  if (full()) return 0;
  const auto made = static_cast<std::uint32_t>(texts_.size());
  texts_.push_back(wire::repair_utf8(text));  // cut by the handler, or read while another thread wrote it
  text_numbers_.emplace(text, made);
  bytes_ += 2 * (text.size() + sizeof(std::string)) + kMapEntryBytes;
  return made;
}

std::uint32_t StackStore::labels(const LabelSet& labels) {
  if (labels == LabelSet()) return 0;
  const auto known = label_numbers_.find(labels);
  if (known != label_numbers_.end()) return known->second;
  if (full()) {
    ++overflowed_;
    return 0;
  }
  const auto made = static_cast<std::uint32_t>(label_sets_.size());
  label_sets_.push_back(labels);
  label_numbers_.emplace(labels, made);
  bytes_ += 2 * sizeof(LabelSet) + kMapEntryBytes;
  return made;
}

}  // namespace nanospan::profile
