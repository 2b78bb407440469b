// One loop: read the requests, then empty the rings, then advance the pipelines, then sleep as long as may be. Threads:
// see the header.
#include "sdk/pipeline/drain.h"

#include <time.h>

#include <algorithm>
#include <new>
#include <span>

#include "sdk/diagnostics.h"
#include "sdk/pipeline/sdk_thread.h"
#include "sdk/runtime/drain_signal.h"
#include "sdk/runtime/ring.h"
#include "sdk/runtime/threads.h"
#include "sdk/runtime/ticks.h"
#include "sdk/sampling/threshold.h"
#include "sdk/trace/lifecycle.h"

namespace nanospan::sdk {
namespace {

// A ring is too small if a sixteenth of it is full sooner than that, in this many rounds without a break.
constexpr std::uint64_t kLeastRound = 2 * base::kNanosPerMilli;
constexpr std::uint32_t kBusyRounds = 8;
constexpr std::uint64_t kLongestSleep = base::kNanosPerSecond;
// Without spans for this many longest sleeps the thread goes to the deep one, where the next span wakes it.
constexpr std::uint64_t kIdleSleeps = 2;
constexpr std::uint64_t kIdleLeast = 20 * base::kNanosPerMilli;
// Between telling the producers and believing that none is in the middle of an End that has not seen it.
constexpr std::uint64_t kArmingSleep = 10 * base::kNanosPerMilli;
// A span that slipped through all the same is found after this.
constexpr std::uint64_t kDeepSleep = 5 * base::kNanosPerSecond;

// After the system refused a thread; until then nobody tries again, as each span of a full ring would.
constexpr std::uint64_t kStartAgain = base::kNanosPerSecond;

thread_local bool is_export_thread = false;

base::MonotonicNanos now() { return base::system_clock().monotonic_now(); }

// `field` is a span as ScopeSpans has it: tag, length, body.
bool has_parent(std::span<const std::uint8_t> field) {
  std::size_t body = 1;
  while (body < field.size() && (field[body] & 0x80) != 0) ++body;
  const std::size_t tag = body + 1 + detail::BodyLayout::kParentTag;
  return tag + 1 < field.size() && field[tag] == detail::Tags::kParentSpanId && field[tag + 1] == 0x08;
}

}  // namespace

Drain& Drain::instance() {
  static base::Immortal<Drain> immortal;
  return *immortal;
}

Drain::Drain() { drain_signal().set_starter(&Drain::start_thread); }

void Drain::start_thread() {
  const DeferredReports reports;
  const std::lock_guard lock(instance().mutex_);
  instance().start_thread_locked();
}

void Drain::start_thread_locked() {
  if (started_) return;
  drain_signal().set_sleep(DrainSignal::Sleep::kAbsent);
  last_drain_ = last_span_ = now();
  if (last_drain_ < next_start_) return;
  next_start_ = last_drain_ + kStartAgain;
  pace_ = DrainPace();
  drain_signal().set_sleep(DrainSignal::Sleep::kAwake);
  if (drain_signal().open() && start_sdk_thread("nanospan", [] { instance().run(); })) {
    started_ = true;
    return;
  }
  drain_signal().set_sleep(DrainSignal::Sleep::kAbsent);
  report("batch_processor", "the export thread cannot be started; spans wait in their rings until it can");
}

Drain::Thread Drain::ensure_thread() {
  const DeferredReports reports;
  const std::lock_guard lock(mutex_);
  if (started_) return Thread::kRuns;
  if (!anything_waits() && !anything_asked()) return Thread::kIdle;
  next_start_ = 0;
  start_thread_locked();
  return started_ ? Thread::kRuns : Thread::kRefused;
}

bool Drain::runs() {
  const std::lock_guard lock(mutex_);
  return started_;
}

bool Drain::on_export_thread() { return is_export_thread; }

void Drain::attach(std::shared_ptr<BatchPipeline> pipeline) {
  const std::lock_guard lock(mutex_);
  if (std::find(pipelines_.begin(), pipelines_.end(), pipeline) != pipelines_.end()) return;
  pipelines_.push_back(std::move(pipeline));
}

void Drain::detach_all_of(const ProviderCore& provider) {
  if (cloned_silently()) return;  // the lock may be held by a thread of the parent
  const std::lock_guard lock(mutex_);
  std::erase_if(pipelines_, [&](const auto& pipeline) { return pipeline->provider() == &provider; });
}

void Drain::detach(const BatchPipeline& pipeline) {
  if (cloned_silently()) return;
  const std::lock_guard lock(mutex_);
  std::erase_if(pipelines_, [&](const auto& each) { return each.get() == &pipeline; });
}

Drain::Frames Drain::frames_in_rings(const ProviderCore& provider) {
  Frames frames;
  for (auto* state = first_thread_state(); state != nullptr; state = state->next_registered) {
    peek_frames(*state, [&](FrameHeader header, Bytes) {
      const TracerRecord* tracer = tracer_at(header.tracer());
      if (tracer == nullptr || header.slot() != provider.slot) return;
      ++(tracer->provider == &provider ? frames.own : frames.strays);
    });
  }
  return frames;
}

void Drain::route(const TracerRecord& tracer, Bytes field) {
  if (tracer.provider->watches_children.load(std::memory_order_relaxed) && has_parent(field)) [[unlikely]] {
    tracer.provider->watches_children.store(false, std::memory_order_relaxed);
    warn_of_ratio_for_child();
  }
  bool taken = false;
  for (const auto& pipeline : pipelines_) {
    if (pipeline->provider() != tracer.provider) continue;
    pipeline->take(tracer, field);
    taken = true;
  }
  if (taken) return;
  tracer.provider->late_spans.fetch_add(1, std::memory_order_relaxed);
  ProviderCore* holder = tracer.provider;
  while (ProviderCore* next = holder->successor.load(std::memory_order_acquire)) holder = next;
  if (holder != tracer.provider) holder->stray_spans.fetch_add(1, std::memory_order_relaxed);
}

// A round comes when a sixteenth is full (DrainPace), and a ring that fills that far in two milliseconds, round after
// round, is too small for its thread; so is one that a burst fills by a quarter.
void Drain::pace(detail::Ring& ring, std::uint64_t waiting, std::uint64_t since_last) {
  const std::uint64_t share = ring.size / 16;
  const bool fast = waiting * kLeastRound >= share * since_last;
  ring.busy_rounds = fast ? ring.busy_rounds + 1 : 0;
  if (ring.busy_rounds >= kBusyRounds || waiting >= ring.size / 4) offer_larger_ring(ring);
  pace_.see(ring.size, waiting);
}

std::uint64_t Drain::drain_rings(std::uint64_t since_last) {
  std::uint64_t bytes = 0;
  for (auto* state = first_thread_state(); state != nullptr; state = state->next_registered) {
    const std::uint64_t waiting = waiting_bytes(*state);
    if (waiting == 0) {
      state->draining->busy_rounds = 0;
      continue;
    }
    pace(*state->draining, waiting, since_last);
    bytes += drain_frames(*state, [&](FrameHeader header, Bytes field) {
      if (const TracerRecord* tracer = tracer_at(header.tracer())) route(*tracer, field);
    });
    touch_ring(*state->draining);
  }
  return bytes;
}

void Drain::collect() {
  try {
    drain_rings(kLongestSleep);
  } catch (const std::bad_alloc&) {
    report("batch_processor", "out of memory while the rings were emptied; what is left waits");
  }
}

void Drain::refine_clock() {
  TickClock& clock = tick_clock();
  if (!clock.due(base::system_clock().unix_now()) || !clock.refine(take_tick_sample())) return;
  for (auto* state = first_thread_state(); state != nullptr; state = state->next_registered) {
    if (state->in_use.load(std::memory_order_acquire) != 0)
      state->clock.store(clock.scale(), std::memory_order_release);
  }
}

void Drain::work() {
  for (const auto& pipeline : pipelines_) pipeline->note_requests();
  const base::MonotonicNanos before = now();
  refine_clock();
  const std::uint64_t limit = sleep_limit();
  pace_.lengthen(limit);
  if (drain_rings(before - last_drain_) != 0) {
    last_span_ = before;
    if (idle_) pace_.begin(limit);
    idle_ = told_ = false;
  }
  for (const auto& pipeline : pipelines_) {
    pipeline->exporter().poll_once();
    pipeline->advance(before, last_drain_);
  }
  last_drain_ = before;
}

// A span should reach its batch well before the schedule delay is over.
std::uint64_t Drain::sleep_limit() const {
  std::uint64_t limit = kLongestSleep;
  for (const auto& pipeline : pipelines_) limit = std::min(limit, pipeline->schedule_delay() / 4);
  return std::max(limit, DrainPace::kShortest);
}

base::MonotonicNanos Drain::next_due() const {
  base::MonotonicNanos due = base::kNever;
  for (const auto& pipeline : pipelines_) due = std::min(due, pipeline->next_due());
  return due;
}

bool Drain::anything_asked() const {
  return std::any_of(pipelines_.begin(), pipelines_.end(), [](const auto& p) { return p->has_requests(); });
}

bool Drain::anything_waits() {
  for (auto* state = first_thread_state(); state != nullptr; state = state->next_registered) {
    if (waiting_bytes(*state) != 0) return true;
  }
  return false;
}

void Drain::arm_producers() {
  for (auto* state = first_thread_state(); state != nullptr; state = state->next_registered) {
    state->soft.store(0, std::memory_order_relaxed);
  }
}

// False if an End that found its limit set, before it was zeroed, has set it again.
bool Drain::producers_told() {
  for (auto* state = first_thread_state(); state != nullptr; state = state->next_registered) {
    if (state->soft.load(std::memory_order_relaxed) != 0) return false;
  }
  return true;
}

void Drain::gather_descriptors() {
  descriptors_.assign(1, {drain_signal().fd(), POLLIN, 0});
  for (const auto& pipeline : pipelines_) {
    const int fd = pipeline->exporter().pollable_fd();
    if (fd >= 0) descriptors_.push_back({fd, POLLIN, 0});
  }
}

void Drain::rest(bool out_of_memory) {
  using Sleep = DrainSignal::Sleep;
  const base::MonotonicNanos start = now();
  std::uint64_t length = pace_.interval();
  Sleep kind = Sleep::kShort;
  if (tick_clock().scale() == nullptr) length = std::min(length, TickClock::kFirstInterval);
  if (start - last_span_ > std::max(kIdleLeast, kIdleSleeps * sleep_limit())) {
    idle_ = true;
    kind = Sleep::kDeep;
    told_ = told_ && producers_told();
    length = told_ ? kDeepSleep : kArmingSleep;
    if (!told_) arm_producers();
  }
  const base::MonotonicNanos due = next_due();
  if (due != base::kNever) length = std::min(length, due > start ? due - start : 0);

  if (out_of_memory) length = DrainPace::kShortest;
  // A producer publishes, then looks at the kind of sleep; here it is the other way round, so one of the two sees the
  // other.
  drain_signal().set_sleep(kind);
  if (out_of_memory || (length != 0 && !anything_asked() && !(kind == Sleep::kDeep && anything_waits()))) {
    timespec timeout{};
    timeout.tv_sec = static_cast<time_t>(length / base::kNanosPerSecond);
    timeout.tv_nsec = static_cast<long>(length % base::kNanosPerSecond);
    mutex_.unlock();
    ppoll(descriptors_.data(), descriptors_.size(), &timeout, nullptr);
    mutex_.lock();
  }
  drain_signal().set_sleep(Sleep::kAwake);
  if (!descriptors_.empty() && descriptors_[0].revents != 0) {
    drain_signal().clear();
    told_ = false;  // whoever woke this thread may be about to set its limit again
  } else if (kind == Sleep::kDeep && now() - start >= kArmingSleep) {
    told_ = true;
  }
}

void Drain::run() {
  is_export_thread = true;
  DeferredReports reports;  // the user's error handler must not run under the lock
  std::unique_lock lock(mutex_);
  for (;;) {
    bool out_of_memory = false;
    try {
      work();
      gather_descriptors();
    } catch (const std::bad_alloc&) {
      out_of_memory = true;  // sleeps a little before it tries again
      descriptors_.clear();
      report("batch_processor", "out of memory on the export thread; it goes on");
    }
    if (!reports.empty()) {
      lock.unlock();
      reports.emit();
      lock.lock();
    }
    for (const auto& pipeline : pipelines_) pipeline->announce();
    rest(out_of_memory);
  }
}

// ---- fork --------------------------------------------------------------------------------------------------------

void Drain::before_fork() {
  lock_providers();
  lock_threads();
  mutex_.lock();
  for (const auto& pipeline : pipelines_) pipeline->before_fork();
}

void Drain::after_fork_in_parent() {
  for (const auto& pipeline : pipelines_) pipeline->after_fork_in_parent();
  mutex_.unlock();
  unlock_threads();
  unlock_providers();
}

void Drain::after_fork_in_child() {
  reset_threads_after_fork();
  drain_signal().reset_after_fork();
  reset_diagnostics_after_fork();
  forget_inherited_spans();
  for (const auto& pipeline : pipelines_) pipeline->reset_after_fork();
  started_ = false;
  next_start_ = 0;
  idle_ = told_ = false;
  is_export_thread = false;
  mutex_.unlock();
  unlock_threads();
  unlock_providers();
}

}  // namespace nanospan::sdk
