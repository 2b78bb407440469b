// The weak side: without nanospan::profile the error names what to link. Threads: see the header.
#include "setup/profile_hook.h"

#include <utility>

#pragma weak nanospan_profile_r4
/// The running profiler and what stops it; null and an error. The last two: see OptionalRecordings.
extern "C" [[gnu::visibility("default")]] void* nanospan_profile_r4(nanospan::ProfilingOptions& options,
                                                                    const std::string& resource_fields,
                                                                    void (*&stop)(void*), nanospan::Error& error,
                                                                    nanospan::Error* no_directory,
                                                                    nanospan::Error* no_push);

namespace nanospan::setup {

Result<LinkedProfiler> start_linked_profiler(ProfilingOptions options, const std::string& resource_fields,
                                             OptionalRecordings optional) {
  if (&nanospan_profile_r4 == nullptr) {
    return Error{ErrorCode::kUnsupported, "profiling needs the library nanospan::profile: link it"};
  }
  void (*stop)(void*) = nullptr;
  Error error;
  void* const running =
      nanospan_profile_r4(options, resource_fields, stop, error, optional.directory, optional.push_url);
  if (running == nullptr) return error;
  return LinkedProfiler(running, stop);
}

}  // namespace nanospan::setup
