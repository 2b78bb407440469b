// Merging of several configurations into one, as the Collector does (confmap/resolver.go): maps key by key, anything
// else by replacing; what comes later wins. "a::b: c" means {a: {b: c}}. Pure functions.
#pragma once

#include "gateway/config/node.h"

namespace nanospan::gateway {

/// Puts `from` over `into`. A null replaces too: "processors:" without a value removes all processors.
void merge_config(ConfigNode& into, ConfigNode from);

}  // namespace nanospan::gateway
