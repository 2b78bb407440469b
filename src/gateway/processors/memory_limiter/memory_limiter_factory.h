// The `memory_limiter` processor, for the list of components.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ProcessorFactory memory_limiter_factory();

}  // namespace nanospan::gateway
