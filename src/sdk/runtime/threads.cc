// A registry that only grows: states of threads that ended are used again by new ones. Thread-safe.
#include "sdk/runtime/threads.h"

#include <pthread.h>

#include <array>
#include <cstring>
#include <new>

#include <nanospan/tracer.h>

#include "base/immortal.h"
#include "sdk/diagnostics.h"
#include "sdk/runtime/entropy.h"
#include "sdk/runtime/memory.h"
#include "sdk/runtime/ring.h"
#include "sdk/runtime/suppression.h"
#include "sdk/runtime/ticks.h"
#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan::sdk {
namespace {

using detail::Slab;
using detail::Tags;
using detail::ThreadState;

constexpr std::size_t kFirstSlabs = 8;  // with the state and the first ring: 36 KiB for a thread with few spans
constexpr std::size_t kMoreSlabs = 32;

// What the public headers write as literals is what the rest of the program takes from the one list of field numbers.
namespace otlp = wire::otlp;
using wire::tag;
using wire::WireType;
static_assert(Tags::kSpan == tag(otlp::ScopeSpans::kSpans, WireType::kBytes));
static_assert(Tags::kTraceId == tag(otlp::Span::kTraceId, WireType::kBytes));
static_assert(Tags::kSpanId == tag(otlp::Span::kSpanId, WireType::kBytes));
static_assert(Tags::kParentSpanId == tag(otlp::Span::kParentSpanId, WireType::kBytes));
static_assert(Tags::kName == tag(otlp::Span::kName, WireType::kBytes));
static_assert(Tags::kKind == tag(otlp::Span::kKind, WireType::kVarint));
static_assert(Tags::kStart == tag(otlp::Span::kStartTimeUnixNano, WireType::kFixed64));
static_assert(Tags::kEnd == tag(otlp::Span::kEndTimeUnixNano, WireType::kFixed64));
static_assert(Tags::kAttribute == tag(otlp::Span::kAttributes, WireType::kBytes));
static_assert(Tags::kEvent == tag(otlp::Span::kEvents, WireType::kBytes));
static_assert(Tags::kLink == tag(otlp::Span::kLinks, WireType::kBytes));
// A varint of two bytes, the first with the bit that says so.
static_assert((Tags::kFlags >> 8 << 7 | (Tags::kFlags & 0x7F)) == tag(otlp::Span::kFlags, WireType::kFixed32));
static_assert((Tags::kFlags & 0x8080) == 0x80);
static_assert(Tags::kKey == tag(otlp::KeyValue::kKey, WireType::kBytes));
static_assert(Tags::kValue == tag(otlp::KeyValue::kValue, WireType::kBytes));
static_assert(Tags::kString == tag(otlp::AnyValue::kStringValue, WireType::kBytes));
static_assert(Tags::kBool == tag(otlp::AnyValue::kBoolValue, WireType::kVarint));
static_assert(Tags::kInt == tag(otlp::AnyValue::kIntValue, WireType::kVarint));
static_assert(Tags::kDouble == tag(otlp::AnyValue::kDoubleValue, WireType::kFixed64));
static_assert(Tags::kEventTime == tag(otlp::SpanEvent::kTimeUnixNano, WireType::kFixed64));
static_assert(Tags::kEventName == tag(otlp::SpanEvent::kName, WireType::kBytes));
static_assert(Tags::kLinkTraceId == tag(otlp::SpanLink::kTraceId, WireType::kBytes));
static_assert(Tags::kLinkSpanId == tag(otlp::SpanLink::kSpanId, WireType::kBytes));
static_assert(Tags::kLinkFlags == tag(otlp::SpanLink::kFlags, WireType::kFixed32));
static_assert(detail::kFlagHasIsRemote == otlp::kFlagsHasIsRemote && detail::kFlagIsRemote == otlp::kFlagsIsRemote);

struct Registry {
  std::mutex mutex;
  std::atomic<ThreadState*> first{nullptr};
  pthread_key_t exit_key{};
  bool has_key = false;
  std::mutex shared_mutex;
  std::atomic<ThreadState*> shared{nullptr};
  std::atomic<std::uint64_t> forks{0};
  std::atomic<std::uint64_t> stateless_drops[detail::kProviderSlots] = {};  // spans that ended without any ring
};

// Set once this thread's state was given up: what its later destructors start and end goes by the shared state.
thread_local bool exiting = false;

Registry& registry() {
  static base::Immortal<Registry> immortal;
  return *immortal;
}

bool is_wiped(const ThreadState* state) {
  return (state->random[0] | state->random[1] | state->random[2] | state->random[3]) == 0;
}

void at_thread_exit(void* state) {
  exiting = true;
  detail::thread_locals().state = nullptr;
  static_cast<ThreadState*>(state)->in_use.store(0, std::memory_order_release);
}

// Brings zeroed memory to life.
bool initialize(ThreadState* state) {
  detail::Ring* ring = make_ring(kFirstRingBytes);
  if (ring == nullptr) return false;
  fill_random(state->random);
  use_ring(*state, ring);
  state->draining = ring;
  state->clock.store(tick_clock().scale(), std::memory_order_release);
  state->in_use.store(1, std::memory_order_relaxed);
  return true;
}

// REQUIRES: the registry's mutex.
ThreadState* make_state(Registry& all) {
  void* memory = map_pages(sizeof(ThreadState), true);
  if (memory == nullptr) return nullptr;
  auto* state = ::new (memory) ThreadState{};
  if (!initialize(state)) {
    unmap_pages(memory, sizeof(ThreadState));
    return nullptr;
  }
  state->next_registered = all.first.load(std::memory_order_relaxed);
  all.first.store(state, std::memory_order_release);
  return state;
}

// REQUIRES: the registry's mutex. A state whose thread has exited, if there is one.
ThreadState* adopt_state(Registry& all) {
  for (ThreadState* state = all.first.load(std::memory_order_relaxed); state != nullptr;
       state = state->next_registered) {
    if (state == all.shared.load(std::memory_order_relaxed)) continue;
    std::uint32_t free = 0;
    if (!state->in_use.compare_exchange_strong(free, 1, std::memory_order_acq_rel)) continue;
    state->clock.store(tick_clock().scale(), std::memory_order_release);  // not refined while nobody used it
    return state;
  }
  return nullptr;
}

// REQUIRES: shared_mutex.
ThreadState* shared_state(Registry& all) {
  if (all.shared.load(std::memory_order_relaxed) == nullptr) {
    const std::lock_guard lock(all.mutex);
    all.shared.store(make_state(all), std::memory_order_release);
  }
  return all.shared.load(std::memory_order_relaxed);
}

bool carve_chunk(ThreadState* state) {
  const std::size_t count = state->slabs == 0 ? kFirstSlabs : kMoreSlabs;
  void* memory = map_pages(count * sizeof(Slab), true);
  if (memory == nullptr) return false;
  state->carve = static_cast<Slab*>(memory);
  state->carve_end = state->carve + count;
  state->slabs += count;
  return true;
}

// Refills the free list: slabs that others gave back first, then one never used.
bool refill(ThreadState* state) {
  if (Slab* returned = state->returned.exchange(nullptr, std::memory_order_acquire)) {
    state->free = returned;
    return true;
  }
  if (state->carve == state->carve_end && !carve_chunk(state)) return false;
  Slab* slab = state->carve++;
  slab->generation.store(1, std::memory_order_relaxed);
  slab->owner = state;
  make_free(slab);
  slab->next = nullptr;
  state->free = slab;
  return true;
}

Slab* pop(ThreadState* state) {
  if (state->free == nullptr && !refill(state)) return nullptr;
  Slab* slab = state->free;
  state->free = slab->next;
  return slab;
}

bool push_counted(ThreadState* state, const std::uint8_t* frame, std::size_t size, std::size_t slot) {
  const auto bump = [](std::atomic<std::uint64_t>& count) {
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  };
  const bool pushed = push_frame(*state, frame, size);
  bump(state->ended[slot]);
  if (!pushed) bump(state->dropped_ring[slot]);
  return pushed;
}

template <class Count>
std::uint64_t sum_states(Count&& count) {
  std::uint64_t sum = 0;
  for (ThreadState* state = first_thread_state(); state != nullptr; state = state->next_registered)
    sum += count(*state);
  return sum;
}

}  // namespace

