// The one source file that includes yaml-cpp: walks its tree once into ConfigNode and forgets it.
//
// yaml-cpp throws; every call into it is inside one try block here. It keeps duplicate keys and does not know merge
// keys, so both are handled in the walk. Nodes are counted, so that aliases cannot multiply a small file into
// gigabytes.
#include "gateway/config/yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

namespace nanospan::gateway {
namespace {

constexpr int kDepthMax = 64;

bool is_plain_null(const std::string& text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

class Walker {
 public:
  Walker(const EnvironmentLookup& environment, Diagnostics& diagnostics, int first_line)
      : environment_(environment), diagnostics_(diagnostics), first_line_(first_line) {}

  /// `line_of_reference` is 0 in the file itself, else the line whose ${} gave this text.
  ConfigNode walk(const YAML::Node& yaml, int line_of_reference, int depth) {
    ConfigNode node;
    node.line = line_of_reference != 0 ? line_of_reference : first_line_ + std::max(yaml.Mark().line, 0) + 1;
    if (++nodes_ > kYamlNodesMax || depth > kDepthMax) {
      if (!std::exchange(overflowed_, true))
        diagnostics_.error(node.line, "", "the file is too large or too deeply nested");
      return node;
    }
    if (yaml.IsScalar()) {
      scalar(yaml, line_of_reference, depth, node);
    } else if (yaml.IsSequence()) {
      node.kind = ConfigNode::Kind::kList;
      for (const YAML::Node& item : yaml) node.items.push_back(walk(item, line_of_reference, depth + 1));
    } else if (yaml.IsMap()) {
      map(yaml, line_of_reference, depth, node);
    }
    return node;
  }

 private:
  void scalar(const YAML::Node& yaml, int line_of_reference, int depth, ConfigNode& node) {
    const bool quoted = yaml.Tag() == "!";  // yaml-cpp's mark of a quoted or block scalar.
    Result<Expansion> expansion = expand(yaml.Scalar(), environment_);
    if (!expansion) return diagnostics_.error(node.line, "", expansion.error().message);
    for (const std::string& name : expansion->unset) {
      diagnostics_.warning(node.line, "", "environment variable " + name + " is not set; its value is taken as empty");
    }
    // A value that is exactly one reference is read as YAML (a number, a list ...), but a string field gets its text.
    if (expansion->is_whole_value && line_of_reference == 0 && expansion->has_reference) {
      node = walk(YAML::Load(expansion->text), node.line, depth + 1);
      node.is_text = node.kind == ConfigNode::Kind::kScalar;
      if (node.is_text) node.text = expansion->text;
      return;
    }
    if (!quoted && is_plain_null(expansion->text)) return;
    node.kind = ConfigNode::Kind::kScalar;
    node.text = std::move(expansion->text);
    node.is_quoted = quoted;
    node.is_text = quoted || expansion->has_reference;
  }

  void map(const YAML::Node& yaml, int line_of_reference, int depth, ConfigNode& node) {
    node.kind = ConfigNode::Kind::kMap;
    std::vector<ConfigNode> merged;
    std::set<std::string> keys;
    for (const auto& pair : yaml) {
      const int line = line_of_reference != 0 ? line_of_reference : first_line_ + pair.first.Mark().line + 1;
      if (!pair.first.IsScalar()) {
        diagnostics_.error(line, "", "a key must be plain text");
        continue;
      }
      const std::string& key = pair.first.Scalar();
      ConfigNode value = walk(pair.second, line_of_reference, depth + 1);
      if (value.is_null()) value.line = line;  // "key:" without a value: yaml-cpp marks it elsewhere.
      if (key == "<<" && pair.first.Tag() != "!") {
        merged.push_back(std::move(value));
      } else if (!keys.insert(key).second) {
        diagnostics_.error(line, key, "this key is given twice; remove one");
      } else {
        node.entries.push_back({key, line, std::move(value)});
      }
    }
    for (const ConfigNode& source : merged) merge(source, keys, node);
  }

  /// The merge key "<<: *base" or "<<: [*a, *b]": what is not given here is taken from there.
  static void merge(const ConfigNode& source, std::set<std::string>& keys, ConfigNode& node) {
    for (const ConfigNode& item : source.items) merge(item, keys, node);
    for (const ConfigNode::Entry& entry : source.entries) {
      if (keys.insert(entry.key).second) node.entries.push_back(entry);
    }
  }

  const EnvironmentLookup& environment_;
  Diagnostics& diagnostics_;
  const int first_line_;
  int nodes_ = 0;
  bool overflowed_ = false;
};

}  // namespace

ConfigNode parse_yaml(std::string_view text, const EnvironmentLookup& environment, Diagnostics& diagnostics,
                      int first_line) {
  if (text.size() > kYamlBytesMax) {
    diagnostics.error(first_line + 1, "", "the file is larger than 4 MiB");
    return {};
  }
  try {
    return Walker(environment, diagnostics, first_line).walk(YAML::Load(std::string(text)), 0, 0);
  } catch (const YAML::Exception& fault) {
    const int line = first_line + (fault.mark.is_null() ? 1 : fault.mark.line + 1);
    diagnostics.error(line, "", "this is not YAML: " + fault.msg + "; check indentation and quotes around here");
  }
  return {};
}

}  // namespace nanospan::gateway
