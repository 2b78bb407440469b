// The interpreter behind append_rows(). See the header.
#include "profile/unwind/call_frame.h"

#include <array>
#include <cstddef>

#include "profile/unwind/cursor.h"

namespace nanospan::profile {
namespace {

constexpr std::uint64_t kRbp = 6, kRsp = 7, kReturnAddress = 16;  // psABI 3.6.2
constexpr std::uint8_t kOpBregRbp = 0x76, kOpBregRsp = 0x77, kOpDeref = 0x06;

struct State {
  CfaRule cfa = CfaRule::kNone;
  std::uint64_t cfa_register = kRsp;
  std::int64_t cfa_offset = 0;
  bool cfa_by_register = false;
  FrameRule frame = FrameRule::kSame;
  std::int64_t frame_offset = 0;
  bool root = false;
};

bool fits(std::int64_t offset) { return offset >= -UnwindRow::kOffsetMax && offset <= UnwindRow::kOffsetMax; }

class Program {
 public:
  Program(const CommonInfo& common, const FunctionInfo& function, std::uint64_t base, std::vector<UnwindRow>& rows)
      : common_(common), function_(function), base_(base), rows_(rows), at_(function.begin) {}

  bool run() {
    if (common_.signal_frame) {  // its DWARF says the same in expressions
      emit_row(UnwindRow::pack_cfa(CfaRule::kSignal, 0), 0);
      return true;
    }
    bool ok = execute(common_.program, common_.program_address);
    initial_ = state_;
    depth_ = 0;
    ok = ok && execute(function_.program, function_.program_address);
    if (!ok) state_ = {};
    emit();
    return ok;
  }

 private:
  bool execute(std::string_view program, std::uint64_t address) {
    Cursor cursor(program, address);
    while (!cursor.at_end()) {
      const std::uint8_t op = cursor.byte();
      const bool known = op >= 0x40 ? packed(op, cursor) : extended(op, cursor);
      if (!known) return false;
    }
    return cursor.ok();
  }

  // DW_CFA_advance_loc, DW_CFA_offset, DW_CFA_restore: the operand is in the low six bits.
  bool packed(std::uint8_t op, Cursor& cursor) {
    const std::uint8_t low = op & 0x3F;
    if ((op & 0xC0) == 0x40) return advance(low);
    if ((op & 0xC0) == 0x80) return saved(low, factored(cursor.uleb()));
    return restore(low);
  }

  bool extended(std::uint8_t op, Cursor& cursor) {
    switch (op) {
      case 0x00:  // nop
        return true;
      case 0x01:  // set_loc
        return move_to(cursor.pointer(common_.pointer_encoding));
      case 0x02:
        return advance(cursor.byte());
      case 0x03:
        return advance(cursor.fixed<std::uint16_t>());
      case 0x04:
        return advance(cursor.fixed<std::uint32_t>());
      case 0x0A:  // remember_state
        if (depth_ == stack_.size()) return false;
        stack_[depth_++] = state_;
        return true;
      case 0x0B:  // restore_state
        if (depth_ == 0) return false;
        state_ = stack_[--depth_];
        return true;
      case 0x2E:  // GNU_args_size
        cursor.uleb();
        return true;
      default:
        return op >= 0x0C && op <= 0x13 && op != 0x10 && op != 0x11 ? define_cfa(op, cursor)
                                                                    : define_register(op, cursor);
    }
  }

  bool define_cfa(std::uint8_t op, Cursor& cursor) {
    switch (op) {
      case 0x0C:  // def_cfa
        state_.cfa_register = cursor.uleb();
        state_.cfa_offset = static_cast<std::int64_t>(cursor.uleb());
        break;
      case 0x0D:  // def_cfa_register
        state_.cfa_register = cursor.uleb();
        break;
      case 0x0E:  // def_cfa_offset
        state_.cfa_offset = static_cast<std::int64_t>(cursor.uleb());
        break;
      case 0x12:  // def_cfa_sf
        state_.cfa_register = cursor.uleb();
        state_.cfa_offset = signed_factored(cursor.sleb());
        break;
      case 0x13:  // def_cfa_offset_sf
        state_.cfa_offset = signed_factored(cursor.sleb());
        break;
      default:  // def_cfa_expression
        cfa_expression(cursor.take(cursor.uleb()));
        return true;
    }
    state_.cfa_by_register = true;
    return true;
  }

  bool define_register(std::uint8_t op, Cursor& cursor) {
    const std::uint64_t which = cursor.uleb();
    switch (op) {
      case 0x05:  // offset_extended
        return saved(which, factored(cursor.uleb()));
      case 0x06:  // restore_extended
        return restore(which);
      case 0x07:  // undefined
        if (which == kReturnAddress) state_.root = true;
        if (which == kRbp) state_.frame = FrameRule::kUndefined;
        return true;
      case 0x08:  // same_value
        if (which == kRbp) state_.frame = FrameRule::kSame;
        return true;
      case 0x09:  // register
        cursor.uleb();
        return lost(which);
      case 0x10:  // expression
        return register_expression(which, cursor.take(cursor.uleb()));
      case 0x11:  // offset_extended_sf
        return saved(which, signed_factored(cursor.sleb()));
      case 0x14:  // val_offset
        cursor.uleb();
        return lost(which);
      case 0x15:  // val_offset_sf
        cursor.sleb();
        return lost(which);
      case 0x16:  // val_expression
        cursor.take(cursor.uleb());
        return lost(which);
      case 0x2F:  // GNU_negative_offset_extended
        return saved(which, factored(-cursor.uleb()));
      default:
        return false;
    }
  }

