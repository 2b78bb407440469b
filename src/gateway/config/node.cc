// Comparison of configurations. Any thread.
#include "gateway/config/node.h"

#include <algorithm>

namespace nanospan::gateway {

bool same_config(const ConfigNode& a, const ConfigNode& b) {
  if (a.kind != b.kind || a.items.size() != b.items.size() || a.entries.size() != b.entries.size()) return false;
  if (a.text != b.text || a.is_quoted != b.is_quoted || a.as_string() != b.as_string()) return false;
  if (!std::equal(a.items.begin(), a.items.end(), b.items.begin(), same_config)) return false;
  return std::all_of(a.entries.begin(), a.entries.end(), [&b](const ConfigNode::Entry& entry) {
    const ConfigNode* const other = b.find(entry.key);
    return other != nullptr && same_config(entry.value, *other);
  });
}

}  // namespace nanospan::gateway
