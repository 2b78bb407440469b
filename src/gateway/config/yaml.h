// YAML text <-> ConfigNode. The only door to yaml-cpp; its types and exceptions stay in yaml.cc. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/config/diagnostics.h"
#include "gateway/config/node.h"

namespace nanospan::gateway {

inline constexpr std::size_t kYamlBytesMax =
    4 << 20;  ///< Of one file. Configurations are kilobytes; this is a bound, not a goal.
inline constexpr int kYamlNodesMax = 100'000;  ///< After aliases are followed: an alias bomb ends here.
inline constexpr int kYamlDepthMax = 64;

/// Parses `text` and merges "<<" keys; ${} in values stays as it is. Faults go to `diagnostics`; what could be read is
/// returned. `first_line` is the one of Diagnostics::add_source().
ConfigNode parse_yaml(std::string_view text, Diagnostics& diagnostics, int first_line = 0);

/// The same for what a reference led to: all of it has the reference's line, and nothing is returned if it is not YAML.
std::optional<ConfigNode> parse_yaml_value(std::string_view text, Diagnostics& diagnostics, int line);

/// The tree as YAML that is read again as the same. `notes` is what its readers noted. With `redact`, secrets are
/// written as [REDACTED], as the Collector does.
std::string to_yaml(const ConfigNode& root, const Diagnostics& notes, bool redact);

}  // namespace nanospan::gateway
