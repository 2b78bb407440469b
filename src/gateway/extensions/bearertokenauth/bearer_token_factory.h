// The `bearertokenauth` extension.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ExtensionFactory bearer_token_factory();

}  // namespace nanospan::gateway
