// The memory that inlined code and the library share: thread state, slabs, tracer cores, and the table of cold
// functions.
//
// An instrumented library includes the public headers and links nothing. Two weak symbols, defined here with default
// visibility, tie all copies in a process together: nanospan_api_r1 (null until an SDK lives) and nanospan_thread_r1
// (two trivially destructible pointers). Everything that is not a dozen inline instructions is reached through the Api
// table. Any change to a struct below is a new layout revision: rename both symbols and kLayout (docs/decisions/0001).
// A third, nanospan_layouts, has no revision: by it an SDK warns of copies that it cannot serve.
//
// Ownership: slabs, thread states and tracer cores are made by the SDK and stay mapped for the life of the process, so
// a stale pointer is never a fault; generations tell stale from live.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <nanospan/span_context.h>

#define NANOSPAN_INLINE [[gnu::always_inline]] inline
#ifndef NANOSPAN_THREAD_LINKAGE  // src/sdk/runtime/thread_record.cc has the copy to which all others give way
#define NANOSPAN_THREAD_LINKAGE gnu::weak,
#endif

namespace nanospan {
inline namespace v0 {

class AttributeValue;
class Attributes;
class Context;
class TextMapPropagator;
struct Attribute;
struct Link;
struct StartOptions;
enum class StatusCode : std::uint8_t;

namespace detail {

struct Slab;
struct ThreadState;
struct TracerCore;
struct TracerIdentity;

inline constexpr std::uint32_t kLayout = 1;

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

/// How raw clock ticks become Unix nanoseconds: unix = base_unix + ((ticks - base_ticks) * multiplier >> 32).
struct ClockScale {
  std::uint64_t base_ticks;
  std::uint64_t base_unix;
  std::uint64_t multiplier;

  NANOSPAN_INLINE std::uint64_t duration(std::uint64_t ticks) const {
    return static_cast<std::uint64_t>((static_cast<UnsignedWide>(ticks) * multiplier) >> 32);
  }
  NANOSPAN_INLINE std::uint64_t unix_nanos(std::uint64_t ticks) const {
    const auto since = static_cast<std::int64_t>(ticks - base_ticks);
    return base_unix +
           static_cast<std::uint64_t>((static_cast<Wide>(since) * static_cast<std::int64_t>(multiplier)) >> 32);
  }
};

/// The processor's cycle counter; read only while ThreadState::clock is not null (invariant counter, trusted by the
/// kernel).
NANOSPAN_INLINE std::uint64_t read_ticks() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  std::uint64_t ticks;
  asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
  return 0;
#endif
}

/// Providers alive at one time in one process; each has a slot in the per-thread counters.
inline constexpr std::size_t kProviderSlots = 16;

/// A single-producer single-consumer ring of frames. Layout of a frame, and why, in src/sdk/runtime/ring.h.
struct Ring {
  alignas(64) std::atomic<std::uint64_t> tail{0};  ///< Bytes ever written; stored by the producer.
  alignas(64) std::atomic<std::uint64_t> head{0};  ///< Bytes ever freed; stored by the drain.
  std::uint32_t busy_rounds = 0;                   ///< The drain's: rounds in a row in which this ring filled fast.
  bool touched = false;                            ///< The drain's: it has provided the pages.
  std::atomic<Ring*> larger{
      nullptr};  ///< The drain found this one too full and made another, for the producer to take.
  alignas(64) std::uint8_t* base = nullptr;  ///< `size` bytes, and kCopySlack more that only overrunning copies touch.
  std::uint64_t size = 0;                    ///< A power of two.
  std::atomic<Ring*> next{nullptr};          ///< The larger ring that the producer went on to; set after the last tail.
};
static_assert(sizeof(Ring) == 192 && offsetof(Ring, tail) == 0 && offsetof(Ring, head) == 64 &&
                  offsetof(Ring, busy_rounds) == 72 && offsetof(Ring, touched) == 76 && offsetof(Ring, larger) == 80 &&
                  offsetof(Ring, base) == 128 && offsetof(Ring, size) == 136 && offsetof(Ring, next) == 144,
              "the producer's line, the drain's, and one that both only read");

/// Bytes after a ring and after a slab that a copy in 64-byte steps may overrun.
inline constexpr std::size_t kCopySlack = 64;

/// What one producing thread owns. Lives in a page that the kernel zeroes in a forked child: a zero random state, a
/// null free list and a zero soft limit all lead to the slow path, which starts afresh.
struct alignas(64) ThreadState {
  std::uint64_t random[4];               ///< xoshiro256++ state; all zero = not initialised.
  Slab* free;                            ///< LIFO list of free slabs.
  std::atomic<const ClockScale*> clock;  ///< Null while ticks are not calibrated or not trusted: use the vDSO.
  std::uint64_t tail;                    ///< Producer's copy of ring->tail.
  std::atomic<std::uint64_t> soft;       ///< Tail above which End takes the slow path (wake, wrap, full, first span).

  std::uint8_t* ring_base;
  std::uint64_t ring_mask;
  Ring* ring;
  std::atomic<Slab*> returned;  ///< Own slabs that other threads ended.
  std::uint64_t slabs;          ///< Slabs ever carved for this thread.
  Slab* carve;                  ///< Next slab of the current chunk that was never used.
  Slab* carve_end;
  Ring* draining;  ///< The drain's: the ring it reads; older than or equal to `ring`.

  std::atomic<std::uint64_t> ended[kProviderSlots];         ///< Sampled spans ended, by provider slot.
  std::atomic<std::uint64_t> dropped_ring[kProviderSlots];  ///< Of these, dropped because the ring was full.
  ThreadState* next_registered;
  std::atomic<std::uint32_t> in_use;
};
static_assert(offsetof(ThreadState, random) == 0 && offsetof(ThreadState, free) == 32 &&
                  offsetof(ThreadState, clock) == 40 && offsetof(ThreadState, tail) == 48 &&
                  offsetof(ThreadState, soft) == 56,
              "one cache line for everything that start and end read");
static_assert(sizeof(ThreadState) == 448 && offsetof(ThreadState, ring_base) == 64 &&
              offsetof(ThreadState, ring_mask) == 72 && offsetof(ThreadState, ring) == 80 &&
              offsetof(ThreadState, returned) == 88 && offsetof(ThreadState, ended) == 128 &&
              offsetof(ThreadState, dropped_ring) == 256);

/// Words of an event or link budget, start-of-span copies of the limits.
struct CollectionBudget {
  std::uint32_t events_left;
  std::uint32_t links_left;
};

/// What the hot path needs to know of a tracer; written by the SDK, read by all threads. Never freed.
struct alignas(64) TracerCore {
  enum Mode : std::uint32_t {
    kOn = 1,            ///< The provider lives and this tracer is enabled.
    kFast = 2,          ///< Built-in sampler, no hooks: the inlined path decides. Implies kOn.
    kFollowParent = 4,  ///< With kFast: a child is sampled iff its parent is; otherwise `threshold` decides.
  };
  std::atomic<std::uint32_t> mode;
  /// The count limit less Slab::kBloomBits: before that many keys none needs to be counted. 0: each takes the checked
  /// path.
  std::uint32_t unchecked_keys;
  CollectionBudget budget;
  std::uint64_t threshold;   ///< With kFast: sample iff the low 56 bits of the trace id are >= this (2^56 = never).
  std::uint64_t frame_word;  ///< High half of a frame header: provider slot << 56 | core index << 32.
  std::uint64_t bloom_seed;  ///< 0, or all ones where every set must take the checked path (odd limits).
};
static_assert(sizeof(TracerCore) == 64 && offsetof(TracerCore, mode) == 0 &&
                  offsetof(TracerCore, unchecked_keys) == 4 && offsetof(TracerCore, budget) == 8 &&
                  offsetof(TracerCore, threshold) == 16 && offsetof(TracerCore, frame_word) == 24 &&
                  offsetof(TracerCore, bloom_seed) == 32,
              "one cache line, of its own");

/// One recording span. 2 KiB: two hot lines, fingerprints of the keys, then the OTLP bytes of the span as they grow.
///
///   buffer: | frame header 8, right aligned before the tag | tag 0x12, length 1-4 | body ...
///                                                          ^ body() - prefix      ^ body(), at a fixed offset
///   body:   0A 10 trace_id | 12 08 span_id | 30 kind | 39 start | 41 end | 85 01 flags | 22 08 parent (only with one)
///   | name ...
struct alignas(64) Slab {
  static constexpr std::size_t kBytes = 2048;
  static constexpr std::uint32_t kFingerprints = 128;
  static constexpr std::uint32_t kBloomBits = 64;  ///< So many keys at most meet no bit that is set.
  static constexpr std::size_t kHeadRoom = 16;
  static constexpr std::size_t kSlack = 256;  ///< A fast append writes at most this much beyond `limit`.

  /// Exactly kPlain on the common path. A slab that the kernel zeroed in a forked child has none, and takes the slow
  /// one.
  enum Cold : std::uint32_t {
    kPlain = 1U << 31,
    kStatus = 1,        ///< set_status was called.
    kDropped = 2,       ///< A dropped count is not zero.
    kGrown = 4,         ///< The body is in a heap block.
    kWallClock = 8,     ///< `start` is Unix nanoseconds already.
    kHooks = 16,        ///< Processors look at this span.
    kShared = 32,       ///< Several threads may hold it: every append and End takes the locked path.
    kUnsampled = 64,    ///< Record only: never exported.
    kEventsLack = 128,  ///< An event of it has a dropped count that is not zero.
    kLinksLack = 256,   ///< The same of a link.
  };

  // First line: every append and End.
  std::uint8_t* cursor;  ///< End of the bytes so far.
  std::uint8_t* limit;   ///< Append inline only while cursor < limit; null sends every append to the locked path.
  std::uint64_t bloom;   ///< One bit a key.
  std::uint64_t start;   ///< Ticks, or Unix nanoseconds with kWallClock.
  std::uint32_t keys;    ///< Unique attribute keys so far.
  std::uint32_t cold;    ///< Cold flags; other than kPlain send End to the slow path.
  Slab* next;            ///< Free list.
  ThreadState* owner;    ///< Whose slab it is; End on another thread takes the slow path.

  std::uint64_t frame_word;  ///< TracerCore::frame_word of the span's tracer.

  // Second line: start and End, then the slow path.
  TracerCore* core;
  std::uint8_t* body;  ///< First byte of the span message; buffer + kHeadRoom, or in a heap block once grown.
  std::atomic<std::uint64_t> generation;  ///< Goes up at each End; a handle with another generation is stale.
  CollectionBudget budget;
  std::uint32_t dropped_attributes;
  std::uint32_t dropped_events;
  std::uint32_t dropped_links;
  std::uint32_t status;                ///< StatusCode.
  std::atomic<std::uint32_t> lock;     ///< Taken by every append and End in shared mode.
  std::atomic<std::uint32_t> holders;  ///< SharedSpan handles.
  void* extra;                         ///< What few spans need: status message, parent (src/sdk/trace/slab.h).

  std::uint32_t fingerprints[kFingerprints];

  static constexpr std::size_t kBufferBytes = kBytes - 128 - 4 * kFingerprints;
  std::uint8_t buffer[kBufferBytes];

  std::uint8_t* inline_limit() { return buffer + kBufferBytes - kSlack; }
};
static_assert(sizeof(Slab) == Slab::kBytes);
static_assert(offsetof(Slab, frame_word) == 56 && offsetof(Slab, core) == 64 && offsetof(Slab, fingerprints) == 128,
              "the append line and the start/end line are one cache line each");

/// Offsets in the body's fixed part.
struct BodyLayout {
  static constexpr std::size_t kTraceId = 2;
  static constexpr std::size_t kSpanId = 20;
  static constexpr std::size_t kKind = 29;
  static constexpr std::size_t kStart = 31;
  static constexpr std::size_t kEnd = 40;
  static constexpr std::size_t kFlags = 50;
  static constexpr std::size_t kParentTag = 54;
  static constexpr std::size_t kParentId = 56;
  static constexpr std::size_t kRootBytes = 54;
  static constexpr std::size_t kChildBytes = 64;
};

/// Tags of the fields that inlined code writes: field number << 3 | wire type, as they stand on the wire. The headers
/// know nothing of src/; src/sdk/runtime/threads.cc holds each against the field numbers of wire/otlp_fields.h.
struct Tags {
  static constexpr std::uint32_t kSpan = 0x12;  ///< ScopeSpans.spans
  // Span
  static constexpr std::uint32_t kTraceId = 0x0A;
  static constexpr std::uint32_t kSpanId = 0x12;
  static constexpr std::uint32_t kParentSpanId = 0x22;
  static constexpr std::uint32_t kName = 0x2A;
  static constexpr std::uint32_t kKind = 0x30;
  static constexpr std::uint32_t kStart = 0x39;
  static constexpr std::uint32_t kEnd = 0x41;
  static constexpr std::uint32_t kAttribute = 0x4A;
  static constexpr std::uint32_t kEvent = 0x5A;
  static constexpr std::uint32_t kLink = 0x6A;
  static constexpr std::uint32_t kFlags = 0x0185;  ///< Two bytes: 85 01.
  // KeyValue, AnyValue
  static constexpr std::uint32_t kKey = 0x0A;
  static constexpr std::uint32_t kValue = 0x12;
  static constexpr std::uint32_t kString = 0x0A;
  static constexpr std::uint32_t kBool = 0x10;
  static constexpr std::uint32_t kInt = 0x18;
  static constexpr std::uint32_t kDouble = 0x21;
  // Span.Event, Span.Link
  static constexpr std::uint32_t kEventTime = 0x09;
  static constexpr std::uint32_t kEventName = 0x12;
  static constexpr std::uint32_t kLinkTraceId = 0x0A;
  static constexpr std::uint32_t kLinkSpanId = 0x12;
  static constexpr std::uint32_t kLinkFlags = 0x35;
};

/// OTLP Span.flags and Link.flags above the W3C byte.
inline constexpr std::uint32_t kFlagHasIsRemote = 0x100;
inline constexpr std::uint32_t kFlagIsRemote = 0x200;

/// The cold functions. A null Api means that no SDK lives: every operation is a no-op that still carries the parent.
struct Api {
  std::uint32_t layout;

  // Spans. `generation` 0 means "whatever lives in the slab" and is passed by the owner; others pass theirs and lose
  // against a span that has ended. All lock the slab where it is shared. None blocks, throws or calls the user except
  // processors. start(): a valid *context is what the caller has drawn for a root, whose trace id it keeps.
  void (*start)(TracerIdentity& tracer, std::string_view name, const StartOptions& options, Slab** slab,
                SpanContext* context);
  void (*end)(Slab* slab, std::uint64_t generation, std::uint64_t end_unix_nanos);
  void (*set)(Slab* slab, std::uint64_t generation, std::string_view key, const AttributeValue& value);
  void (*add_event)(Slab* slab, std::uint64_t generation, std::string_view name, const Attributes& attributes,
                    std::uint64_t unix_nanos);
  void (*add_link)(Slab* slab, std::uint64_t generation, const SpanContext& context, const Attributes& attributes);
  void (*set_status)(Slab* slab, std::uint64_t generation, StatusCode code, std::string_view description);
  void (*update_name)(Slab* slab, std::uint64_t generation, std::string_view name);
  void (*share)(Slab* slab,
                std::uint64_t generation);  ///< Promotes to shared mode; on the owner's thread the first time.
  void (*hold)(Slab* slab, std::uint64_t generation);     ///< One more SharedSpan.
  void (*release)(Slab* slab, std::uint64_t generation);  ///< One fewer; the last one ends the span.
  bool (*enabled)(TracerIdentity& tracer);

  // Propagation.
  const TextMapPropagator& (*propagator)();

  // The user's error handler.
  void (*report)(std::string_view component, std::string_view message);
};

/// Where copies of different layout revisions, which do not find each other by design, learn that there are others.
/// Zero at first. This struct has no revision: it never changes.
struct LayoutRegistry {
  std::atomic<std::uint64_t> used;                      ///< Bit n: a tracer was made by a copy of revision n.
  std::atomic<std::uint32_t> sdk;                       ///< The revision of the SDK that lives; 0 = none.
  std::atomic<void (*)(std::uint32_t other)> mismatch;  ///< That SDK's: says that copies of `other` are no-ops.
};

struct ThreadLocals {
  const Context* current;  ///< Null means the root context. First: also found as otel_thread_ctx_v1 (decision 0306).
  ThreadState* state;
};
static_assert(sizeof(ThreadLocals) == 16 && offsetof(ThreadLocals, current) == 0 && offsetof(ThreadLocals, state) == 8);

}  // namespace detail
}  // namespace v0
}  // namespace nanospan