  // Wraps like the machine does; fits() judges the result.
  std::int64_t factored(std::uint64_t offset) const {
    return static_cast<std::int64_t>(offset * static_cast<std::uint64_t>(common_.data_align));
  }
  std::int64_t signed_factored(std::int64_t offset) const { return factored(static_cast<std::uint64_t>(offset)); }

  bool advance(std::uint64_t delta) { return move_to(at_ + delta * common_.code_align); }
  bool move_to(std::uint64_t address) {
    if (address < at_ || address - function_.begin > function_.size) return false;
    if (address == at_) return true;
    emit();
    at_ = address;
    return true;
  }

  bool saved(std::uint64_t which, std::int64_t offset) {
    if (which == kRbp) {
      state_.frame = FrameRule::kAtCfa;
      state_.frame_offset = offset;
    } else if (which == kReturnAddress) {
      state_.root = false;
      return offset == -8;
    }
    return true;
  }
  bool lost(std::uint64_t which) {
    if (which == kRbp) state_.frame = FrameRule::kUndefined;
    return which != kReturnAddress;
  }
  bool restore(std::uint64_t which) {
    if (which == kRbp) {
      state_.frame = initial_.frame;
      state_.frame_offset = initial_.frame_offset;
    } else if (which == kReturnAddress) {
      state_.root = initial_.root;
    }
    return true;
  }

  // rbp saved relative to rbp: after a prologue that realigns the stack. `breg6 offset`.
  bool register_expression(std::uint64_t which, std::string_view expression) {
    if (which != kRbp) return which != kReturnAddress;
    Cursor cursor(expression, 0);
    const bool from_frame = cursor.byte() == kOpBregRbp;
    state_.frame_offset = cursor.sleb();
    state_.frame = from_frame && cursor.ok() && cursor.at_end() ? FrameRule::kAtFrame : FrameRule::kUndefined;
    return true;
  }

  void cfa_expression(std::string_view expression) {
    state_.cfa_by_register = false;
    state_.cfa = CfaRule::kNone;
    // rsp + 8 + ((rip & 15) >= N) << 3, which linkers emit for PLTs:
    //   breg7 8 | breg16 0 | lit15 and | litN ge | lit3 shl | plus
    if (expression.size() == 11 && expression.starts_with(std::string_view("\x77\x08\x80\x00\x3F\x1A", 6)) &&
        expression.ends_with("\x2A\x33\x24\x22")) {
      state_.cfa = CfaRule::kPlt;
      state_.cfa_offset = static_cast<std::uint8_t>(expression[6]) - 0x30;
      return;
    }
    Cursor cursor(expression, 0);
    const std::uint8_t op = cursor.byte();
    state_.cfa_offset = cursor.sleb();
    if (cursor.byte() != kOpDeref || !cursor.ok() || !cursor.at_end()) return;
    if (op == kOpBregRbp) state_.cfa = CfaRule::kFrameDeref;
    if (op == kOpBregRsp) state_.cfa = CfaRule::kSpDeref;
  }

  void emit() {
    CfaRule rule = state_.cfa;
    std::int64_t offset = state_.cfa_offset;
    if (state_.cfa_by_register) {
      rule = state_.cfa_register == kRsp ? CfaRule::kSp : CfaRule::kFrame;
      if (state_.cfa_register != kRsp && state_.cfa_register != kRbp) {
        // The register goes into the low bits of the offset; only small offsets occur (the realigning prologue's).
        const bool packs = state_.cfa_register < 16 && fits(offset) && fits(offset * 16);
        rule = packs ? CfaRule::kRegister : CfaRule::kNone;
        offset = packs ? offset * 16 + static_cast<std::int64_t>(state_.cfa_register) : 0;
      }
    }
    if (!fits(offset) || !fits(state_.frame_offset)) rule = CfaRule::kNone;
    if (state_.root) rule = CfaRule::kRoot;
    if (rule == CfaRule::kNone || rule == CfaRule::kRoot) return emit_row(UnwindRow::pack_cfa(rule, 0), 0);
    const bool has_offset = state_.frame == FrameRule::kAtCfa || state_.frame == FrameRule::kAtFrame;
    emit_row(UnwindRow::pack_cfa(rule, static_cast<std::int32_t>(offset)),
             UnwindRow::pack_frame(state_.frame, has_offset ? static_cast<std::int32_t>(state_.frame_offset) : 0));
  }

  void emit_row(std::int32_t cfa, std::int32_t frame) {
    const UnwindRow row{static_cast<std::uint32_t>(at_ - base_), cfa, frame};
    if (!rows_.empty() && rows_.back().cfa == row.cfa && rows_.back().frame == row.frame) return;
    if (!rows_.empty() && rows_.back().pc == row.pc) {
      rows_.back() = row;
    } else {
      rows_.push_back(row);
    }
  }

  const CommonInfo& common_;
  const FunctionInfo& function_;
  const std::uint64_t base_;
  std::vector<UnwindRow>& rows_;
  std::uint64_t at_;
  State state_;
  State initial_;
  std::array<State, 8> stack_{};
  std::size_t depth_ = 0;
};

}  // namespace

bool append_rows(const CommonInfo& common, const FunctionInfo& function, std::uint64_t base,
                 std::vector<UnwindRow>& rows) {
  return Program(common, function, base, rows).run();
}

}  // namespace nanospan::profile
