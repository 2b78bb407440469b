// The weak side: without nanospan::profile the error names what to link. Threads: see the header.
#include "setup/profile_hook.h"

#include <utility>

#pragma weak nanospan_profile_r2
/// The running profiler and what stops it; null and an error. The last two: see OptionalRecordings.
extern "C" [[gnu::visibility("default")]] void* nanospan_profile_r2(nanospan::ProfilingOptions& options,
                                                                    void (*&stop)(void*), nanospan::Error& error,
                                                                    nanospan::Error* no_directory,
                                                                    nanospan::Error* no_push);

namespace nanospan::setup {

Result<LinkedProfiler> start_linked_profiler(ProfilingOptions options, OptionalRecordings optional) {
  if (&nanospan_profile_r2 == nullptr) {
    return Error{ErrorCode::kUnsupported, "profiling needs the library nanospan::profile: link it"};
  }
  void (*stop)(void*) = nullptr;
  Error error;
  void* const running = nanospan_profile_r2(options, stop, error, optional.directory, optional.push_url);
  if (running == nullptr) return error;
  return LinkedProfiler(running, stop);
}

}  // namespace nanospan::setup