namespace {

// The fixed part of a body, all but the values.
constexpr auto kTemplate = [] {
  using Layout = detail::BodyLayout;
  std::array<std::uint8_t, Layout::kRootBytes> bytes{};
  bytes[Layout::kTraceId - 2] = Tags::kTraceId;
  bytes[Layout::kTraceId - 1] = otlp::kTraceIdBytes;
  bytes[Layout::kSpanId - 2] = Tags::kSpanId;
  bytes[Layout::kSpanId - 1] = otlp::kSpanIdBytes;
  bytes[Layout::kKind - 1] = Tags::kKind;
  bytes[Layout::kStart - 1] = Tags::kStart;
  bytes[Layout::kEnd - 1] = Tags::kEnd;
  bytes[Layout::kFlags - 2] = Tags::kFlags & 0xFF;
  bytes[Layout::kFlags - 1] = Tags::kFlags >> 8;
  return bytes;
}();

}  // namespace

void make_free(Slab* slab) {
  slab->body = slab->buffer + Slab::kHeadRoom;
  std::memcpy(slab->body, kTemplate.data(), kTemplate.size());
  slab->cold = Slab::kPlain;
  slab->dropped_attributes = 0;
  slab->dropped_events = 0;
  slab->dropped_links = 0;
  slab->status = 0;
  slab->holders.store(0, std::memory_order_relaxed);
  slab->extra = nullptr;
}

