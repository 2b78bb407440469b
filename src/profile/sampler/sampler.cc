// Slots of threads that end are freed when no handler can be in them any more. Threads: see the header.
#include "profile/sampler/sampler.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/immortal.h"
#include "profile/sampler/signal.h"

namespace nanospan::profile {
namespace {

std::atomic<bool> exists{false};

/// Signals may arrive at any later time and look at them: never freed. Their rings are used again.
ThreadSlot* slots() {
  static base::Immortal<std::array<ThreadSlot, kSlots>> pool;
  return (*pool).data();
}

}  // namespace

Result<std::unique_ptr<Sampler>> Sampler::create(std::vector<std::int32_t> except) {
#if !defined(__x86_64__)
  return Error{ErrorCode::kUnsupported, "the profiler knows x86-64 stacks only"};
#endif
  if (exists.exchange(true)) return Error{ErrorCode::kAlreadyExists, "a profiler runs already in this process"};
  signal_state().slots = slots();
  return std::unique_ptr<Sampler>(new Sampler(std::move(except)));
}

Sampler::Sampler(std::vector<std::int32_t> except)
    : timers_(slots(), std::move(except)), scratch_(std::make_unique<Sample>()) {}

Sampler::~Sampler() {
  stop([](const SampledThread&, const Sample&) {});
  signal_state().code.exchange(nullptr, std::memory_order_seq_cst);
  if (code_.map() != nullptr) retired_.push_back(retire(code_.map()));
  const std::size_t free_after = quiet();
  // Handlers that were inside when stop() drained have recorded since; the next sampler would look into freed maps.
  for (std::size_t i = 0; i < kSlots; ++i) slots()[i].ring.consume(slots()[i].ring.readable());
  free_quiet(free_after);
  // A handler that is still inside looks at its map for some microseconds more: give the map up rather than wait.
  static base::Immortal<std::vector<Retired>> kept;
  for (Retired& retired : retired_) (*kept).push_back(std::move(retired));
  exists.store(false);
}

Status Sampler::start(unsigned hz) {
  Result<int> signal = claim_signal();
  if (!signal) return signal.error();
  signal_ = *signal;
  refresh_code();
  signal_state().armed.store(true, std::memory_order_release);
  running_ = true;
  hz_ = hz;
  timers_.start(signal_, hz);
  timers_.scan([](const SampledThread&) {});
  return {};
}

void Sampler::stop(const Sink& sink) {
  if (!running_) return;
  timers_.stop();
  drain(sink);
  signal_state().armed.store(false, std::memory_order_release);
  running_ = false;
  hz_ = 0;
}

/// A map that was just taken from the handlers: who loads the pointer from now on gets another, who had this one is
/// inside a slot.
Sampler::Retired Sampler::retire(std::shared_ptr<const CodeMap> map) {
  Retired retired{std::move(map), {}};
  for (std::size_t i = 0; i < kSlots; ++i) {
    const std::uint32_t entered = slots()[i].entered.load(std::memory_order_seq_cst);
    if ((entered & 1) != 0) retired.inside.emplace_back(i, entered);
  }
  return retired;
}

/// How many retired maps no handler looks at any more; they come first.
std::size_t Sampler::quiet() {
  for (Retired& retired : retired_) {
    std::erase_if(retired.inside, [](const auto& handler) {
      return slots()[handler.first].entered.load(std::memory_order_seq_cst) != handler.second;
    });
  }
  const auto rest =
      std::stable_partition(retired_.begin(), retired_.end(), [](const Retired& r) { return r.inside.empty(); });
  return static_cast<std::size_t>(rest - retired_.begin());
}

void Sampler::free_quiet(std::size_t count) {
  retired_.erase(retired_.begin(), retired_.begin() + static_cast<std::ptrdiff_t>(count));
}

// First who has left which map, then what they left behind: a map goes when no record refers to it any more.
void Sampler::drain(const Sink& sink) {
  const std::size_t free_after = quiet();
  for (const SampledThread& thread : timers_.threads()) drain_slot(thread, sink);
  free_quiet(free_after);
}

void Sampler::drain_slot(const SampledThread& thread, const Sink& sink) {
  ThreadSlot& slot = slots()[thread.slot];
  while (read_sample(slot.ring, *scratch_)) {
    const Sample& sample = *scratch_;
    ++counters_.samples;
    counters_.weight += sample.weight;
    counters_.handler_nanos += sample.handler_nanos;
    counters_.to_root += sample.end == WalkEnd::kRoot;
    counters_.truncated += sample.end == WalkEnd::kTruncated;
    counters_.lost += sample.end == WalkEnd::kLost;
    counters_.unknown_code += sample.end == WalkEnd::kNoCode;
    counters_.in_span += sample.labels.has_trace();
    counters_.with_route += sample.labels.route_size != 0;
    sink(thread, sample);
  }
}

void Sampler::rescan(const Sink& sink, bool all) {
  if (!running_) return;
  if (!owns_signal(signal_)) {  // the next tick would go to somebody who does not expect it
    ++counters_.signal_lost;
    stop(sink);
    return;
  }
  if (all || timers_.number_changed()) {
    timers_.scan([&](const SampledThread& thread) { drain_slot(thread, sink); });
  }
  refresh_code();
}

void Sampler::refresh_code() {
  std::shared_ptr<const CodeMap> before = code_.map();
  if (!code_.refresh()) return;
  signal_state().code.exchange(code_.map().get(), std::memory_order_seq_cst);
  if (before != nullptr) retired_.push_back(retire(std::move(before)));
}

bool Sampler::interrupt(const SampledThread& thread, SampleKind kind) {
  slots()[thread.slot].asked.fetch_or(asked_bit(kind), std::memory_order_release);
  siginfo_t info{};
  info.si_signo = signal_;
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  info.si_value.sival_ptr = signal_value(thread.slot);
  return ::syscall(SYS_rt_tgsigqueueinfo, info.si_pid, thread.tid, signal_, &info) == 0;
}

const Module* Sampler::module_of(const Sample& sample, std::uint64_t pc) {
  const CodeMap::Range* range = sample.code->find(pc);
  return range == nullptr ? nullptr : sample.code->modules()[range->index].get();
}

SamplerCounters Sampler::counters() const {
  SamplerCounters now = counters_;
  for (std::size_t i = 0; i < kSlots; ++i) {
    now.dropped_ring_full += slots()[i].dropped_full.load(std::memory_order_relaxed);
  }
  now.foreign_signals = signal_state().foreign.load(std::memory_order_relaxed);
  now.threads_unarmed = timers_.unarmed();
  now.threads_over_limit = timers_.over_limit();
  if (code_.map() != nullptr) now.table_bytes = code_.map()->table_bytes();
  return now;
}

}  // namespace nanospan::profile
