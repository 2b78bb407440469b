// The `zpages` extension.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ExtensionFactory zpages_factory();

}  // namespace nanospan::gateway
