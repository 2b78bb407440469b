// The `health_check` extension.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ExtensionFactory health_check_factory();

}  // namespace nanospan::gateway
