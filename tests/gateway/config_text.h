// A piece of configuration for one component, and its reader.
#pragma once

#include <string>
#include <string_view>

#include "gateway/config/map_reader.h"
#include "gateway/config/yaml.h"

namespace nanospan::gateway::testing {

struct ConfigText {
  explicit ConfigText(std::string_view text) : root(parse_yaml(text, diagnostics)), reader(root, "it", diagnostics) {}

  /// All faults, a line each; empty if there are none.
  std::string errors() const { return joined(diagnostics.errors()); }
  std::string warnings() const { return joined(diagnostics.warnings()); }

  Diagnostics diagnostics{"f.yaml"};
  ConfigNode root;
  MapReader reader;

 private:
  static std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const std::string& line : lines) out += line + "\n";
    return out;
  }
};

}  // namespace nanospan::gateway::testing
