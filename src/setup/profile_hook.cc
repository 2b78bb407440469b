#include "setup/profile_hook.h"

#include <utility>

#pragma weak nanospan_profile_r1
/// The running profiler and what stops it; null and an error.
extern "C" [[gnu::visibility("default")]] void* nanospan_profile_r1(nanospan::ProfilingOptions& options,
                                                                    void (*&stop)(void*), nanospan::Error& error);

namespace nanospan::setup {

Result<LinkedProfiler> start_linked_profiler(ProfilingOptions options) {
  if (&nanospan_profile_r1 == nullptr) {
    return Error{ErrorCode::kUnsupported, "profiling needs the library nanospan::profile: link it"};
  }
  void (*stop)(void*) = nullptr;
  Error error;
  void* const running = nanospan_profile_r1(options, stop, error);
  if (running == nullptr) return error;
  return LinkedProfiler(running, stop);
}

}  // namespace nanospan::setup
