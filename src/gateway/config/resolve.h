// From the sources of a configuration to the one tree that they give together, as the Collector does it
// (confmap/resolver.go): all are parsed and merged first, then references are replaced; so what a later source
// overwrites is never looked up. One thread.
#pragma once

#include <string>
#include <vector>

#include "gateway/config/diagnostics.h"
#include "gateway/config/expand.h"
#include "gateway/config/node.h"

namespace nanospan::gateway {

/// A file, or another place that a part of the configuration comes from.
struct ConfigSource {
  std::string name;  ///< For messages.
  std::string text;
};

/// Later sources go over earlier ones (merge_config()). Lines in files that ${file:...} names are counted in those.
ConfigNode resolve_config(const std::vector<ConfigSource>& sources, const ConfigProviders& providers,
                          Diagnostics& diagnostics);

}  // namespace nanospan::gateway
