// UnwindRow: how to leave a function, for one range of its code. The form to which .eh_frame is reduced, once per
// loaded object, so that the signal handler needs two additions and two loads a frame.
//
//   pc        first byte of the range, from the object's load base; it ends where the next row begins
//   cfa       offset << 4 | CfaRule     where the caller's stack pointer is ("canonical frame address", DWARF 6.4)
//   frame     offset << 2 | FrameRule   where the caller's rbp is
//
// Tables keep what rows have in common once (unwind_table.h). The return address is always at CFA - 8 on x86-64
// (psABI 3.2.2). Plain values.
#pragma once

#include <cstdint>

namespace nanospan::profile {

enum class CfaRule : std::uint8_t {
  kNone = 0,      ///< No information, or a rule that no compiler emits: the walk tries frame pointers, or stops.
  kRoot,          ///< The return address is undefined: the outermost frame (_start, clone).
  kSp,            ///< rsp + offset
  kFrame,         ///< rbp + offset
  kSpDeref,       ///< *(rsp + offset)
  kFrameDeref,    ///< *(rbp + offset): functions that realign their stack
  kPlt,           ///< rsp + 8 + ((rip & 15) >= offset ? 8 : 0): a slot of the procedure linkage table
  kSignal,        ///< __restore_rt: all registers are in the ucontext at rsp
  kRegister = 8,  ///< Another register (the offset's low 4 bits) + offset: the interrupted frame only
};

enum class FrameRule : std::uint8_t {
  kSame = 0,   ///< rbp is the caller's.
  kAtCfa,      ///< *(CFA + offset)
  kAtFrame,    ///< *(rbp + offset)
  kUndefined,  ///< Lost.
};

struct UnwindRow {
  std::uint32_t pc = 0;
  std::int32_t cfa = 0;
  std::int32_t frame = 0;

  CfaRule cfa_rule() const { return static_cast<CfaRule>(cfa & 15); }
  std::int32_t cfa_offset() const { return cfa >> 4; }
  FrameRule frame_rule() const { return static_cast<FrameRule>(frame & 3); }
  std::int32_t frame_offset() const { return frame >> 2; }

  static constexpr std::int32_t kOffsetMax = (1 << 27) - 1;
  static constexpr std::int32_t pack_cfa(CfaRule rule, std::int32_t offset) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(offset) << 4 | static_cast<std::uint32_t>(rule));
  }
  static constexpr std::int32_t pack_frame(FrameRule rule, std::int32_t offset) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(offset) << 2 | static_cast<std::uint32_t>(rule));
  }
  friend bool operator==(const UnwindRow&, const UnwindRow&) = default;
};
static_assert(sizeof(UnwindRow) == 12);

}  // namespace nanospan::profile
