// Context: an immutable bag that travels with execution: the active span, baggage and typed values.
//
// A Context is a value. Making a span current allocates nothing; adding any number of typed values allocates once.
// Reading a Context is safe from any thread. `Context::current()` is a reference into the innermost Scope of this
// thread; copying it is what captures it, and capturing a recording span promotes that span to shared mode
// (docs/decisions/0005), so that other threads may add to it through Context::span(). Source: context/README.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include <nanospan/detail/abi.h>
#include <nanospan/span_context.h>

namespace nanospan {
inline namespace v0 {

class Span;
class SpanRef;
class SharedSpan;

namespace detail {

/// A block of typed values, shared by the contexts that have it; `parent` holds what was there before.
struct ContextValues {
  mutable std::atomic<std::uint32_t> owners{1};
  const ContextValues* parent;
  const void* (*find)(const ContextValues* self, const void* key);
  void (*destroy)(const ContextValues* self);

  static const ContextValues* retain(const ContextValues* values) {
    if (values != nullptr) values->owners.fetch_add(1, std::memory_order_relaxed);
    return values;
  }
  static void release(const ContextValues* values) {
    while (values != nullptr && values->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      const ContextValues* parent = values->parent;
      values->destroy(values);
      values = parent;
    }
  }
  static const void* lookup(const ContextValues* values, const void* key) {
    for (; values != nullptr; values = values->parent) {
      if (const void* found = values->find(values, key)) return found;
    }
    return nullptr;
  }
};

}  // namespace detail

/// Names one typed value of contexts. Keys are distinct even with equal names. Declare it as a static object: its
/// address is its identity, and it must outlive the contexts that use it.
template <class T>
class ContextKey {
 public:
  /// `name` is for people only.
  explicit constexpr ContextKey(const char* name) : name_(name) {}
  ContextKey(const ContextKey&) = delete;
  ContextKey& operator=(const ContextKey&) = delete;

  /// A value to give to Context::with.
  std::pair<const void*, T> operator()(T value) const { return {this, std::move(value)}; }
  constexpr const char* name() const { return name_; }

 private:
  const char* name_;
};

namespace detail {

template <class... T>
struct ContextValuesOf final : ContextValues {
  std::tuple<std::pair<const void*, T>...> entries;

  explicit ContextValuesOf(const ContextValues* before, std::pair<const void*, T>... values)
      : entries(std::move(values)...) {
    parent = before;
    find = [](const ContextValues* self, const void* key) -> const void* {
      const void* found = nullptr;
      std::apply([&](const auto&... entry) { ((entry.first == key ? void(found = &entry.second) : void()), ...); },
                 static_cast<const ContextValuesOf*>(self)->entries);
      return found;
    };
    destroy = [](const ContextValues* self) { delete static_cast<const ContextValuesOf*>(self); };
  }
};

}  // namespace detail

class Context {
 public:
  /// The root context: no span, no values.
  constexpr Context() = default;
  Context(const Context& other)
      : span_context_(other.span_context_),
        slab_(other.slab_),
        generation_(other.generation_),
        values_(detail::ContextValues::retain(other.values_)) {
    if (slab_ != nullptr) capture();
  }
  Context(Context&& other) noexcept
      : span_context_(std::move(other.span_context_)),
        slab_(std::exchange(other.slab_, nullptr)),
        generation_(other.generation_),
        values_(std::exchange(other.values_, nullptr)) {}
  Context& operator=(Context other) noexcept {
    std::swap(span_context_, other.span_context_);
    std::swap(slab_, other.slab_);
    std::swap(generation_, other.generation_);
    std::swap(values_, other.values_);
    return *this;
  }
  ~Context() {
    if (values_ != nullptr) detail::ContextValues::release(values_);
  }

  /// The context of this thread: the innermost live Scope's, or the root. Valid until that Scope goes; copy it to keep
  /// it.
  static const Context& current() {
    const Context* current = detail::thread_locals().current;
    return current != nullptr ? *current : root();
  }
  static const Context& root() {
    union Immortal {
      constexpr Immortal() : context() {}
      ~Immortal() {}
      Context context;
    };
    static constinit const Immortal empty{};
    return empty.context;
  }

  /// This context with `span_context` as its span: the parent of spans started in it. For parents from other processes.
  Context with_span_context(SpanContext span_context) const {
    Context next;
    next.span_context_ = std::move(span_context);
    next.values_ = detail::ContextValues::retain(values_);
    return next;
  }
  /// This context with `span` as its active span (defined in span.h). Promotes a recording span to shared mode.
  Context with_span(const Span& span) const;
  Context with_span(const SharedSpan& span) const;

  /// This context with more values, in one allocation: `context.with(kTenant(42), kUser("ann"))`.
  template <class... T>
  Context with(std::pair<const void*, T>... values) const {
    Context next(*this);
    const auto* before = next.values_;
    next.values_ = new detail::ContextValuesOf<T...>(before, std::move(values)...);
    return next;
  }

  /// The value of `key`, or null. Lives as long as this context.
  template <class T>
  const T* get(const ContextKey<T>& key) const {
    return static_cast<const T*>(detail::ContextValues::lookup(values_, &key));
  }

  /// The active span's identity; invalid if there is none.
  const SpanContext& span_context() const { return span_context_; }
  /// The active span itself, if it records and lives in this process; else a handle whose operations do nothing.
  SpanRef span() const;

 private:
  friend class Scope;
  friend class SpanRef;
  friend class Span;
  friend class SharedSpan;
  friend struct ContextAccess;

  struct Borrowed {};
  Context(Borrowed, const SpanContext& span_context, detail::Slab* slab, std::uint64_t generation,
          const detail::ContextValues* values)
      : span_context_(span_context),
        slab_(slab),
        generation_(generation),
        values_(detail::ContextValues::retain(values)) {}
  [[gnu::noinline, gnu::cold]] void capture() const {
    if (const detail::Api* api = detail::api()) api->share(slab_, generation_);
  }

  SpanContext span_context_;
  detail::Slab* slab_ = nullptr;
  std::uint64_t generation_ = 0;
  const detail::ContextValues* values_ = nullptr;
};

/// Makes a span or a context current on this thread until it is destroyed. Pinned: scopes nest like the blocks that
/// hold them and are destroyed on the thread that made them. Allocates nothing.
class Scope {
 public:
  /// Makes `span` current: spans started here are its children. The span is not ended by the scope. A Span that
  /// goes to another thread must leave its scopes first (or be a SharedSpan). If the Span is
  /// moved or ends while the scope lives, its SpanContext stays current.
  explicit Scope(const Span& span);
  explicit Scope(const SharedSpan& span);
  /// Makes `context` current, for work that was handed over from another thread.
  explicit Scope(Context context) : context_(std::move(context)), previous_(detail::thread_locals().current) {
    publish();
  }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() {
    detail::ThreadLocals& locals = detail::thread_locals();
    if (locals.current == &context_) [[likely]] {
      locals.current = previous_;
    } else {
      out_of_order();
    }
  }

 private:
  friend struct ContextAccess;

  // The profiler reads the current context from a signal handler on this thread: it must be complete before it is
  // current, and be current although nothing else may look before the scope ends. Fences for the compiler only.
  NANOSPAN_INLINE void publish() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    detail::thread_locals().current = &context_;
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }

  // context/README.md "Detach Context": a wrong order should be detectable and is reported; what is current stays.
  // Scopes made after this one must not restore it later: it is taken out of their chain.
  [[gnu::noinline, gnu::cold]] void out_of_order() {
    for (const Context* at = detail::thread_locals().current; at != nullptr; at = holder(at)->previous_) {
      if (holder(at)->previous_ == &context_) {
        holder(at)->previous_ = previous_;
        break;
      }
    }
    if (const detail::Api* api = detail::api()) {
      api->report("context",
                  "a Scope was destroyed out of order or on another thread; destroy scopes in reverse order");
    }
  }
  // Only scopes make contexts current, so the scope of a current context begins where it does.
  static Scope* holder(const Context* context) { return reinterpret_cast<Scope*>(const_cast<Context*>(context)); }

  Context context_;  // First: holder() relies on it.
  const Context* previous_;
};
static_assert(std::is_standard_layout_v<Scope>, "a Scope and its first member have one address");

}  // namespace v0
}  // namespace nanospan
