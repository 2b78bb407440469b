// The `probabilistic_sampler` processor, for the list of components.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ProcessorFactory probabilistic_sampler_factory();

}  // namespace nanospan::gateway
