// The walk of two trees. Recursion is bounded by the depth that the YAML reader allows. Any thread.
#include "gateway/config/merge.h"

#include <algorithm>

namespace nanospan::gateway {
namespace {

constexpr std::string_view kSeparator = "::";

void put(ConfigNode& map, ConfigNode::Entry entry) {
  if (const std::size_t end = entry.key.find(kSeparator); end != entry.key.npos && end != 0) {
    ConfigNode inner;
    inner.kind = ConfigNode::Kind::kMap;
    inner.line = entry.line;
    inner.entries.push_back({entry.key.substr(end + kSeparator.size()), entry.line, std::move(entry.value)});
    entry.value = std::move(inner);
    entry.key.resize(end);
  }
  const auto there = std::find_if(map.entries.begin(), map.entries.end(),
                                  [&](const ConfigNode::Entry& known) { return known.key == entry.key; });
  if (there != map.entries.end()) {
    there->line = entry.line;
    return merge_config(there->value, std::move(entry.value));
  }
  ConfigNode value = std::move(entry.value);
  map.entries.push_back({std::move(entry.key), entry.line, {}});
  merge_config(map.entries.back().value, std::move(value));
}

}  // namespace

void merge_config(ConfigNode& into, ConfigNode from) {
  if (from.kind != ConfigNode::Kind::kMap) {
    into = std::move(from);
    return;
  }
  if (into.kind != ConfigNode::Kind::kMap) into = ConfigNode();
  into.kind = ConfigNode::Kind::kMap;
  into.line = from.line;
  for (ConfigNode::Entry& entry : from.entries) put(into, std::move(entry));
}

}  // namespace nanospan::gateway
