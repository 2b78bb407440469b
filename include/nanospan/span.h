// Span, SpanRef and SharedSpan: the three ways to hold a recording span.
//
//   Span        owns it: move-only, ended by end() or the destructor, used by one thread at a time (it may be moved
//               between threads). This is how a Span is safe for concurrent use (trace/api.md "Concurrency"): no
//               second thread can hold it.
//   SharedSpan  the same span for several threads at once: every operation takes a one-bit lock.
//   SpanRef     borrows it: what a Context or a processor gives. Cannot end it; does nothing once the span has ended.
//
// All operations after the end, and all operations of a span that does not record, do nothing. None blocks, throws or
// allocates in its common form. Source: trace/api.md "Span".
#pragma once

#include <concepts>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include <nanospan/attributes.h>
#include <nanospan/context.h>
#include <nanospan/detail/append.h>
#include <nanospan/detail/class_name.h>
#include <nanospan/detail/end.h>
#include <nanospan/span_context.h>

namespace nanospan {
inline namespace v0 {

class SpanSnapshot;

/// trace/api.md "SpanKind".
enum class SpanKind : std::uint8_t { kInternal = 1, kServer = 2, kClient = 3, kProducer = 4, kConsumer = 5 };

/// trace/api.md "Set Status": Ok wins over Error wins over Unset.
enum class StatusCode : std::uint8_t { kUnset = 0, kOk = 1, kError = 2 };

/// A causal reference to another span. A view: the SpanContext, the attributes and the text they point at must live
/// until the call that takes the Link returns, and it must not be kept (`Link{tracer.start_span("x").context()}` in a
/// variable dangles).
struct Link {
  const SpanContext& context;
  Attributes attributes = {};
};

namespace detail {

/// Text that is not a literal: std::string, std::string_view, const char*.
template <class T>
concept RuntimeText =
    std::convertible_to<const T&, std::string_view> && !std::is_array_v<T> && !std::same_as<T, Literal>;

/// Of a null pointer: no text.
template <RuntimeText Text>
constexpr std::string_view view_of(const Text& text) {
  if constexpr (std::is_pointer_v<Text>) {
    if (text == nullptr) return {};
  }
  return text;
}

/// The operations that Span, SpanRef and SharedSpan share. Handle has `Slab* fast() const`, the slab if this thread may
/// append inline, else null, and `Target slow() const`, the slab (or null) and generation for the Api.
template <class Handle>
class SpanOperations {
 public:
  /// Sets an attribute; the last setting of a key wins. The key is a literal, or any text that is not empty. `value` is
  /// anything that AttributeValue takes. Source: trace/api.md "Set Attributes", common/README.md "Attribute Limits".
  template <class Value>
  NANOSPAN_INLINE Handle& set(Literal key, const Value& value) {
    return set_any(key, value);
  }
  template <RuntimeText Key, class Value>
  NANOSPAN_INLINE Handle& set(const Key& key, const Value& value) {
    return set_any(view_of(key), value);
  }
  /// Sets several attributes, in order: from a braced list, or a list that the caller keeps.
  Handle& set(const Attributes& attributes) {
    if (Slab* slab = self().fast()) {
      set_attributes(slab, self().slow().generation, attributes);
      return self();
    }
    const Target target = self().slow();
    if (target.slab != nullptr) {
      for (const Attribute& attribute : attributes) {
        api()->set(target.slab, target.generation, attribute.key, attribute.value);
      }
    }
    return self();
  }
  /// Calls `describe(*this)` if the span records, so that attributes that are dear to compute cost nothing when it does
  /// not. What it throws is reported and goes no further; what it set before stays.
  template <std::invocable<Handle&> Describe>
  NANOSPAN_INLINE Handle& set_lazily(Describe&& describe) {
    if (!self().is_recording()) return self();
#if defined(__cpp_exceptions)
    try {
      std::forward<Describe>(describe)(self());
    } catch (...) {
      describe_threw();
    }
#else
    std::forward<Describe>(describe)(self());
#endif
    return self();
  }

  /// Records something that happened at `unix_nanos` (0 = now). Order is kept. Source: trace/api.md "Add Events".
  NANOSPAN_INLINE Handle& add_event(Literal name) {
    Slab* slab = self().fast();
    if (slab == nullptr || !append_event(slab, name)) add_event_slow(name, {}, 0);
    return self();
  }
  Handle& add_event(Literal name, const Attributes& attributes, std::uint64_t unix_nanos = 0) {
    return add_event_slow(name, attributes, unix_nanos);
  }
  template <RuntimeText Name>
  Handle& add_event(const Name& name, const Attributes& attributes = {}, std::uint64_t unix_nanos = 0) {
    return add_event_slow(view_of(name), attributes, unix_nanos);
  }

  /// Links to another span. A link with all-zero ids is kept only if it has attributes or a tracestate.
  /// Source: trace/api.md "Add Link", "Link".
  NANOSPAN_INLINE Handle& add_link(const SpanContext& context) {
    Slab* slab = self().fast();
    if (slab == nullptr || !append_link(slab, context)) add_link_slow(context, {});
    return self();
  }
  Handle& add_link(const SpanContext& context, const Attributes& attributes) {
    return add_link_slow(context, attributes);
  }

  /// Records an exception as the event `exception` with exception.type, exception.message and, where given,
  /// exception.stacktrace; `attributes` win over these, and are left out if there is no memory to put them together.
  /// Does not set the status. Source: trace/exceptions.md.
  Handle& record_exception(std::string_view type, std::string_view message, std::string_view stacktrace = {},
                           const Attributes& attributes = {});
  Handle& record_exception(const std::exception& exception, const Attributes& attributes = {}) {
    if (self().slow().slab == nullptr) return self();
    return record_exception(ClassName(exception).text(), exception.what(), {}, attributes);
  }

  /// Sets the status. Ok is final; Error replaces Error and Unset; Unset is ignored; a description is kept with Error
  /// only. Source: trace/api.md "Set Status".
  Handle& set_status(StatusCode code, std::string_view description = {}) {
    const Target target = self().slow();
    if (target.slab != nullptr) api()->set_status(target.slab, target.generation, code, description);
    return self();
  }

  /// Replaces the name. Samplers have decided by the first one. Source: trace/api.md "UpdateName".
  Handle& update_name(std::string_view name) {
    const Target target = self().slow();
    if (target.slab != nullptr) api()->update_name(target.slab, target.generation, name);
    return self();
  }

 protected:
  struct Target {
    Slab* slab;
    std::uint64_t generation;
  };

 private:
  Handle& self() { return static_cast<Handle&>(*this); }

  [[gnu::noinline, gnu::cold]] static void describe_threw() {
    api()->report("span", "what was given to set_lazily threw; the span lacks what it did not come to set");
  }

  template <class Key, class Value>
  NANOSPAN_INLINE Handle& set_any(const Key& key, const Value& value) {
    if (Slab* slab = self().fast()) {
      set_attribute(slab, self().slow().generation, key, value);
    } else if (!Handle::kOwner) {
      const Target target = self().slow();
      if (target.slab != nullptr) api()->set(target.slab, target.generation, key, AttributeValue(value));
    }
    return self();
  }
  Handle& add_event_slow(std::string_view name, const Attributes& attributes, std::uint64_t unix_nanos) {
    const Target target = self().slow();
    if (target.slab != nullptr) api()->add_event(target.slab, target.generation, name, attributes, unix_nanos);
    return self();
  }
  Handle& add_link_slow(const SpanContext& context, const Attributes& attributes) {
    const Target target = self().slow();
    if (target.slab != nullptr) api()->add_link(target.slab, target.generation, context, attributes);
    return self();
  }

  /// 5A len 09 time 12 name_len name
  NANOSPAN_INLINE static bool append_event(Slab* slab, const Literal& name) {
    if (!key_fits(name)) return false;
    std::uint8_t* const at = load_cursor(slab);
    const ThreadState* thread = thread_locals().state;
    if (at >= slab->limit || slab->budget.events_left == 0 || thread == nullptr) [[unlikely]]
      return false;
    const ClockScale* scale = thread->clock.load(std::memory_order_acquire);
    if (scale == nullptr) [[unlikely]]
      return false;
    const std::uint64_t now = scale->unix_nanos(read_ticks());
    --slab->budget.events_left;
    store<std::uint32_t>(at, Tags::kEvent | Tags::kEventTime << 16 | static_cast<std::uint32_t>(11 + name.size()) << 8);
    store(at + 3, now);
    at[11] = Tags::kEventName;
    at[12] = static_cast<std::uint8_t>(name.size());
    __builtin_memcpy(at + 13, name.data(), name.size());
    store_cursor(slab, at + 13 + name.size());
    return true;
  }

  /// 6A 21 0A 10 trace_id 12 08 span_id 35 flags
  NANOSPAN_INLINE static bool append_link(Slab* slab, const SpanContext& context) {
    std::uint8_t* const at = load_cursor(slab);
    if (at >= slab->limit || slab->budget.links_left == 0) [[unlikely]]
      return false;
    if (!context.trace_state().empty() || !context.is_valid()) [[unlikely]]
      return false;
    --slab->budget.links_left;
    store<std::uint32_t>(at, Tags::kLink | 33U << 8 | Tags::kLinkTraceId << 16 | 16U << 24);
    store(at + 4, load<std::uint64_t>(context.trace_id().data()));
    store(at + 12, load<std::uint64_t>(context.trace_id().data() + 8));
    store<std::uint16_t>(at + 20, Tags::kLinkSpanId | 8U << 8);
    store(at + 22, load<std::uint64_t>(context.span_id().data()));
    at[30] = Tags::kLinkFlags;
    store<std::uint32_t>(at + 31,
                         kFlagHasIsRemote | (context.is_remote() ? kFlagIsRemote : 0U) | context.trace_flags());
    store_cursor(slab, at + 35);
    return true;
  }
};

template <class Handle>
Handle& SpanOperations<Handle>::record_exception(std::string_view type, std::string_view message,
                                                 std::string_view stacktrace, const Attributes& attributes) {
  if (self().slow().slab == nullptr) return self();
  const Attribute own[] = {
      {"exception.type", type}, {"exception.message", message}, {"exception.stacktrace", stacktrace}};
  const std::size_t own_count = stacktrace.empty() ? 2 : 3;
  const std::size_t count = own_count + attributes.size();
  void* const memory = attributes.empty() ? nullptr : ::operator new(count * sizeof(Attribute), std::nothrow);
  if (memory == nullptr) return add_event_slow("exception", std::span<const Attribute>(own, own_count), 0);
  auto* const all = static_cast<Attribute*>(memory);
  std::size_t size = 0;
  for (; size < own_count; ++size) ::new (static_cast<void*>(all + size)) Attribute(own[size]);
  for (const Attribute& given : attributes) ::new (static_cast<void*>(all + size++)) Attribute(given);
  add_event_slow("exception", std::span<const Attribute>(all, count), 0);
  ::operator delete(memory);
  return self();
}

}  // namespace detail

class Span : public detail::SpanOperations<Span> {
 public:
  /// A span that does not record, with the invalid context.
  Span() = default;
  /// A span that does not record and carries `context`. Source: trace/api.md "Wrapping a SpanContext in a Span".
  explicit Span(SpanContext context) : context_(std::move(context)) {}
  Span(Span&& other) noexcept : slab_(std::exchange(other.slab_, nullptr)), context_(other.context_) {}
  Span& operator=(Span&& other) noexcept {
    if (this != &other) {
      end();
      slab_ = std::exchange(other.slab_, nullptr);
      context_ = other.context_;
    }
    return *this;
  }
  /// Ends the span if it has not ended.
  NANOSPAN_INLINE ~Span() { end(); }

  /// Ends the span now. Its children, and scopes that made it current, are not touched. Further calls do nothing.
  NANOSPAN_INLINE void end() {
    if (detail::Slab* slab = std::exchange(slab_, nullptr)) detail::end_span(slab);
  }
  /// Ends the span with the given end time: nanoseconds since the Unix epoch, 0 = now. A time before the start becomes
  /// the start.
  void end(std::uint64_t unix_nanos) {
    if (detail::Slab* slab = std::exchange(slab_, nullptr)) detail::api()->end(slab, 0, unix_nanos);
  }

  /// True until the end, if the sampler decided to record.
  NANOSPAN_INLINE bool is_recording() const { return slab_ != nullptr; }
  /// The identity; the same before and after the end.
  const SpanContext& context() const { return context_; }

 private:
  friend class detail::SpanOperations<Span>;
  friend class Context;
  friend class Scope;
  friend class SharedSpan;
  friend class Tracer;

  NANOSPAN_INLINE Span(detail::Slab* slab, SpanContext context) : slab_(slab), context_(std::move(context)) {}

  static constexpr bool kOwner = true;
  NANOSPAN_INLINE detail::Slab* fast() const { return slab_; }
  Target slow() const { return {slab_, 0}; }

  detail::Slab* slab_ = nullptr;
  SpanContext context_;
};
static_assert(sizeof(Span) == 48, "a SpanContext and the slab");

class SpanRef : public detail::SpanOperations<SpanRef> {
 public:
  /// A handle whose operations do nothing.
  SpanRef() = default;
  /// A copy may outlive the call and go to other threads, so it promotes the span to shared mode. A move is a copy: it
  /// is how a reference comes to another thread.
  SpanRef(const SpanRef& other) : slab_(other.slab_), generation_(other.generation_), context_(other.context_) {
    if (slab_ != nullptr) detail::api()->share(slab_, generation_);
  }
  SpanRef& operator=(SpanRef other) noexcept {
    slab_ = other.slab_;
    generation_ = other.generation_;
    context_ = other.context_;
    return *this;
  }
  ~SpanRef() = default;

  /// True until the span has ended, whoever ends it; from any thread.
  bool is_recording() const {
    return slab_ != nullptr && slab_->generation.load(std::memory_order_acquire) == generation_;
  }
  /// The identity; the same before and after the end.
  const SpanContext& context() const { return context_; }

  /// What the span says now: name, kind, parent, start time, attributes, ... A copy, so that it is whole whatever other
  /// threads do meanwhile; empty once the span has ended. For processors (include span_view.h; needs nanospan::sdk).
  /// Source: trace/sdk.md "Additional Span Interfaces" (read/write span).
  SpanSnapshot snapshot() const;

 private:
  friend class detail::SpanOperations<SpanRef>;
  friend class Context;
  friend struct SpanRefAccess;

  SpanRef(detail::Slab* slab, std::uint64_t generation, const SpanContext& context)
      : slab_(slab), generation_(generation), context_(context) {}

  static constexpr bool kOwner = false;
  // Only the thread that owns the slab may append inline: no other thread can reuse the slab between this check and the
  // write.
  detail::Slab* fast() const {
    return is_recording() && slab_->owner == detail::thread_locals().state ? slab_ : nullptr;
  }
  Target slow() const { return {slab_, generation_}; }

  detail::Slab* slab_ = nullptr;
  std::uint64_t generation_ = 0;
  SpanContext context_;
};

/// Copies name the same span; it ends at the first end(), or when the last copy goes.
class SharedSpan : public detail::SpanOperations<SharedSpan> {
 public:
  SharedSpan() = default;
  /// Takes over the span.
  explicit SharedSpan(Span&& span) : slab_(std::exchange(span.slab_, nullptr)), context_(span.context_) {
    if (slab_ == nullptr) return;
    generation_ = slab_->generation.load(std::memory_order_relaxed);
    detail::api()->share(slab_, generation_);
    detail::api()->hold(slab_, generation_);
  }
  SharedSpan(const SharedSpan& other) : slab_(other.slab_), generation_(other.generation_), context_(other.context_) {
    if (slab_ != nullptr) detail::api()->hold(slab_, generation_);
  }
  SharedSpan(SharedSpan&& other) noexcept
      : slab_(std::exchange(other.slab_, nullptr)), generation_(other.generation_), context_(other.context_) {}
  SharedSpan& operator=(SharedSpan other) noexcept {
    std::swap(slab_, other.slab_);
    std::swap(generation_, other.generation_);
    std::swap(context_, other.context_);
    return *this;
  }
  ~SharedSpan() {
    if (slab_ != nullptr) detail::api()->release(slab_, generation_);
  }

  /// Ends the span for all holders. With `unix_nanos` 0, now.
  void end(std::uint64_t unix_nanos = 0) {
    if (slab_ != nullptr) detail::api()->end(slab_, generation_, unix_nanos);
  }
  /// True until the span has ended, whoever ends it; from any thread.
  bool is_recording() const {
    return slab_ != nullptr && slab_->generation.load(std::memory_order_acquire) == generation_;
  }
  /// The identity; the same before and after the end.
  const SpanContext& context() const { return context_; }

 private:
  friend class detail::SpanOperations<SharedSpan>;
  friend class Context;
  friend class Scope;

  static constexpr bool kOwner = false;
  detail::Slab* fast() const { return nullptr; }
  Target slow() const { return {slab_, generation_}; }

  detail::Slab* slab_ = nullptr;
  std::uint64_t generation_ = 0;
  SpanContext context_;
};

inline Scope::Scope(const Span& span)
    : context_(Context::Borrowed{}, span.context_, span.slab_,
               span.slab_ != nullptr ? span.slab_->generation.load(std::memory_order_relaxed) : 0,
               Context::current().values_),
      previous_(detail::thread_locals().current) {
  publish();
}

inline Scope::Scope(const SharedSpan& span)
    : context_(Context::Borrowed{}, span.context_, span.slab_, span.generation_, Context::current().values_),
      previous_(detail::thread_locals().current) {
  publish();
}

inline Context Context::with_span(const Span& span) const {
  const std::uint64_t generation = span.slab_ != nullptr ? span.slab_->generation.load(std::memory_order_relaxed) : 0;
  Context next(Borrowed{}, span.context_, span.slab_, generation, values_);
  if (next.slab_ != nullptr) next.capture();
  return next;
}
inline Context Context::with_span(const SharedSpan& span) const {
  return Context(Borrowed{}, span.context_, span.slab_, span.generation_, values_);
}
inline SpanRef Context::span() const { return SpanRef(slab_, generation_, span_context_); }

/// The active span of this thread, to add to it without passing it around. Use it at once; it is not for keeping.
inline SpanRef current_span() { return Context::current().span(); }

}  // namespace v0
}  // namespace nanospan
