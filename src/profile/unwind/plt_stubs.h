// Stubs of the procedure linkage table: how to leave them, told by their code.
//
// A call into a shared library goes through a stub that jumps on. GNU ld writes unwind information for its stubs, mold
// and lld write none, so a sample that meets one would lose its callers. Stubs are few instructions, of which each
// linker has its own set: what a stub has pushed so far is known from which one it is. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "profile/unwind/eh_frame.h"

namespace nanospan::profile {

/// Appends rows for the stubs in [begin, end) of `code`, with pcs from `base`: kNone rows from `begin` to the first and
/// wherever there are none. False if there are no stubs at all; then nothing is appended.
bool append_stub_rows(const MappedBytes& code, std::uint64_t begin, std::uint64_t end, std::uint64_t base,
                      std::vector<UnwindRow>& rows);

}  // namespace nanospan::profile
