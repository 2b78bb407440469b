// Wiring: from what the program and the environment ask for to the parts of a TracerProvider. Connects to nothing and
// starts no thread. One call at a time.
#pragma once

#include <nanospan/nanospan.h>
#include <nanospan/propagation.h>
#include <nanospan/tracer_provider.h>

#include "base/result.h"
#include "setup/environment.h"
#include "setup/trace_settings.h"

namespace nanospan::setup {

struct Wiring {
  TracerProviderOptions provider;
  PropagatorPtr propagator;  ///< Null = none.
  bool disabled = false;     ///< Spans are not to record; the propagator works all the same.
};

/// What the environment says of traces, with the program's `batch` and `limits` over it.
Result<TraceSettings> trace_settings_of(const Options& options, const Environment& environment);

/// Program options over environment over defaults. What is wrong in the environment is warned about and never an error;
/// what is wrong in `options` is kInvalidArgument or kUnsupported.
Result<Wiring> wire_up(const Options& options, const Environment& environment);

}  // namespace nanospan::setup
