// The workloads that every benchmark and every budget means by these names, so that a figure and a count speak of the
// same code.
//
//   W1  not sampled: child with a new random id, 8 attributes offered lazily
//   W2  sampled, no attributes
//   W3  sampled, 8 attributes: 4 strings of 16 bytes, 3 ints, 1 bool
//   W4  sampled, 10 attributes of 20-character keys and 20-character values (the specification's workload)
//
// "literal" keys and names are string literals in the source; "dynamic" ones are string_views whose text and length the
// compiler cannot see. Values are taken from a pool of 64 random texts, so that neither branch predictors nor
// compressors are flattered. All spans are children of the current span and of kind server.
//
// Thread-safety: the pool is constant after construction; each workload object belongs to one thread.
#pragma once

#include <nanospan/context.h>
#include <nanospan/tracer.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nanospan::bench {

/// Random values and dynamic keys.
class Pool {
 public:
  static const Pool& get() {
    static const Pool pool;
    return pool;
  }

  std::string_view text16(std::uint64_t i) const { return text16_views_[i & 63]; }
  std::string_view text20(std::uint64_t i) const { return text20_views_[i & 63]; }
  std::int64_t number(std::uint64_t i) const { return 200 + static_cast<std::int64_t>(i & 63); }
  std::string_view key8(std::size_t i) const { return keys8_[i]; }
  std::string_view key20(std::size_t i) const { return keys20_[i]; }
  std::string_view name() const { return name_; }

 private:
  Pool() {
    std::uint64_t x = 88172645463325252ULL;  // xorshift64, fixed seed: the same values in every run
    const auto letter = [&x] {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
      return static_cast<char>('a' + x % 26);
    };
    for (std::size_t i = 0; i < 64; ++i) {
      for (int j = 0; j < 16; ++j) text16_[i] += letter();
      for (int j = 0; j < 20; ++j) text20_[i] += letter();
      text16_views_[i] = text16_[i];
      text20_views_[i] = text20_[i];
    }
  }

  std::array<std::string, 64> text16_, text20_;
  std::array<std::string_view, 64> text16_views_, text20_views_;
  std::array<std::string, 8> keys8_ = {"http.reqmethod", "url.pathnormal", "server.address", "user_agent.org",
                                       "http.resp.code", "server.portnum", "http.body.size", "error.occurred"};
  std::array<std::string, 10> keys20_ = {"spec.attribute.key00", "spec.attribute.key01", "spec.attribute.key02",
                                         "spec.attribute.key03", "spec.attribute.key04", "spec.attribute.key05",
                                         "spec.attribute.key06", "spec.attribute.key07", "spec.attribute.key08",
                                         "spec.attribute.key09"};
  std::string name_ = "GET /users";
};

/// What a workload is given: whose spans, and values to put in.
struct Bench {
  Tracer tracer;
  const Pool& pool = Pool::get();
};

template <class Handle>
NANOSPAN_INLINE void set_w3(Handle& span, const Pool& p, std::uint64_t i) {
  span.set("http.reqmethod", p.text16(i))
      .set("url.pathnormal", p.text16(i + 1))
      .set("server.address", p.text16(i + 2))
      .set("user_agent.org", p.text16(i + 3))
      .set("http.resp.code", p.number(i))
      .set("server.portnum", p.number(i + 1))
      .set("http.body.size", p.number(i + 2))
      .set("error.occurred", (i & 1) != 0);
}

template <class Handle>
NANOSPAN_INLINE void set_w4(Handle& span, const Pool& p, std::uint64_t i) {
  span.set("spec.attribute.key00", p.text20(i))
      .set("spec.attribute.key01", p.text20(i + 1))
      .set("spec.attribute.key02", p.text20(i + 2))
      .set("spec.attribute.key03", p.text20(i + 3))
      .set("spec.attribute.key04", p.text20(i + 4))
      .set("spec.attribute.key05", p.text20(i + 5))
      .set("spec.attribute.key06", p.text20(i + 6))
      .set("spec.attribute.key07", p.text20(i + 7))
      .set("spec.attribute.key08", p.text20(i + 8))
      .set("spec.attribute.key09", p.text20(i + 9));
}

/// Keeps the compiler from dropping an object that nobody looks at.
template <class T>
NANOSPAN_INLINE void keep(const T& object) {
  asm volatile("" : : "r"(&object) : "memory");
}

