// A plugin that has the whole SDK inside, as a program without OpenTelemetry may open one. It starts telemetry and
// leaves it running.
#include <nanospan/nanospan.h>
#include <nanospan/tracer_provider.h>

#include "tests/lifecycle/program.h"

/// Ends a span, which starts the export thread.
extern "C" [[gnu::visibility("default")]] void plugin_start() {
  nanospan::lifecycle::Sdk sdk;
  sdk.tracer.start_span("plugin").end();
  nanospan::lifecycle::require(sdk.provider->flush(20'000) == nanospan::FlushResult::kSuccess, "it arrives");
}