ThreadState* thread_state() {
  detail::ThreadLocals& locals = detail::thread_locals();
  ThreadState* state = locals.state;
  if (state != nullptr && !is_wiped(state)) return state;
  if (tracing_suppressed() || exiting || cloned_silently()) return nullptr;
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  if (!all.has_key) {
    if (pthread_key_create(&all.exit_key, &at_thread_exit) != 0) return nullptr;
    all.has_key = true;
  }
  state = adopt_state(all);
  if (state == nullptr) state = make_state(all);
  locals.state = state;
  if (state != nullptr) pthread_setspecific(all.exit_key, state);
  return state;
}

Slab* take_slab() {
  if (ThreadState* state = thread_state()) {
    if (Slab* slab = pop(state)) return slab;
  }
  if (cloned_silently()) return nullptr;
  Registry& all = registry();
  const std::lock_guard lock(all.shared_mutex);
  ThreadState* shared = shared_state(all);
  return shared != nullptr ? pop(shared) : nullptr;
}

void give_back_slab(Slab* slab) {
  ThreadState* owner = slab->owner;
  if (owner == detail::thread_locals().state) {
    slab->next = owner->free;
    owner->free = slab;
    return;
  }
  Slab* head = owner->returned.load(std::memory_order_relaxed);
  do {
    slab->next = head;
  } while (!owner->returned.compare_exchange_weak(head, slab, std::memory_order_release, std::memory_order_relaxed));
}

bool push_frame_here(const std::uint8_t* frame, std::size_t size, std::size_t slot) {
  if (ThreadState* state = thread_state()) return push_counted(state, frame, size, slot);
  if (cloned_silently()) return false;
  Registry& all = registry();
  const std::lock_guard lock(all.shared_mutex);
  if (ThreadState* shared = shared_state(all)) return push_counted(shared, frame, size, slot);
  all.stateless_drops[slot].fetch_add(1, std::memory_order_relaxed);
  return false;
}

std::uint64_t random_word() {
  std::uint64_t word = 0;
  if (ThreadState* state = thread_state()) {
    do {
      word = detail::next_random(state);
    } while (word == 0);
    return word;
  }
  fill_random({&word, 1});
  return word;
}

bool cloned_silently() {
  const ThreadState* shared = registry().shared.load(std::memory_order_acquire);
  return shared != nullptr && is_wiped(shared);
}

void prepare_threads() {
  std::uint64_t word;
  if (!kernel_random({&word, 1})) report("random", "the kernel gives no random bytes; ids differ, but can be guessed");
  Registry& all = registry();
  {
    const std::lock_guard lock(all.shared_mutex);
    if (ThreadState* shared = shared_state(all); shared != nullptr && shared->free == nullptr) refill(shared);
  }
  if (!wiped_by_kernel()) {
    report("fork",
           "the kernel does not wipe memory on fork (MADV_WIPEONFORK); do not trace in children of raw clone()");
  }
}

ThreadState* first_thread_state() { return registry().first.load(std::memory_order_acquire); }

std::uint64_t ended_spans(std::size_t slot) {
  return sum_states([&](const ThreadState& state) { return state.ended[slot].load(std::memory_order_relaxed); }) +
         registry().stateless_drops[slot].load(std::memory_order_relaxed);
}

std::uint64_t ring_drops(std::size_t slot) {
  return sum_states(
             [&](const ThreadState& state) { return state.dropped_ring[slot].load(std::memory_order_relaxed); }) +
         registry().stateless_drops[slot].load(std::memory_order_relaxed);
}

std::uint64_t forks() { return registry().forks.load(std::memory_order_relaxed); }

void lock_threads() {
  registry().shared_mutex.lock();
  registry().mutex.lock();
}

void unlock_threads() {
  registry().mutex.unlock();
  registry().shared_mutex.unlock();
}

void reset_threads_after_fork() {
  wipe_after_fork();
  // Every state and slab is zeroed, by the kernel or just now. Their list is gone, and with it the parent's other
  // threads; this thread's own state stays null until its next span.
  Registry& all = registry();
  all.forks.fetch_add(1, std::memory_order_relaxed);
  forget_mapped_bytes();
  all.first.store(nullptr, std::memory_order_release);
  all.shared.store(make_state(all), std::memory_order_release);  // tells a silent clone of this child, too
  for (auto& drops : all.stateless_drops) drops.store(0, std::memory_order_relaxed);
  detail::thread_locals().state = nullptr;
  if (all.has_key) pthread_setspecific(all.exit_key, nullptr);
}

}  // namespace nanospan::sdk
