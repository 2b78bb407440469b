// walk_stack(): from the registers of an interrupted thread to the return addresses of its callers.
//
// Async-signal-safe: no lock, no allocation, no call into the dynamic linker or an unwinder. It does not fault,
// whatever the stack looks like: before it reads from a page of memory for the first time it asks the kernel whether
// the page is readable. (Another thread could unmap that page in the nanoseconds after that. Nobody unmaps a stack that
// is in use.) So it needs no bounds of stacks, and alternate and coroutine stacks need no registration.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <cstdint>

#include "profile/unwind/code_map.h"
#include "profile/unwind/row_cache.h"

namespace nanospan::profile {

/// What the walk starts from.
struct Registers {
  std::uint64_t pc = 0;
  std::uint64_t sp = 0;
  std::uint64_t frame = 0;              ///< rbp
  const ucontext_t* context = nullptr;  ///< The other registers, for the first frame; may be null.

  static Registers of(const ucontext_t& context);
  /// The caller's of this function.
  [[gnu::always_inline]] static inline Registers here();
};

/// How a walk ended.
enum class WalkEnd : std::uint8_t {
  kRoot,       ///< At the thread's first function.
  kTruncated,  ///< The room was full.
  kLost,       ///< No rule led further, or the stack made no sense.
  kNoCode,     ///< A pc outside of all known objects: generated code, or something just loaded.
};

struct Walk {
  std::size_t frames = 0;
  WalkEnd end = WalkEnd::kLost;
};

/// Writes at most `frames_max` pcs, the leaf first. All but the first, and those right above a signal handler, are
/// return addresses: they point behind the call. `pcs` is a ring of `mask` + 1 words, written from index `first` on.
/// `known` remembers rules from walk to walk; null: it does not.
Walk walk_stack(const CodeMap& code, const Registers& start, std::uint64_t* pcs, std::size_t first, std::size_t mask,
                std::size_t frames_max, RowCache* known);

inline Registers Registers::here() {
  Registers here;
#if defined(__x86_64__)
  asm volatile(
      "leaq 0(%%rip), %0\n\t"
      "movq %%rsp, %1\n\t"
      "movq %%rbp, %2"
      : "=r"(here.pc), "=r"(here.sp), "=r"(here.frame));
#endif
  return here;
}

}  // namespace nanospan::profile
