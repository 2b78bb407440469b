// ConfigNode: a configuration file as plain values that know their line.
//
// Why: yaml-cpp types stay in yaml.cc; everything else reads this tree, and every complaint can name the line it is
// about. A tree of values: owned by whoever holds the root, immutable once resolved, safe to read from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nanospan::gateway {

struct ConfigNode {
  enum class Kind { kNull, kScalar, kList, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  int line = 0;      ///< 1-based line in the file; a value that came from the environment has its reference's line.
  std::string text;  ///< Of a scalar: the text, quotes and ${} resolved.
  bool is_quoted = false;  ///< A scalar that was quoted, or put together from references: number and bool fields do
                           ///< not take it.
  /// Of a scalar that is one reference as a whole: the text that it led to, unparsed. A string field takes this,
  /// whatever it looks like; `text` is what it is as YAML.
  std::optional<std::string> original;
  std::vector<ConfigNode> items;  ///< Of a list.
  std::vector<Entry> entries;     ///< Of a map, in file order, keys unique.

  bool is_null() const { return kind == Kind::kNull; }
  /// Of a scalar: what a string field takes.
  const std::string& as_string() const { return original ? *original : text; }
  /// Of a scalar: a string field takes it even if it looks like a number or a bool.
  bool is_string() const { return is_quoted || original; }
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

/// The same values, wherever they were written; maps with their keys in any order.
bool same_config(const ConfigNode& a, const ConfigNode& b);

}  // namespace nanospan::gateway