// Each workload: operator()(Bench&, i) makes span number i. kSpans is what one call adds to the ledger, kAttributes
// what it sends.

struct Empty {  // W2
  static constexpr const char* kName = "W2";
  static constexpr std::size_t kSpans = 1, kAttributes = 0;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t) const {
    Span span = b.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
  }
};
struct EmptyRoot {
  static constexpr const char* kName = "W2_root";
  static constexpr std::size_t kSpans = 1, kAttributes = 0;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t) const {
    Span span = b.tracer.start_span("GET /users", {.kind = SpanKind::kServer, .root = true});
  }
};
struct Eight {
  static constexpr const char* kName = "W3_literal";
  static constexpr std::size_t kSpans = 1, kAttributes = 8;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t i) const {
    Span span = b.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
    set_w3(span, b.pool, i);
  }
};
struct EightDynamic {
  static constexpr const char* kName = "W3_dynamic";
  static constexpr std::size_t kSpans = 1, kAttributes = 8;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t i) const {
    const Pool& p = b.pool;
    Span span = b.tracer.start_span(p.name(), {.kind = SpanKind::kServer});
    span.set(p.key8(0), p.text16(i)).set(p.key8(1), p.text16(i + 1)).set(p.key8(2), p.text16(i + 2));
    span.set(p.key8(3), p.text16(i + 3)).set(p.key8(4), p.number(i)).set(p.key8(5), p.number(i + 1));
    span.set(p.key8(6), p.number(i + 2)).set(p.key8(7), (i & 1) != 0);
  }
};
struct Ten {
  static constexpr const char* kName = "W4_literal";
  static constexpr std::size_t kSpans = 1, kAttributes = 10;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t i) const {
    Span span = b.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
    set_w4(span, b.pool, i);
  }
};
struct TenDynamic {
  static constexpr const char* kName = "W4_dynamic";
  static constexpr std::size_t kSpans = 1, kAttributes = 10;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t i) const {
    const Pool& p = b.pool;
    Span span = b.tracer.start_span(p.name(), {.kind = SpanKind::kServer});
    span.set(p.key20(0), p.text20(i)).set(p.key20(1), p.text20(i + 1)).set(p.key20(2), p.text20(i + 2));
    span.set(p.key20(3), p.text20(i + 3)).set(p.key20(4), p.text20(i + 4)).set(p.key20(5), p.text20(i + 5));
    span.set(p.key20(6), p.text20(i + 6)).set(p.key20(7), p.text20(i + 7)).set(p.key20(8), p.text20(i + 8));
    span.set(p.key20(9), p.text20(i + 9));
  }
};

// Eight of a kind on a W2 span: (cost - cost of W2) / 8 is the price of one more.
inline constexpr std::size_t kMany = 8;

struct EightStrings {
  static constexpr const char* kName = "8_strings";
  static constexpr std::size_t kSpans = 1, kAttributes = 8;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t i) const {
    const Pool& p = b.pool;
    Span span = b.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
    span.set("marg.attrs.k0", p.text16(i)).set("marg.attrs.k1", p.text16(i + 1)).set("marg.attrs.k2", p.text16(i + 2));
    span.set("marg.attrs.k3", p.text16(i + 3)).set("marg.attrs.k4", p.text16(i + 4));
    span.set("marg.attrs.k5", p.text16(i + 5)).set("marg.attrs.k6", p.text16(i + 6));
    span.set("marg.attrs.k7", p.text16(i + 7));
  }
};
struct EightInts {
  static constexpr const char* kName = "8_ints";
  static constexpr std::size_t kSpans = 1, kAttributes = 8;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t i) const {
    const Pool& p = b.pool;
    Span span = b.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
    span.set("marg.attrs.k0", p.number(i)).set("marg.attrs.k1", p.number(i + 1)).set("marg.attrs.k2", p.number(i + 2));
    span.set("marg.attrs.k3", p.number(i + 3)).set("marg.attrs.k4", p.number(i + 4));
    span.set("marg.attrs.k5", p.number(i + 5)).set("marg.attrs.k6", p.number(i + 6));
    span.set("marg.attrs.k7", p.number(i + 7));
  }
};
/// Beyond 64 keys each is checked for the limit of 128; all of it fits the slab.
struct HundredBools {
  static constexpr const char* kName = "100_bools";
  static constexpr std::size_t kSpans = 1, kAttributes = 100;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t i) const {
    Span span = b.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
    for (std::size_t k = 0; k < kAttributes; ++k) {
      const char key[] = {static_cast<char>('a' + k / 10), static_cast<char>('0' + k % 10)};
      span.set(std::string_view(key, sizeof key), ((i + k) & 1) != 0);
    }
  }
};
struct EightEvents {
  static constexpr const char* kName = "8_events";
  static constexpr std::size_t kSpans = 1, kAttributes = 0;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t) const {
    Span span = b.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
    for (std::size_t k = 0; k < kMany; ++k) span.add_event("cache.miss");
  }
};
struct EightLinks {
  static constexpr const char* kName = "8_links";
  static constexpr std::size_t kSpans = 1, kAttributes = 0;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t) const {
    const SpanContext& linked = Context::current().span_context();
    Span span = b.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
    for (std::size_t k = 0; k < kMany; ++k) span.add_link(linked);
  }
};

