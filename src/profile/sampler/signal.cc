// Compiled without sanitizers (module.cmake), except that its callees follow their own files' flags.
#include "profile/sampler/signal.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/immortal.h"
#include "base/time.h"
#include "profile/sampler/span_labels.h"

namespace nanospan::profile {
namespace {

// "nanoprof" in the upper half: a signal that anybody else sent has other values.
constexpr std::uint64_t kMark = 0x6E616E6F00000000u;
constexpr std::uint64_t kMarkMask = 0xFFFFFFFF00000000u;

const base::Clock* clock_for_handler = nullptr;

std::size_t put_text(std::uint64_t* words, std::size_t at, const std::array<char, kLabelBytesMax>& text,
                     std::size_t size) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < size; i += 8, ++count) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, size - i < 8 ? size - i : 8);
    words[(at + count) & SampleRing::kMask] = word;
  }
  return count;
}

/// REQUIRES: this handler alone is inside the slot.
void take_sample(ThreadSlot& slot, SampleKind kind, std::uint32_t weight, const CodeMap& code,
                 const ucontext_t& context) {
  const std::uint64_t began = clock_for_handler->monotonic_now();
  SampleRing& ring = slot.ring;
  if (!ring.has_room(kSampleWordsMax)) {
    slot.dropped_full.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  std::uint64_t* const words = ring.words();
  const std::size_t start = ring.position();
  SpanLabels labels;
  read_span_labels(labels);
  std::size_t at = start + kSampleHeadWords;
  at += put_text(words, at, labels.route, labels.route_size);
  at += put_text(words, at, labels.name, labels.name_size);
  const Walk walk =
      walk_stack(code, Registers::of(context), words, at, SampleRing::kMask, kFramesMax, slot.rules.get());
  at += walk.frames;
  const auto put = [&](std::size_t index, std::uint64_t word) { words[(start + index) & SampleRing::kMask] = word; };
  put(0, static_cast<std::uint64_t>(at - start) | static_cast<std::uint64_t>(walk.frames) << 16 |
             static_cast<std::uint64_t>(kind) << 32 | static_cast<std::uint64_t>(walk.end) << 40 |
             static_cast<std::uint64_t>(labels.route_size) << 48 | static_cast<std::uint64_t>(labels.name_size) << 56);
  const std::uint64_t took = clock_for_handler->monotonic_now() - began;
  put(1, weight | (took < UINT32_MAX ? took : UINT32_MAX) << 32);
  put(2, reinterpret_cast<std::uint64_t>(&code));
  put(3, labels.trace_id[0]);
  put(4, labels.trace_id[1]);
  put(5, labels.span_id);
  ring.commit(at - start);
}

/// Where the user's RLIMIT_SIGPENDING is used up the kernel delivers what interrupt() sent without its value, as a
/// SI_USER of process 0.
ThreadSlot* slot_that_was_asked() {
  const auto self = static_cast<std::int32_t>(::syscall(SYS_gettid));
  for (std::size_t i = 0; i < kSlots; ++i) {
    ThreadSlot& slot = signal_state().slots[i];
    if (slot.tid.load(std::memory_order_acquire) != self) continue;
    return slot.asked.load(std::memory_order_acquire) == 0 ? nullptr : &slot;
  }
  return nullptr;
}

/// The slot that a signal of ours names; null for any other signal.
ThreadSlot* slot_of(const siginfo_t& info) {
  if (info.si_code == SI_USER && info.si_pid == 0) return slot_that_was_asked();
  if (info.si_code != SI_TIMER && !(info.si_code == SI_QUEUE && info.si_pid == ::getpid())) return nullptr;
  const auto value = reinterpret_cast<std::uint64_t>(info.si_value.sival_ptr);
  const std::size_t index = value & 0xFFFF;
  return (value & kMarkMask) == kMark && index < kSlots ? &signal_state().slots[index] : nullptr;
}

/// The tick, if this is one, and whatever was asked: a signal that is pending absorbs the next one (signal(7)), so a
/// question may have no signal of its own, and a signal nothing left to answer. REQUIRES: as take_sample().
void answer(ThreadSlot& slot, const siginfo_t& info, const CodeMap& code, const ucontext_t& context) {
  if (info.si_code == SI_TIMER) {
    const std::uint32_t missed = info.si_overrun > 0 ? static_cast<std::uint32_t>(info.si_overrun) : 0;
    take_sample(slot, SampleKind::kCpu, 1 + missed, code, context);
  }
  const std::uint32_t asked = slot.asked.exchange(0, std::memory_order_acq_rel);
  for (const SampleKind kind : {SampleKind::kWall, SampleKind::kThread}) {
    if ((asked & asked_bit(kind)) != 0) take_sample(slot, kind, 1, code, context);
  }
}

void handle(const siginfo_t& info, const ucontext_t& context) {
  SignalState& state = signal_state();
  ThreadSlot* const slot = state.armed.load(std::memory_order_acquire) ? slot_of(info) : nullptr;
  if (slot == nullptr || slot->tid.load(std::memory_order_acquire) != static_cast<int>(::syscall(SYS_gettid))) {
    state.foreign.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  std::uint32_t seen = slot->entered.load(std::memory_order_relaxed);
  if ((seen & 1) != 0 || !slot->entered.compare_exchange_strong(seen, seen + 1, std::memory_order_seq_cst)) return;
  // After `entered`: the collector frees no map before it has seen this slot left.
  if (const CodeMap* code = state.code.load(std::memory_order_seq_cst)) answer(*slot, info, *code, context);
  slot->entered.store(seen + 2, std::memory_order_release);
}

void on_signal(int, siginfo_t* info, void* context) {
  const int saved = errno;
  handle(*info, *static_cast<const ucontext_t*>(context));
  errno = saved;
}

}  // namespace

SignalState& signal_state() {
  static constinit SignalState state;
  return state;
}

void* signal_value(std::size_t slot) { return reinterpret_cast<void*>(kMark | slot); }

bool owns_signal(int signal) {
  struct sigaction now {};
  return ::sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_signal;
}

Result<int> claim_signal() {
  static bool prepared = false;
  if (!prepared) {
    clock_for_handler = &base::system_clock();
    ::pthread_atfork(nullptr, nullptr, [] { signal_state().armed.store(false); });
    prepared = true;
  }
  constexpr int kCandidates[] = {SIGPROF, SIGVTALRM, SIGSTKFLT, SIGPWR};
  for (const int candidate : kCandidates) {
    if (owns_signal(candidate)) return candidate;
    struct sigaction now {};
    if (::sigaction(candidate, nullptr, &now) != 0) continue;
    if ((now.sa_flags & SA_SIGINFO) != 0 || now.sa_handler != SIG_DFL) continue;
    struct sigaction ours {};
    ours.sa_sigaction = on_signal;
    ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    ::sigemptyset(&ours.sa_mask);
    for (const int other : kCandidates) ::sigaddset(&ours.sa_mask, other);
    if (::sigaction(candidate, &ours, nullptr) == 0) return candidate;
  }
  return Error{ErrorCode::kUnavailable,
               "no signal is free for the profiler: SIGPROF and its substitutes are all handled"};
}

}  // namespace nanospan::profile
