// Tracer: starts spans for one instrumentation scope.
//
// Thread-safe and cheap to copy into a static. A Tracer made before start() comes alive when the SDK does; without an
// SDK its spans do not record but carry their parent's context. Source: trace/api.md "Tracer", "Span Creation".
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <nanospan/attributes.h>
#include <nanospan/context.h>
#include <nanospan/span.h>

namespace nanospan {
inline namespace v0 {

/// What a span may be given at its start. Attributes known now are better given here than set later: samplers see only
/// these (trace/api.md "Span Creation"). All views live for the call.
struct StartOptions {
  SpanKind kind = SpanKind::kInternal;
  Attributes attributes = {};
  std::span<const Link> links = {};
  std::uint64_t start_unix_nanos = 0;  ///< 0 = now. Give it only for work that began before the call.
  const Context* parent = nullptr;     ///< Null = Context::current().
  bool root = false;                   ///< Ignore any parent and begin a new trace.
};

/// Who instruments: the OTLP InstrumentationScope.
struct InstrumentationScope {
  std::string_view name;  ///< The instrumenting library or module; empty is allowed and kept.
  std::string_view version = {};
  std::string_view schema_url = {};
  Attributes attributes = {};
};

namespace detail {

/// A tracer's scope and the core that it found, if any.
struct TracerIdentity {
  std::string name;
  std::string version;
  std::string schema_url;
  AttributeList attributes;
  std::atomic<TracerCore*> core{nullptr};
  bool bound = false;  ///< Belongs to one provider; otherwise follows the default provider.

  /// Without memory it is bound to no provider: its spans never record.
  explicit TracerIdentity(const InstrumentationScope& scope) {
#if defined(__cpp_exceptions)
    try {
      take(scope);
    } catch (...) {
      bound = true;
      if (const Api* known = api()) known->report("tracer", "no memory for a tracer's name; its spans do not record");
    }
#else
    take(scope);
#endif
  }
  TracerIdentity(const TracerIdentity& other)
      : name(other.name),
        version(other.version),
        schema_url(other.schema_url),
        attributes(other.attributes),
        core(other.core.load(std::memory_order_acquire)),
        bound(other.bound) {}
  TracerIdentity& operator=(const TracerIdentity& other) {
    TracerIdentity copy(other);
    name.swap(copy.name);
    version.swap(copy.version);
    schema_url.swap(copy.schema_url);
    attributes = std::move(copy.attributes);
    core.store(copy.core.load(std::memory_order_acquire), std::memory_order_release);
    bound = copy.bound;
    return *this;
  }

 private:
  void take(const InstrumentationScope& scope) {
    name = scope.name;
    version = scope.version;
    schema_url = scope.schema_url;
    attributes = AttributeList(scope.attributes);
  }
};

NANOSPAN_INLINE std::uint64_t rotate_left(std::uint64_t value, int bits) {
  return (value << bits) | (value >> (64 - bits));
}

/// xoshiro256++ (Blackman and Vigna); zero for ever if the state is zero.
NANOSPAN_INLINE std::uint64_t next_random(ThreadState* thread) {
  std::uint64_t* s = thread->random;
  std::uint64_t a = s[0], b = s[1], c = s[2], d = s[3];
  const std::uint64_t result = rotate_left(a + d, 23) + a;
  const std::uint64_t shifted = b << 17;
  c ^= a;
  d ^= b;
  b ^= c;
  a ^= d;
  c ^= shifted;
  d = rotate_left(d, 45);
  s[0] = a;
  s[1] = b;
  s[2] = c;
  s[3] = d;
  return result;
}

/// The 56 random bits of a trace id, as a number: its last seven bytes (W3C Level 2 "Random Trace ID Flag").
NANOSPAN_INLINE std::uint64_t sampling_bits(std::uint64_t low_word) {
  return __builtin_bswap64(low_word) & 0x00FF'FFFF'FFFF'FFFFULL;
}

}  // namespace detail

class Tracer {
 public:
  /// A tracer of the default provider.
  explicit Tracer(const InstrumentationScope& scope) : identity_(scope) { detail::note_layout(); }

  /// Starts a span. Its parent is `options.parent`, else the current context; it is not made current (use Scope). The
  /// span is sampled, or only carries ids, as the provider's sampler says.
  NANOSPAN_INLINE Span start_span(Literal name, const StartOptions& options = {}) { return start(name, options); }
  template <detail::RuntimeText Name>
  NANOSPAN_INLINE Span start_span(const Name& name, const StartOptions& options = {}) {
    return start(detail::view_of(name), options);
  }

  /// False if spans started now cannot record: no SDK, no processor, or shut down. Ask each time, do not keep the
  /// answer. Source: trace/api.md "Enabled".
  bool enabled() {
    const detail::Api* api = detail::api();
    return api != nullptr && api->enabled(identity_);
  }

  /// Of its scope; a view of the text that the tracer was made with.
  std::string_view name() const { return identity_.name; }

 private:
  friend class TracerProvider;

  // A new span's identity, in registers.
  struct Words {
    std::uint64_t trace_high, trace_low, span;
    std::uint8_t flags;
  };

  template <class Name>
  NANOSPAN_INLINE Span start(const Name& name, const StartOptions& options);
  template <class Name>
  NANOSPAN_INLINE static detail::Slab* open(detail::ThreadState* thread, detail::TracerCore* core, const Name& name,
                                            SpanKind kind, const Words& words, const SpanContext* parent);
  // Everything that is not the common case: no SDK yet or any more, options that need work, other samplers, hooks. By
  // value, so that the inlined path keeps its arguments in registers.
  [[gnu::noinline]] Span start_slow(std::string_view name, StartOptions options) {
    Span span;
    if (const detail::Api* api = detail::api()) {
      api->start(identity_, name, options, &span.slab_, &span.context_);
    } else if (!options.root) {
      // trace/api.md "Behavior of the API in the absence of an installed SDK": carry the parent.
      span.context_ = (options.parent != nullptr ? *options.parent : Context::current()).span_context();
    }
    return span;
  }
  // For what was sampled and finds no memory at hand. The library decides again, so it must decide about the same
  // trace: with a new id it would keep a root with its probability squared.
  [[gnu::noinline, gnu::cold]] Span start_sampled_slow(std::string_view name, StartOptions options, Words words) {
    Span span;
    span.context_ = SpanContext(TraceId::from_words(words.trace_high, words.trace_low), SpanId::from_words(words.span),
                                words.flags, false);
    if (const detail::Api* api = detail::api()) api->start(identity_, name, options, &span.slab_, &span.context_);
    return span;
  }

  detail::TracerIdentity identity_;
};

/// A tracer of the default provider. Keep it (`static auto tracer = nanospan::tracer("shop");`): making one looks it
/// up. A provider tells 4096 scopes apart; spans of later ones are sent as the first one's, and a line says so. After
/// 65,536 tracers in the life of a process, all providers together, new ones do not record, and a line says so.
inline Tracer tracer(std::string_view name, std::string_view version = {}) {
  return Tracer({.name = name, .version = version});
}

// HOT: bench/span_bench "live/W2", baseline W2. Order of trace/sdk.md "SDK Span creation": trace id, sampler, span id
// (always), span.
template <class Name>
NANOSPAN_INLINE Span Tracer::start(const Name& name, const StartOptions& options) {
  using Mode = detail::TracerCore;
  const auto slow = [&] {
    return start_slow(name, {options.kind, options.attributes, options.links, options.start_unix_nanos, options.parent,
                             options.root});
  };
  const detail::ThreadLocals& locals = detail::thread_locals();
  detail::TracerCore* const core = identity_.core.load(std::memory_order_acquire);
  const Context* const context = options.parent != nullptr ? options.parent : locals.current;
  if (core == nullptr) [[unlikely]] {
    if (context == nullptr && detail::api() == nullptr) return Span();
    return slow();
  }
  detail::ThreadState* const thread = locals.state;
  const std::uint32_t mode = core->mode.load(std::memory_order_acquire);
  const SpanContext* const parent = options.root || context == nullptr ? nullptr : &context->span_context();
  const bool special = thread == nullptr || (mode & Mode::kFast) == 0 || options.start_unix_nanos != 0 ||
                       !options.links.empty() || name.size() > detail::kInlineMessageMax ||
                       (parent != nullptr && !parent->trace_state().empty());
  if (special) [[unlikely]]
    return slow();

  Words words;
  words.span = detail::next_random(thread);
  const bool has_parent = parent != nullptr && parent->is_valid();
  if (has_parent) {
    words.trace_high = detail::load<std::uint64_t>(parent->trace_id().data());
    words.trace_low = detail::load<std::uint64_t>(parent->trace_id().data() + 8);
    words.flags = parent->trace_flags();
  } else {
    words.trace_high = detail::next_random(thread);
    words.trace_low = detail::next_random(thread);
    words.flags = TraceFlags::kRandom;
  }
  bool sampled;
  if (has_parent && (mode & Mode::kFollowParent) != 0) {
    sampled = (words.flags & TraceFlags::kSampled) != 0;
  } else {
    sampled = detail::sampling_bits(words.trace_low) >= core->threshold;
    words.flags = static_cast<std::uint8_t>((words.flags & TraceFlags::kRandom) | (sampled ? TraceFlags::kSampled : 0));
  }
  if (words.span == 0) [[unlikely]]
    return slow();
  detail::Slab* slab = nullptr;
  if (sampled) {
    if (thread->free == nullptr || thread->clock.load(std::memory_order_relaxed) == nullptr) [[unlikely]] {
      return start_sampled_slow(
          name,
          {options.kind, options.attributes, options.links, options.start_unix_nanos, options.parent, options.root},
          words);
    }
    slab = open(thread, core, name, options.kind, words, has_parent ? parent : nullptr);
    if (!options.attributes.empty()) detail::set_attributes(slab, 0, options.attributes);
  }
  return Span(slab, SpanContext(TraceId::from_words(words.trace_high, words.trace_low), SpanId::from_words(words.span),
                                words.flags, false));
}

// Takes a slab whose template bytes are in place and fills in what differs.
template <class Name>
NANOSPAN_INLINE detail::Slab* Tracer::open(detail::ThreadState* thread, detail::TracerCore* core, const Name& name,
                                           SpanKind kind, const Words& words, const SpanContext* parent) {
  using Layout = detail::BodyLayout;
  detail::Slab* const slab = thread->free;
  thread->free = slab->next;

  std::uint8_t* const body = slab->buffer + detail::Slab::kHeadRoom;
  detail::store(body + Layout::kTraceId, words.trace_high);
  detail::store(body + Layout::kTraceId + 8, words.trace_low);
  detail::store(body + Layout::kSpanId, words.span);
  body[Layout::kKind] = static_cast<std::uint8_t>(kind);
  std::uint32_t flags = detail::kFlagHasIsRemote | words.flags;
  std::uint8_t* cursor = body + Layout::kRootBytes;
  if (parent != nullptr) {
    if (parent->is_remote()) flags |= detail::kFlagIsRemote;
    detail::store<std::uint16_t>(body + Layout::kParentTag, detail::Tags::kParentSpanId | 8U << 8);
    detail::store(body + Layout::kParentId, detail::load<std::uint64_t>(parent->span_id().data()));
    cursor = body + Layout::kChildBytes;
  }
  detail::store(body + Layout::kFlags, flags);

  cursor[0] = detail::Tags::kName;
  cursor[1] = static_cast<std::uint8_t>(name.size());
  std::uint64_t bad = 0;
  if constexpr (std::is_same_v<Name, Literal>) {
    __builtin_memcpy(cursor + 2, name.data(), name.size());
    bad = name.is_ascii() ? 0 : 1;
  } else {
    bad = detail::copy_text(cursor + 2, name.data(), name.size());
  }

  detail::store_cursor(slab, cursor + 2 + name.size());
  slab->limit = slab->inline_limit();
  slab->bloom = core->bloom_seed;
  slab->keys = 0;
  slab->frame_word = core->frame_word;
  slab->core = core;
  slab->budget = core->budget;
  if (bad != 0) [[unlikely]]
    detail::api()->update_name(slab, 0, name);
  slab->start = detail::read_ticks();
  return slab;
}

}  // namespace v0
}  // namespace nanospan
