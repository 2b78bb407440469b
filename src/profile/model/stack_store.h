// StackStore: every stack once. Stacks share what they have in common from the root on, as in a tree of calls, so a
// stack is one 32-bit number; modules, texts and sets of labels are numbered too.
//
//   node  parent u32 | module u16, offset in it u48      0 is the empty stack
//
// Bounded: past bytes_max new stacks become kOverflow, and are counted. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "profile/unwind/code_map.h"

namespace nanospan::profile {

/// A place in the code that survives unloading: module number << 48 | address relative to its load base. Module 0 is
/// "none": the rest is the plain address.
using CodePoint = std::uint64_t;
inline constexpr unsigned kModuleShift = 48;

/// A loaded object, without its tables.
struct ModuleIdentity {
  std::string path;
  std::string build_id;
  std::uint64_t base = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t offset = 0;

  friend bool operator==(const ModuleIdentity&, const ModuleIdentity&) = default;
};

/// A set of labels. Numbers of texts; 0 is none.
struct LabelSet {
  std::array<std::uint64_t, 2> trace_id{};
  std::uint64_t span_id = 0;
  std::uint32_t route = 0;
  std::uint32_t span_name = 0;
  std::uint32_t thread = 0;  ///< The thread's name.
  std::uint32_t state = 0;   ///< What it did when it was asked.
  std::int32_t tid = 0;

  friend bool operator==(const LabelSet&, const LabelSet&) = default;
};

class StackStore {
 public:
  static constexpr std::uint32_t kEmpty = 0;
  static constexpr std::uint32_t kOverflow = 1;  ///< A node of its own: what found no room.
  static constexpr CodePoint kOverflowPoint = ~CodePoint{0};
  static constexpr CodePoint kNoAnswerPoint = ~CodePoint{1};  ///< In the place of a stack that could not be had.

  struct Node {
    CodePoint point = 0;
    std::uint32_t parent = kEmpty;
  };

  explicit StackStore(std::size_t bytes_max);

  CodePoint point(const Module* module, std::uint64_t pc);
  /// `points` from the leaf to the root.
  std::uint32_t stack(std::span<const CodePoint> points);
  std::uint32_t text(std::string_view text);
  std::uint32_t labels(const LabelSet& labels);

  /// The same stack or set of labels of another store, in this one.
  std::uint32_t stack_of(const StackStore& other, std::uint32_t stack);
  std::uint32_t labels_of(const StackStore& other, std::uint32_t labels);

  const Node& node(std::uint32_t stack) const { return nodes_[stack]; }
  const ModuleIdentity& module(std::uint32_t number) const { return modules_[number]; }
  const std::string& text_of(std::uint32_t number) const { return texts_[number]; }
  const LabelSet& labels_of(std::uint32_t number) const { return label_sets_[number]; }

  std::size_t bytes() const { return bytes_; }
  bool full() const { return bytes_ >= bytes_max_; }
  std::uint64_t overflowed() const { return overflowed_; }
  /// A stack, or its labels, for which whoever counts by them has no room.
  void count_overflow() { ++overflowed_; }

 private:
  std::uint32_t module_number(const ModuleIdentity& module);
  std::uint32_t child(std::uint32_t parent, CodePoint point);
  void grow_index();
  static std::size_t hash(std::uint32_t parent, CodePoint point);

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t overflowed_ = 0;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> index_;  // open addressing, node numbers; 0 is free
  std::vector<ModuleIdentity> modules_;
  const Module* last_module_ = nullptr;  // most frames follow one of the same module
  std::uint32_t last_number_ = 0;
  std::vector<std::string> texts_;
  std::unordered_map<std::string, std::uint32_t> text_numbers_;
  std::vector<LabelSet> label_sets_;
  struct LabelHash {
    std::size_t operator()(const LabelSet& labels) const;
  };
  std::unordered_map<LabelSet, std::uint32_t, LabelHash> label_numbers_;
};

}  // namespace nanospan::profile
