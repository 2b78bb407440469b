// Parse, merge, expand. What a reference brings in is bounded together with everything else: nodes are counted over the
// whole tree, sources by Diagnostics. One thread.
#include "gateway/config/resolve.h"

#include <optional>
#include <string>
#include <utility>

#include "gateway/config/merge.h"
#include "gateway/config/yaml.h"

namespace nanospan::gateway {
namespace {

class Resolver {
 public:
  Resolver(const ConfigProviders& providers, Diagnostics& diagnostics)
      : providers_(providers), diagnostics_(diagnostics) {}

  /// `references` is how many led here, one inside the other.
  void resolve(ConfigNode& node, int depth, int references) {
    if (++nodes_ > kYamlNodesMax || depth > kYamlDepthMax) {
      if (!std::exchange(overflowed_, true))
        diagnostics_.error(node.line, "", "the configuration is too large or too deeply nested");
      return;
    }
    if (node.kind == ConfigNode::Kind::kScalar) return scalar(node, depth, references);
    for (ConfigNode& item : node.items) resolve(item, depth + 1, references);
    for (ConfigNode::Entry& entry : node.entries) resolve(entry.value, depth + 1, references);
  }

 private:
  void scalar(ConfigNode& node, int depth, int references) {
    Result<Expansion> expansion = expand(node.text, providers_);
    if (!expansion) return diagnostics_.error(node.line, "", expansion.error().message);
    for (const std::string& name : expansion->unset) {
      diagnostics_.warning(node.line, "", "environment variable " + name + " is not set; its value is taken as empty");
    }
    if (expansion->whole_value != Expansion::Origin::kNone) return whole_value(node, *expansion, depth, references);
    node.text = std::move(expansion->text);
    node.is_quoted |= expansion->has_reference;  // Put together, it is a string.
  }

  void whole_value(ConfigNode& node, Expansion& expansion, int depth, int references) {
    if (references >= kReferenceNestingMax) {
      return diagnostics_.error(node.line, "", "${} references are nested too deeply (limit 16)");
    }
    node = parse(expansion, node.line);
    // A variable is a value; what is in a file or behind yaml: is configuration, and may refer again.
    const bool is_final = expansion.whole_value == Expansion::Origin::kEnvironment;
    if (node.kind != ConfigNode::Kind::kScalar) {
      if (!is_final) resolve(node, depth, references + 1);
    } else if (is_final || expansion.text.find('$') == std::string::npos) {
      node.original = std::move(expansion.text);
    } else {
      node.text = std::move(expansion.text);
      scalar(node, depth, references + 1);
    }
  }

  ConfigNode parse(const Expansion& expansion, int line) {
    std::optional<ConfigNode> value;
    if (!expansion.is_empty_default) value = parse_yaml_value(expansion.text, diagnostics_, line);
    if (!value) return verbatim(expansion, line);
    const bool is_section = value->kind == ConfigNode::Kind::kMap || value->kind == ConfigNode::Kind::kList;
    if (expansion.whole_value != Expansion::Origin::kFile || !is_section) return *std::move(value);
    if (!diagnostics_.has_room_for_source()) {
      diagnostics_.error(line, "", "more than " + std::to_string(Diagnostics::kSourcesMax) + " files are included");
      return {};
    }
    return parse_yaml(expansion.text, diagnostics_, diagnostics_.add_source(expansion.file));
  }

  /// What is not YAML is a string.
  ConfigNode verbatim(const Expansion& expansion, int line) {
    if (expansion.whole_value == Expansion::Origin::kFile) {
      Diagnostics why(expansion.file);
      parse_yaml(expansion.text, why);
      diagnostics_.warning(line, "", "${file:" + expansion.file + "} is taken as text; " + why.errors().front());
    }
    ConfigNode node;
    node.kind = ConfigNode::Kind::kScalar;
    node.line = line;
    node.is_quoted = true;
    node.text = expansion.text;
    return node;
  }

  const ConfigProviders& providers_;
  Diagnostics& diagnostics_;
  int nodes_ = 0;
  bool overflowed_ = false;
};

}  // namespace

ConfigNode resolve_config(const std::vector<ConfigSource>& sources, const ConfigProviders& providers,
                          Diagnostics& diagnostics) {
  ConfigNode root;
  for (const ConfigSource& source : sources) {
    ConfigNode node = parse_yaml(source.text, diagnostics, diagnostics.add_source(source.name));
    if (node.is_null() && sources.size() > 1) continue;  // An empty file changes nothing.
    merge_config(root, std::move(node));
  }
  Resolver(providers, diagnostics).resolve(root, 0, 0);
  return root;
}

}  // namespace nanospan::gateway
