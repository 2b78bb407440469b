// How start() reaches the profiler without linking it: one symbol that nanospan::profile defines and nanospan::sdk
// refers to weakly, as with gzip (docs/decisions/0021). Thread-safe.
#pragma once

#include <nanospan/profile.h>

#include <memory>
#include <string>

namespace nanospan::setup {

/// Stops the profiler when it goes.
using LinkedProfiler = std::unique_ptr<void, void (*)(void*)>;

/// Where what a profile goes to may be missing: why it cannot be used, said here instead of failing. Null: it must
/// work.
struct OptionalRecordings {
  Error* directory = nullptr;
  Error* push_url = nullptr;
};

/// `resource_fields`: sdk::resource_fields(), of what is profiled; empty: options.service_name is all that is known.
/// kUnsupported unless nanospan::profile is linked into this program.
Result<LinkedProfiler> start_linked_profiler(ProfilingOptions options, const std::string& resource_fields = {},
                                             OptionalRecordings optional = {});

}  // namespace nanospan::setup
