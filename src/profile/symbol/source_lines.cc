// The weak side of the hook.
#include "profile/symbol/source_lines.h"

#pragma weak nanospan_profile_lines_r1

namespace nanospan::profile {

bool has_source_lines() { return &nanospan_profile_lines_r1 != nullptr; }

std::unique_ptr<SourceLines> make_source_lines() {
  return std::unique_ptr<SourceLines>(has_source_lines() ? nanospan_profile_lines_r1() : nullptr);
}

}  // namespace nanospan::profile
