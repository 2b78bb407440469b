// One --set argument as a configuration of its own. Pure function.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace nanospan::gateway {

/// YAML of "processors.batch.timeout=2s": the value may be any YAML; keys are separated by dots, or by "::" where they
/// hold dots themselves.
Result<std::string> setting_yaml(std::string_view setting);

}  // namespace nanospan::gateway
