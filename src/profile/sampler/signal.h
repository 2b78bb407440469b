// The profiling signal: the handler, and the process-wide state that it reads.
//
// The handler takes no lock, allocates nothing, calls neither unwinder nor linker, and leaves errno alone. It is
// installed once and never removed, since a signal that is already on its way would otherwise end the process; disarmed
// it returns at once. In the child of a fork it is disarmed: timers are not inherited (timer_create(2)).
#pragma once

#include <signal.h>

#include <atomic>
#include <cstdint>

#include "base/result.h"
#include "profile/sampler/sample.h"
#include "profile/sampler/thread_slot.h"

namespace nanospan::profile {

/// Read by the handler. The collector writes; one in a process.
struct SignalState {
  std::atomic<bool> armed{false};
  std::atomic<const CodeMap*> code{nullptr};
  std::atomic<std::uint64_t> foreign{0};  ///< Signals that were not ours, and those that came too late.
  ThreadSlot* slots = nullptr;            ///< kSlots of them; set once.
};
SignalState& signal_state();

/// What a signal of ours carries: a mark against strangers, and the number of the slot. A timer's is a tick; of any
/// other what is asked is in the slot.
void* signal_value(std::size_t slot);

/// Installs the handler for the first signal that nobody else handles: SIGPROF, else one that programs do not use.
/// Returns the signal; the same one each time, as long as it is still ours. kUnavailable: none is free.
Result<int> claim_signal();
/// True as long as nobody replaced our handler.
bool owns_signal(int signal);

}  // namespace nanospan::profile
