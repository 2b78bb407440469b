#include "profile/heap/heap_sampler.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <span>
#include <unordered_map>
#include <utility>

#include "base/immortal.h"
#include "base/time.h"
#include "profile/heap/countdown.h"
#include "profile/heap/operators.h"
#include "profile/sampler/span_labels.h"
#include "profile/unwind/stack_walk.h"

#pragma weak nanospan_heap_operators_r1

namespace nanospan::profile {

constinit thread_local std::int64_t heap_bytes_left = 0;

namespace {

constexpr std::size_t kStoreBytesMax = std::size_t{4} << 20;
constexpr std::size_t kEntriesMax = 50'000;        // of the window: some 4 MiB
constexpr std::size_t kLiveMax = 100'000;          // with 512 KiB: a heap of 50 GiB
constexpr std::int64_t kLookAgainBytes = 1 << 20;  // while switched off
constexpr std::size_t kFramesOfOurs = 2;           // heap_allocate_slowly, operator new

struct Live {
  std::uint32_t stack;
  std::uint32_t labels;
  std::int64_t objects;
  std::int64_t bytes;
};

struct State {
  std::mutex mutex;
  std::shared_ptr<const CodeMap> code;
  StackStore store{kStoreBytesMax};
  Window window;
  std::unordered_map<const void*, Live> live;
  std::uint64_t samples = 0;
  std::uint64_t not_followed = 0;
};

std::atomic<std::size_t> interval{0};
std::atomic<State*> made{nullptr};  // null until the first switch on

[[gnu::tls_model("initial-exec")]] constinit thread_local bool inside = false;
[[gnu::tls_model("initial-exec")]] constinit thread_local std::uint64_t random_state = 0;

/// Holds the lock, and keeps our own allocations out of the samples (and out of the lock).
class Entered {
 public:
  explicit Entered(State& state) : state_(state) {
    inside = true;
    state_.mutex.lock();
  }
  ~Entered() {
    state_.mutex.unlock();
    inside = false;
  }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;

 private:
  State& state_;
};

State& state() {
  static base::Immortal<State> only;
  static const int once = [] {
    made.store(&*only);
    return ::pthread_atfork([] { (*only).mutex.lock(); }, [] { (*only).mutex.unlock(); },
                            [] { (*only).mutex.unlock(); });
  }();
  static_cast<void>(once);
  return *only;
}

/// Bytes to the next sample: exponential, by inversion (splitmix64, 53 bits).
std::int64_t next_gap(std::size_t mean) {
  if (random_state == 0)
    random_state = base::system_clock().monotonic_now() ^ reinterpret_cast<std::uintptr_t>(&inside);
  std::uint64_t mixed = random_state += 0x9E3779B97F4A7C15u;
  mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
  mixed ^= mixed >> 31;
  const double uniform = (static_cast<double>(mixed >> 11) + 1) * 0x1.0p-53;  // never 0
  return 1 + static_cast<std::int64_t>(-std::log(uniform) * static_cast<double>(mean));
}

void* plain(std::size_t size, std::size_t alignment) {
  if (alignment <= alignof(std::max_align_t)) return std::malloc(size == 0 ? 1 : size);
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

/// REQUIRES: the lock.
void record(State& state, const void* object, std::size_t size, std::size_t mean, const Registers& here) {
  std::array<std::uint64_t, 128> pcs{};
  std::array<CodePoint, 128> points{};
  const Walk walk = walk_stack(*state.code, here, pcs.data(), 0, pcs.size() - 1, kFramesMax);
  const std::size_t skipped = std::min(kFramesOfOurs, walk.frames);
  for (std::size_t i = skipped; i < walk.frames; ++i) {
    const CodeMap::Range* range = state.code->find(pcs[i] - 1);
    points[i] = state.store.point(range == nullptr ? nullptr : state.code->modules()[range->index].get(), pcs[i] - 1);
  }
  SpanLabels span;
  read_span_labels(span);
  LabelSet labels;
  labels.route = state.store.text(span.route_text());
  labels.span_name = state.store.text(span.name_text());
  const double stands_for = 1 / -std::expm1(-static_cast<double>(size) / static_cast<double>(mean));
  const bool has_room = state.window.size() < kEntriesMax;
  if (!has_room) labels = {};
  const Live live{
      !has_room ? StackStore::kOverflow : state.store.stack(std::span(points).subspan(skipped, walk.frames - skipped)),
      state.store.labels(labels), std::llround(stands_for), std::llround(stands_for * static_cast<double>(size))};
  ++state.samples;
  state.window.add(live.stack, live.labels, {live.objects, live.bytes, live.objects, live.bytes});
  if (state.live.size() < kLiveMax) {
    state.live.insert_or_assign(object, live);
    return;
  }
  ++state.not_followed;
  state.window.add(live.stack, live.labels, {0, 0, -live.objects, -live.bytes});
}

}  // namespace

// Not inlined, so that it is the first frame, which is left out.
[[gnu::noinline]] void* heap_allocate_slowly(std::size_t size, std::size_t alignment) {
  const std::size_t mean = interval.load(std::memory_order_relaxed);
  State* const known = made.load(std::memory_order_acquire);
  if (inside || mean == 0 || known == nullptr) {
    if (!inside) heap_bytes_left = kLookAgainBytes;
    return plain(size, alignment);
  }
  const bool is_first = random_state == 0;  // the thread's countdown has not begun
  heap_bytes_left = next_gap(mean);
  if (is_first) return plain(size, alignment);
  void* const object = plain(size, std::max<std::size_t>(alignment, kSampledAlignment));
  if (object == nullptr) return plain(size, alignment);
  const Entered entered(*known);
  if (known->code != nullptr) record(*known, object, std::max<std::size_t>(size, 1), mean, Registers::here());
  return object;
}

void heap_forget(void* pointer) {
  State* const known = made.load(std::memory_order_acquire);
  if (inside || known == nullptr || pointer == nullptr) return;
  const Entered entered(*known);
  const auto found = known->live.find(pointer);
  if (found == known->live.end()) return;
  const Live& live = found->second;
  known->window.add(live.stack, live.labels, {0, 0, -live.objects, -live.bytes});
  known->live.erase(found);
}

namespace heap_sampler {

bool is_linked() { return &nanospan_heap_operators_r1 != nullptr; }

void set_interval(std::size_t interval_bytes) {
  state();
  interval.store(interval_bytes, std::memory_order_relaxed);
}

void set_code(std::shared_ptr<const CodeMap> code) {
  State& now = state();
  {
    const Entered entered(now);
    now.code.swap(code);
  }
  // What was there before goes here, outside of the lock.
}

HeapSnapshot snapshot() {
  State& now = state();
  const Entered entered(now);
  return {now.store, now.window, now.samples, now.not_followed};
}

}  // namespace heap_sampler
}  // namespace nanospan::profile
