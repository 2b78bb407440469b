// A signal handler that walks the interrupted stack twice, by our tables and by libgcc's unwinder, and compares.
//
// libgcc is lock-free only where glibc has _dl_find_object (2.35) and everything is linked dynamically, as here; that
// is what makes it fit to be the judge, and unfit to be the profiler. Where it has no unwind information for the
// interrupted function itself (stubs of the PLT that mold has made) it cannot judge: those samples are counted apart.
// One Oracle at a time; interrupt() from one thread.
#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <unwind.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "profile/unwind/loaded_code.h"
#include "profile/unwind/stack_walk.h"

/// libgcc's (unwind-dw2-fde.h): null where it has no unwind information.
extern "C" const void* _Unwind_Find_FDE(void* pc, void* bases);

namespace nanospan::profile::testing {

struct Judgement {
  std::uint64_t samples = 0;
  std::uint64_t judged = 0;    ///< Of these libgcc knows how to leave the innermost function.
  std::uint64_t in_stubs = 0;  ///< Of the others, in a stub of the linker, of which mold tells it nothing.
  std::uint64_t to_root = 0;
  std::uint64_t identical = 0;
  std::string first_difference;
};

class Oracle {
 public:
  static constexpr std::size_t kFrames = 256;

  explicit Oracle(const CodeMap& code) {
    instance() = this;
    code_ = &code;
    sem_init(&handled_, 0, 0);
    std::array<std::uint64_t, kFrames> warm{};
    unwind(0, warm);  // the first call may allocate
    struct sigaction action {};
    action.sa_sigaction = [](int, siginfo_t*, void* context) { instance()->judge(*static_cast<ucontext_t*>(context)); };
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    sigaction(SIGUSR2, &action, nullptr);
  }
  ~Oracle() {
    signal(SIGUSR2, SIG_IGN);
    sem_destroy(&handled_);
  }

  /// Interrupts `thread` once and waits until its stack was walked.
  void interrupt(pthread_t thread) {
    if (pthread_kill(thread, SIGUSR2) != 0) return;
    while (sem_wait(&handled_) != 0 && errno == EINTR) {
    }
  }

  Judgement judgement() const {
    Judgement result{samples_, judged_, in_stubs_, to_root_, identical_, {}};
    if (!differs_) return result;
    for (std::size_t i = 0; i < kFrames && (ours_[i] != 0 || theirs_[i] != 0); ++i) {
      result.first_difference += "  " + std::to_string(i) + ": " + name(ours_[i]) + " | " + name(theirs_[i]) + "\n";
    }
    return result;
  }

 private:
  struct Collected {
    std::uint64_t from;
    std::array<std::uint64_t, kFrames>* pcs;
    std::size_t count = 0;
    bool begun = false;
  };

  static Oracle*& instance() {
    static Oracle* oracle = nullptr;
    return oracle;
  }

  static std::size_t unwind(std::uint64_t from, std::array<std::uint64_t, kFrames>& pcs) {
    Collected collected{from, &pcs};
    _Unwind_Backtrace(
        [](_Unwind_Context* context, void* to) {
          auto& into = *static_cast<Collected*>(to);
          const auto pc = static_cast<std::uint64_t>(_Unwind_GetIP(context));
          into.begun = into.begun || pc == into.from;
          if (into.begun && pc != 0 && into.count < kFrames) (*into.pcs)[into.count++] = pc;
          return _URC_NO_REASON;
        },
        &collected);
    return collected.count;
  }

  /// Stubs are 16 bytes, aligned, with a jump through the table (FF /4, relative to rip).
  static bool is_in_stub(std::uint64_t pc) {
    const std::string_view stub(reinterpret_cast<const char*>(pc & ~std::uint64_t{15}), 16);
    return stub.find("\xff\x25") != std::string_view::npos;
  }

  void judge(const ucontext_t& context) {
    const int saved = errno;
    std::array<std::uint64_t, kFrames> ours{}, theirs{};
    const Registers start = Registers::of(context);
    const Walk walk = walk_stack(*code_, start, ours.data(), 0, kFrames - 1, kFrames, &rules_);
    ++samples_;
    to_root_ += walk.end == WalkEnd::kRoot;
    std::array<void*, 4> bases{};
    if (_Unwind_Find_FDE(reinterpret_cast<void*>(start.pc), bases.data()) != nullptr) {
      ++judged_;
      const std::size_t count = unwind(start.pc, theirs);
      const bool same = walk.frames == count && ours == theirs;
      identical_ += same;
      if (!same && !differs_) {
        differs_ = true;
        ours_ = ours;
        theirs_ = theirs;
      }
    } else {
      in_stubs_ += is_in_stub(start.pc);
    }
    sem_post(&handled_);
    errno = saved;
  }

  std::string name(std::uint64_t pc) const {
    const CodeMap::Range* range = pc == 0 ? nullptr : code_->find(pc);
    if (range == nullptr) return std::to_string(pc);
    const Module& module = *code_->modules()[range->index];
    return module.path.substr(module.path.rfind('/') + 1) + "+" + std::to_string(pc - module.base);
  }

  const CodeMap* code_;
  RowCache rules_;  // as the profiler has one for each thread
  sem_t handled_;
  std::uint64_t samples_ = 0, judged_ = 0, in_stubs_ = 0, to_root_ = 0, identical_ = 0;
  bool differs_ = false;
  std::array<std::uint64_t, kFrames> ours_{}, theirs_{};
};

}  // namespace nanospan::profile::testing
