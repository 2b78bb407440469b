// ProfilingSettings: what the program and NANOSPAN_PROFILING* variables say about the profiler. A pure function.
#pragma once

#include <nanospan/profile.h>

#include "setup/environment.h"

namespace nanospan::setup {

/// Program over environment over defaults.
ProfilingOptions read_profiling_settings(ProfilingOptions program, const Environment& environment);

}  // namespace nanospan::setup
