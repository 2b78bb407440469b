// The call frame program of one function: runs the DWARF instructions of a CIE and an FDE and emits UnwindRows.
//
// Source: DWARF 5, 6.4.2; the x86-64 psABI, 3.6.2 (register numbers). Input is not trusted: a broken program ends in a
// kNone row. Objects belong to one thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "profile/unwind/row.h"

namespace nanospan::profile {

/// What a common information entry says to all its functions.
struct CommonInfo {
  std::uint64_t code_align = 1;
  std::int64_t data_align = -8;
  std::uint8_t pointer_encoding = 0;
  bool has_augmentation = false;
  bool signal_frame = false;
  std::string_view program;
  std::uint64_t program_address = 0;
};

struct FunctionInfo {
  std::uint64_t begin = 0;  ///< Address of the first byte.
  std::uint64_t size = 0;
  std::string_view program;
  std::uint64_t program_address = 0;
};

/// Appends the rows of one function, with pcs from `base`. Rows are ascending, the last one is not closed: the next
/// function's, or a kNone row of the caller, ends it. False if the program is broken; what was emitted stays.
bool append_rows(const CommonInfo& common, const FunctionInfo& function, std::uint64_t base,
                 std::vector<UnwindRow>& rows);

}  // namespace nanospan::profile
