// The `attributes` processor, for the list of components.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ProcessorFactory attributes_processor_factory();

}  // namespace nanospan::gateway
