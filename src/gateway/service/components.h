// The components of this build. The only place that knows all of them.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ComponentRegistry built_in_components();

}  // namespace nanospan::gateway
