// Reduces the exception-handling tables of one loaded object to sorted UnwindRows.
//
//   .eh_frame_hdr: version 1 | encodings of eh_frame_ptr, count, table | eh_frame_ptr | count | (function, FDE)...
//   .eh_frame:     CIE, FDE, FDE, CIE ... each: length u32 | id or distance to its CIE u32 | ...
//
// The linker's sorted table leads to every FDE, so functions come in order. Source: LSB 5, "Exception Frames". The
// bytes belong to the process, but are checked like a stranger's: objects are hand-made and damaged too.
// Pure functions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "profile/unwind/row.h"

namespace nanospan::profile {

/// Bytes and the address of the first of them in the process.
struct MappedBytes {
  std::string_view bytes;
  std::uint64_t address = 0;

  /// The bytes from `at` to the end; empty if `at` is not within.
  std::string_view from(std::uint64_t at) const {
    return at < address || at - address >= bytes.size() ? std::string_view() : bytes.substr(at - address);
  }
};

/// More rows than this in one object are left out; code beyond has leaf frames only. 12 MiB.
inline constexpr std::size_t kRowsMax = 1u << 20;

/// `header` is the PT_GNU_EH_FRAME segment, `image` the readable segment that holds .eh_frame, `code` the executable
/// one, in which stubs are looked for between the functions (plt_stubs.h; empty: they are not), `base` the load base
/// from which the rows' pcs count. Functions that cannot be understood become kNone rows.
Result<std::vector<UnwindRow>> unwind_rows(const MappedBytes& header, const MappedBytes& image, const MappedBytes& code,
                                           std::uint64_t base);

}  // namespace nanospan::profile
