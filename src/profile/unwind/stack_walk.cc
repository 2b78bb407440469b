// The walk. Compiled without sanitizers (module.cmake): it reads other functions' frames on purpose.
#include "profile/unwind/stack_walk.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace nanospan::profile {
namespace {

constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kFrameBytesMax = 8u << 20;  // more than one frame takes: the rule was wrong

// rt_sigprocmask with a meaningless `how` reads the new mask first, and says EFAULT or EINVAL: a read of 8 bytes that
// cannot fault, cannot block and passes every seccomp filter (gperftools and abseil probe the same way).
bool is_readable(std::uint64_t address) {
  const long result = ::syscall(SYS_rt_sigprocmask, ~0, address, nullptr, 8);
  return result == 0 || errno != EFAULT;
}

/// Reads aligned words; each page is probed once as long as the walk moves along.
class StackReader {
 public:
  bool read(std::uint64_t address, std::uint64_t& value) {
    if ((address & 7) != 0) return false;
    if (address < low_ || address >= high_) {
      if (!is_readable(address)) return false;
      const std::uint64_t page = address & ~(kPageBytes - 1);
      if (page != high_) low_ = page;
      high_ = page + kPageBytes;
    }
    value = *reinterpret_cast<const volatile std::uint64_t*>(address);
    return true;
  }

 private:
  std::uint64_t low_ = 0;
  std::uint64_t high_ = 0;
};

struct Frame {
  std::uint64_t pc;
  std::uint64_t sp;
  std::uint64_t rbp;
};

constexpr std::uint64_t offset_by(std::uint64_t base, std::int32_t offset) {
  return base + static_cast<std::uint64_t>(std::int64_t{offset});
}

#if defined(__x86_64__)
// glibc's greg order by DWARF register number (psABI 3.6.2): rax rdx rcx rbx rsi rdi rbp rsp r8 ... r15
constexpr int kGregOfDwarf[16] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP,
                                  REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
#endif

// Where uc_mcontext keeps a register, from the start of a ucontext.
std::uint64_t saved_register([[maybe_unused]] int dwarf_register) {
#if defined(__x86_64__)
  return offsetof(ucontext_t, uc_mcontext.gregs) + 8u * static_cast<unsigned>(kGregOfDwarf[dwarf_register]);
#else
  return 0;
#endif
}

enum class Step : std::uint8_t { kCaller, kSignal, kRoot, kLost };

/// rbp chains to a frame above: functions without unwind information (hand-written or generated code) often keep it.
/// At a call of one without locals both are equal: crtstuff's __do_global_dtors_aux, under all that dlclose destroys.
Step by_frame_pointer(StackReader& stack, Frame& frame) {
  std::uint64_t return_address = 0, next = 0;
  if (frame.rbp < frame.sp || frame.rbp - frame.sp > kFrameBytesMax) return Step::kLost;
  if (!stack.read(frame.rbp, next) || !stack.read(frame.rbp + 8, return_address)) return Step::kLost;
  frame = {return_address, frame.rbp + 16, next};
  return Step::kCaller;
}

/// __restore_rt: when the handler returned, rsp points to the ucontext.
Step by_signal_frame(StackReader& stack, Frame& frame) {
  constexpr int kDwarfRbp = 6, kDwarfRsp = 7;
  const std::uint64_t context = frame.sp;
  std::uint64_t pc = 0, sp = 0, rbp = 0;
#if defined(__x86_64__)
  const std::uint64_t pc_at = offsetof(ucontext_t, uc_mcontext.gregs) + 8u * REG_RIP;
#else
  const std::uint64_t pc_at = 0;
#endif
  if (!stack.read(context + pc_at, pc) || !stack.read(context + saved_register(kDwarfRsp), sp) ||
      !stack.read(context + saved_register(kDwarfRbp), rbp)) {
    return Step::kLost;
  }
  frame = {pc, sp, rbp};
  return Step::kSignal;
}

bool find_cfa(StackReader& stack, const UnwindRow& row, const Frame& frame, const ucontext_t* context,
              std::uint64_t& cfa) {
  const std::int32_t offset = row.cfa_offset();
  switch (row.cfa_rule()) {
    case CfaRule::kSp:
      cfa = offset_by(frame.sp, offset);
      return true;
    case CfaRule::kFrame:
      cfa = offset_by(frame.rbp, offset);
      return true;
    case CfaRule::kSpDeref:
      return stack.read(offset_by(frame.sp, offset), cfa);
    case CfaRule::kFrameDeref:
      return stack.read(offset_by(frame.rbp, offset), cfa);
    case CfaRule::kPlt:
      cfa = frame.sp + 8 + ((frame.pc & 15) >= static_cast<std::uint64_t>(offset) ? 8 : 0);
      return true;
    case CfaRule::kRegister:
      if (context == nullptr) return false;
      cfa = offset_by(
          *reinterpret_cast<const std::uint64_t*>(reinterpret_cast<const char*>(context) + saved_register(offset & 15)),
          offset >> 4);
      return true;
    default:
      return false;
  }
}

/// How to leave the function at an address.
class Rules {
 public:
  Rules(const CodeMap& code, RowCache* known) : code_(code), known_(known) {
    if (known_ != nullptr) known_->follow(code_);
  }

