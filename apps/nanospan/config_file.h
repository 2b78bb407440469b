// Reading the configuration that --config names, or the embedded one, with its complaints printed. Used by main's
// thread.
#pragma once

#include <optional>
#include <vector>

#include "apps/nanospan/arguments.h"
#include "gateway/service/gateway_config.h"

namespace nanospan::app {

/// --config, --set and --feature-gates.
/// Whether --config must be given is for the help.
std::vector<Option> config_options(bool required = false);

/// The configuration with its faults and warnings, nothing printed.
gateway::LoadedConfig load_config(const Arguments& arguments);
/// The configuration, or nothing after its faults have been printed to standard error, a line each. Warnings are
/// printed, too.
std::optional<gateway::LoadedConfig> read_config(const Arguments& arguments);

}  // namespace nanospan::app