extern "C" {
[[gnu::weak, gnu::visibility("default")]] constinit std::atomic<const nanospan::detail::Api*> nanospan_api_r1{nullptr};
[[
  NANOSPAN_THREAD_LINKAGE gnu::visibility("default"),
  gnu::tls_model("initial-exec")
]] constinit thread_local nanospan::detail::ThreadLocals nanospan_thread_r1{nullptr, nullptr};
[[gnu::weak, gnu::visibility("default")]] constinit nanospan::detail::LayoutRegistry nanospan_layouts{};
}

namespace nanospan {
inline namespace v0 {
namespace detail {

NANOSPAN_INLINE const Api* api() { return nanospan_api_r1.load(std::memory_order_acquire); }
NANOSPAN_INLINE ThreadLocals& thread_locals() { return nanospan_thread_r1; }

/// Called for each new tracer.
[[gnu::noinline, gnu::cold]] inline void note_layout() {
  nanospan_layouts.used.fetch_or(std::uint64_t{1} << kLayout, std::memory_order_relaxed);
  const auto mismatch = nanospan_layouts.mismatch.load(std::memory_order_acquire);
  if (mismatch != nullptr && nanospan_layouts.sdk.load(std::memory_order_relaxed) != kLayout) mismatch(kLayout);
}

}  // namespace detail
}  // namespace v0
}  // namespace nanospan
