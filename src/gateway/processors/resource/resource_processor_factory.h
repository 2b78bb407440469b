// The `resource` processor, for the list of components.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ProcessorFactory resource_processor_factory();

}  // namespace nanospan::gateway
