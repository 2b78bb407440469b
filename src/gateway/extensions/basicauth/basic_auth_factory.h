// The `basicauth` extension.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ExtensionFactory basic_auth_factory();

}  // namespace nanospan::gateway