  /// False: it is in no code that is known. `row` has no rule then, and may have none otherwise.
  bool find(std::uint64_t pc, UnwindRow& row) {
    RowCache::Entry* const entry = known_ != nullptr ? &known_->entry(pc) : nullptr;
    if (entry != nullptr && entry->pc == pc) {
      row = {0, entry->cfa, entry->frame};
      return true;
    }
    row = {};
    if (range_ == nullptr || pc < range_->begin || pc >= range_->end) range_ = code_.find(pc);
    if (range_ == nullptr) return false;
    if (const UnwindRow* found = CodeMap::find_row(*range_, pc)) row = *found;
    if (entry != nullptr) *entry = {pc, row.cfa, row.frame};
    return true;
  }

 private:
  const CodeMap& code_;
  RowCache* const known_;
  const CodeMap::Range* range_ = nullptr;
};

Step step(StackReader& stack, const UnwindRow& row, const ucontext_t* context, Frame& frame) {
  if (row.cfa_rule() == CfaRule::kNone) return by_frame_pointer(stack, frame);
  if (row.cfa_rule() == CfaRule::kRoot) return Step::kRoot;
  if (row.cfa_rule() == CfaRule::kSignal) return by_signal_frame(stack, frame);
  std::uint64_t cfa = 0;
  if (!find_cfa(stack, row, frame, context, cfa)) return Step::kLost;
  // Callers are above, or the rule or the stack is wrong. (A leaf in its epilogue: CFA = rsp + 8.)
  if (cfa <= frame.sp || cfa - frame.sp > kFrameBytesMax) return Step::kLost;
  Frame caller{0, cfa, frame.rbp};
  if (!stack.read(cfa - 8, caller.pc)) return Step::kLost;
  bool found = true;
  if (row.frame_rule() == FrameRule::kAtCfa) found = stack.read(offset_by(cfa, row.frame_offset()), caller.rbp);
  if (row.frame_rule() == FrameRule::kAtFrame) {
    found = stack.read(offset_by(frame.rbp, row.frame_offset()), caller.rbp);
  }
  if (row.frame_rule() == FrameRule::kUndefined) caller.rbp = 0;
  if (!found) return Step::kLost;
  frame = caller;
  return Step::kCaller;
}

}  // namespace

Registers Registers::of(const ucontext_t& context) {
  Registers registers;
#if defined(__x86_64__)
  const auto& saved = context.uc_mcontext.gregs;
  registers.pc = static_cast<std::uint64_t>(saved[REG_RIP]);
  registers.sp = static_cast<std::uint64_t>(saved[REG_RSP]);
  registers.frame = static_cast<std::uint64_t>(saved[REG_RBP]);
#endif
  registers.context = &context;
  return registers;
}

Walk walk_stack(const CodeMap& code, const Registers& start, std::uint64_t* pcs, std::size_t first, std::size_t mask,
                std::size_t frames_max, RowCache* known) {
  Walk walk;
  Rules rules(code, known);
  StackReader stack;
  Frame frame{start.pc, start.sp, start.frame};
  const ucontext_t* context = start.context;
  bool exact = true;  // frame.pc is where it will go on, not behind a call
  for (;;) {
    if (walk.frames == frames_max) {
      walk.end = WalkEnd::kTruncated;
      return walk;
    }
    pcs[(first + walk.frames) & mask] = frame.pc;
    ++walk.frames;
    UnwindRow row;
    const bool in_code = rules.find(exact ? frame.pc : frame.pc - 1, row);
    const Step next = step(stack, row, context, frame);
    context = nullptr;
    if (next == Step::kRoot || (next == Step::kCaller && frame.pc == 0)) {  // 0: where a hand-made stack begins
      walk.end = WalkEnd::kRoot;
      return walk;
    }
    if (next == Step::kLost) {
      walk.end = in_code ? WalkEnd::kLost : WalkEnd::kNoCode;
      return walk;
    }
    exact = next == Step::kSignal;
  }
}

}  // namespace nanospan::profile
