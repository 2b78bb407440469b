// A countdown of bytes on each thread; where it ends, one allocation is recorded and followed until it is freed.
// Threads: see the header.
#include "profile/heap/heap_sampler.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <unordered_map>
#include <utility>

#include "profile/heap/countdown.h"
#include "profile/heap/operators.h"

#pragma weak nanospan_heap_operators_r1

namespace nanospan::profile {

constinit thread_local std::int64_t heap_bytes_left = 0;

namespace {

constexpr std::size_t kLiveMax = 100'000;          // with 512 KiB: a heap of 50 GiB
constexpr std::int64_t kLookAgainBytes = 1 << 20;  // while switched off
constexpr std::size_t kHeapFramesOfOurs = 2;       // heap_allocate_slowly, operator new

struct Live {
  StackRecorder::Place place;
  std::int64_t objects;
  std::int64_t bytes;
};

struct HeapState {
  StackRecorder recorder;
  std::unordered_map<const void*, Live> live;  // under the recorder's lock
  std::uint64_t not_followed = 0;
};

std::atomic<std::size_t> interval{0};
std::atomic<HeapState*> made{nullptr};  // null until the first switch on; lives as long as the process

[[gnu::tls_model("initial-exec")]] constinit thread_local bool begun = false;  // the countdown of this thread

HeapState& heap_state() {
  // A child is not sampled, and leaves this state alone: one of its parent's threads may be at it.
  static const int once = ::pthread_atfork(nullptr, nullptr, [] {
    interval.store(0, std::memory_order_relaxed);
    made.store(nullptr, std::memory_order_relaxed);
  });
  static_cast<void>(once);
  HeapState* known = made.load(std::memory_order_acquire);
  if (known != nullptr) return *known;
  auto fresh = std::make_unique<HeapState>();
  return *(made.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel) ? fresh.release() : known);
}

/// Bytes to the next sample: exponential, by inversion.
std::int64_t next_gap(std::size_t mean) {
  return 1 + static_cast<std::int64_t>(-std::log(StackRecorder::uniform()) * static_cast<double>(mean));
}

void record(HeapState& state, StackRecorder::Entered& entered, const void* object, std::size_t size, std::size_t mean,
            const Registers& here) {
  const double stands_for = 1 / -std::expm1(-static_cast<double>(size) / static_cast<double>(mean));
  const Live live{entered.place(here, kHeapFramesOfOurs), std::llround(stands_for),
                  std::llround(stands_for * static_cast<double>(size))};
  entered.add(live.place, {live.objects, live.bytes, live.objects, live.bytes});
  if (state.live.size() < kLiveMax) {
    state.live.insert_or_assign(object, live);
    return;
  }
  ++state.not_followed;
  entered.add(live.place, {0, 0, -live.objects, -live.bytes});
}

}  // namespace

// Not inlined, so that it is the first frame, which is left out.
[[gnu::noinline]] void* heap_allocate_slowly(std::size_t size, std::size_t alignment) {
  if (StackRecorder::busy()) {  // memory of our own: the countdown is of the program's
    heap_bytes_left += static_cast<std::int64_t>(size);
    return heap_allocate_plainly(size, alignment);
  }
  const std::size_t mean = interval.load(std::memory_order_relaxed);
  HeapState* const known = made.load(std::memory_order_acquire);
  heap_bytes_left = mean == 0 ? kLookAgainBytes : next_gap(mean);
  if (mean == 0 || known == nullptr || !std::exchange(begun, true)) return heap_allocate_plainly(size, alignment);
  void* const object = heap_allocate_plainly(size, std::max<std::size_t>(alignment, kSampledAlignment));
  if (object == nullptr) return heap_allocate_plainly(size, alignment);
  StackRecorder::Entered entered(known->recorder);
  if (entered.ready()) record(*known, entered, object, std::max<std::size_t>(size, 1), mean, Registers::here());
  return object;
}

void heap_forget(void* pointer) {
  HeapState* const known = made.load(std::memory_order_acquire);
  if (StackRecorder::busy() || known == nullptr || pointer == nullptr) return;
  StackRecorder::Entered entered(known->recorder);
  const auto found = known->live.find(pointer);
  if (found == known->live.end()) return;
  const Live& live = found->second;
  entered.add(live.place, {0, 0, -live.objects, -live.bytes});
  known->live.erase(found);
}

namespace heap_sampler {

bool is_linked() { return &nanospan_heap_operators_r1 != nullptr; }

void set_interval(std::size_t interval_bytes) {
  heap_state();
  interval.store(interval_bytes, std::memory_order_relaxed);
}

void set_code(std::shared_ptr<const CodeMap> code) { heap_state().recorder.set_code(std::move(code)); }

RecorderSnapshot snapshot() { return heap_state().recorder.snapshot(); }

std::uint64_t not_followed() {
  HeapState& now = heap_state();
  const StackRecorder::Entered entered(now.recorder);
  return now.not_followed;
}

}  // namespace heap_sampler
}  // namespace nanospan::profile
