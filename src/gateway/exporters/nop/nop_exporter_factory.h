// The `nop` exporter: takes everything, and lets it go.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ExporterFactory nop_exporter_factory();

}  // namespace nanospan::gateway
