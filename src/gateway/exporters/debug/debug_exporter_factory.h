// The `debug` exporter: spans on standard error.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ExporterFactory debug_exporter_factory();

}  // namespace nanospan::gateway
