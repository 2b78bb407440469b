// The `pprof` extension.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ExtensionFactory pprof_factory();

}  // namespace nanospan::gateway