/// W3, and one key a second time: the old value is removed from the wire at once.
struct Duplicate {
  static constexpr const char* kName = "W3_duplicate_key";
  static constexpr std::size_t kSpans = 1, kAttributes = 8;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t i) const {
    Span span = b.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
    set_w3(span, b.pool, i);
    span.set("url.pathnormal", b.pool.text16(i + 9));
  }
};
/// W3 as one call with a braced list.
struct Braced {
  static constexpr const char* kName = "W3_braced_list";
  static constexpr std::size_t kSpans = 1, kAttributes = 8;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t i) const {
    const Pool& p = b.pool;
    Span span = b.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
    span.set({{"http.reqmethod", p.text16(i)},
              {"url.pathnormal", p.text16(i + 1)},
              {"server.address", p.text16(i + 2)},
              {"user_agent.org", p.text16(i + 3)},
              {"http.resp.code", p.number(i)},
              {"server.portnum", p.number(i + 1)},
              {"http.body.size", p.number(i + 2)},
              {"error.occurred", (i & 1) != 0}});
  }
};
/// W3 from a list that the caller made once.
struct Kept {
  static constexpr const char* kName = "W3_kept_list";
  static constexpr std::size_t kSpans = 1, kAttributes = 8;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t) const {
    Span span = b.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
    span.set(list);
  }
  AttributeList list{{"http.reqmethod", "abcdefghijklmnop"},
                     {"url.pathnormal", "bcdefghijklmnopq"},
                     {"server.address", "cdefghijklmnopqr"},
                     {"user_agent.org", "defghijklmnopqrs"},
                     {"http.resp.code", 200},
                     {"server.portnum", 201},
                     {"http.body.size", 202},
                     {"error.occurred", true}};
};

/// W1, to be run under a current context that is not sampled; also what runs without an SDK.
struct Unsampled {
  static constexpr const char* kName = "W1_unsampled";
  static constexpr std::size_t kSpans = 0, kAttributes = 0;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t i) const {
    Span span = b.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
    span.set_lazily([&](Span& recording) { set_w3(recording, b.pool, i); });
    keep(span);
  }
};
/// Start and end, nothing else; without a provider.
struct NoProvider {
  static constexpr const char* kName = "no_provider";
  static constexpr std::size_t kSpans = 0, kAttributes = 0;
  NANOSPAN_INLINE void operator()(Bench& b, std::uint64_t) const {
    Span span = b.tracer.start_span("GET /users");
    keep(span);
  }
};
/// Make a span current and restore the one before.
struct MakeCurrent {
  static constexpr const char* kName = "scope";
  static constexpr std::size_t kSpans = 0, kAttributes = 0;
  NANOSPAN_INLINE void operator()(Bench&, std::uint64_t) const {
    const Scope scope(span);
    keep(scope);
  }
  const Span& span;
};
/// The yardstick: two readings of the cycle counter.
struct TwoClockReads {
  static constexpr const char* kName = "two_rdtsc";
  static constexpr std::size_t kSpans = 0, kAttributes = 0;
  NANOSPAN_INLINE void operator()(Bench&, std::uint64_t) const {
    std::uint64_t ticks = detail::read_ticks();
    asm volatile("" : : "r"(ticks));
    ticks = detail::read_ticks();
    asm volatile("" : : "r"(ticks));
  }
};

}  // namespace nanospan::bench
