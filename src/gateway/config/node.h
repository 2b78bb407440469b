// ConfigNode: a configuration file as plain values that know their line.
//
// Why: yaml-cpp types stay in yaml.cc; everything else reads this tree, and every complaint can name the line it is
// about. A tree of values: owned by whoever holds the root, immutable once parsed, safe to read from any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nanospan::gateway {

struct ConfigNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  int line = 0;          ///< 1-based line in the file; a value that came from the environment has its reference's line.
  std::string text;      ///< Of a scalar: the text, quotes and ${} resolved.
  bool is_text = false;  ///< A scalar that was quoted or came from the environment: a string field takes it whatever it
                         ///< looks like.
  bool is_quoted = false;         ///< A scalar that was quoted: number and bool fields do not take it.
  std::vector<ConfigNode> items;  ///< Of a list.
  std::vector<Entry> entries;     ///< Of a map, in file order, keys unique.

  bool is_null() const { return kind == Kind::kNull; }
  /// The value under `key` of a map, or nullptr.
  const ConfigNode* find(std::string_view key) const;
};

struct ConfigNode::Entry {
  std::string key;
  int line = 0;  ///< Line of the key.
  ConfigNode value;
};

inline const ConfigNode* ConfigNode::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

}  // namespace nanospan::gateway
