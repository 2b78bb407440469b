// YAML text -> ConfigNode. The only door to yaml-cpp; its types and exceptions stay in yaml.cc. Any thread.
#pragma once

#include <string_view>

#include "gateway/config/diagnostics.h"
#include "gateway/config/expand.h"
#include "gateway/config/node.h"

namespace nanospan::gateway {

inline constexpr std::size_t kYamlBytesMax =
    4 << 20;  ///< Of one file. Configurations are kilobytes; this is a bound, not a goal.
inline constexpr int kYamlNodesMax = 100'000;  ///< After aliases are followed: an alias bomb ends here.

/// Parses `text`, resolves ${} in values, merges "<<" keys. Faults go to `diagnostics`; what could be read is returned.
/// `first_line` is the one of Diagnostics::add_source().
ConfigNode parse_yaml(std::string_view text, const EnvironmentLookup& environment, Diagnostics& diagnostics,
                      int first_line = 0);

}  // namespace nanospan::gateway
