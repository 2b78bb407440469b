// The `file` exporter: requests into a file, rotated and bounded.
#pragma once

#include "gateway/component/component.h"

namespace nanospan::gateway {

ExporterFactory file_exporter_factory();

}  // namespace nanospan::gateway
