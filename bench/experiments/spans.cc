// What one call costs the thread that makes it: cases are timed in bursts that take turns, on a live pipeline, as
// nanoseconds a span, as a ratio to two clock reads of the same turns, and in allocations of the calling thread.
#include <array>
#include <string>
#include <variant>

#include "bench/allocations.h"
#include "bench/experiments/experiments.h"
#include "wire/otlp_fields.h"
#include "wire/writer.h"

namespace nanospan::bench {
namespace {

constexpr std::uint64_t kBurst = 64;

struct Case {
  std::string name;
  std::function<void(std::uint64_t first)> burst;  ///< Makes kBurst spans.
};

template <class Workload>
[[gnu::noinline]] void burst_of(const Workload& workload, Bench& bench, std::uint64_t first) {
  for (std::uint64_t i = 0; i < kBurst; ++i) workload(bench, first + i);
}

template <class Workload>
Case make_case(const std::string& name, Bench& bench, const Workload& workload = {}) {
  return {name, [&bench, workload](std::uint64_t first) { burst_of(workload, bench, first); }};
}

struct Live {
  Receiver receiver{1};
  Pipeline pipeline{otlp_to(receiver.traces_endpoint()), roomy_batches(), 0, 1};
};

/// Times all cases in turn, then checks that every span arrived.
void compare(const Trial& trial, Live& live, std::vector<Case> cases) {
  const auto rounds = static_cast<std::size_t>(1500 * trial.scale) + 1;
  cases.push_back(make_case<TwoClockReads>("two clock reads", live.pipeline.bench()));
  std::vector<std::vector<double>> nanos(cases.size());
  std::vector<Allocations> allocated(cases.size());
  std::uint64_t i = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t c = 0; c < cases.size(); ++c, i += kBurst) {
      const Allocations before = allocations();
      const std::uint64_t start = detail::read_ticks();
      cases[c].burst(i);
      const auto ticks = static_cast<double>(detail::read_ticks() - start);
      allocated[c].count += allocations().count - before.count;
      allocated[c].bytes += allocations().bytes - before.bytes;
      nanos[c].push_back(ticks * nanos_per_tick() / kBurst);
      if (ring_fill() > ring_bytes() / 8) live.pipeline.settle();
    }
  }
  require(check_received(live.pipeline, live.receiver));
  const double yard = median(nanos.back());
  const double spans = static_cast<double>(rounds * kBurst);
  for (std::size_t c = 0; c + 1 < cases.size(); ++c) {
    trial.points.add(cases[c].name, "time", median(nanos[c]), "ns");
    trial.points.add(cases[c].name, "against two clock reads", median(nanos[c]) / yard, "x");
    trial.points.add(cases[c].name, "allocations", static_cast<double>(allocated[c].count) / spans, "");
    trial.points.add(cases[c].name, "allocated", static_cast<double>(allocated[c].bytes) / spans, "bytes");
  }
}

// --- out of line: the same calls, each through a function that the compiler may not inline ---

[[gnu::noinline]] Span start_out_of_line(Tracer& tracer, std::string_view name) {
  return tracer.start_span(name, {.kind = SpanKind::kServer});
}
template <class Value>
[[gnu::noinline]] void set_out_of_line(Span& span, std::string_view key, Value value) {
  span.set(key, value);
}
[[gnu::noinline]] void end_out_of_line(Span& span) { span.end(); }

struct OutOfLine {
  void operator()(Bench& b, std::uint64_t i) const {
    const Pool& p = b.pool;
    Span span = start_out_of_line(b.tracer, "GET /users");
    set_out_of_line(span, "http.reqmethod", p.text16(i));
    set_out_of_line(span, "url.pathnormal", p.text16(i + 1));
    set_out_of_line(span, "server.address", p.text16(i + 2));
    set_out_of_line(span, "user_agent.org", p.text16(i + 3));
    set_out_of_line(span, "http.resp.code", p.number(i));
    set_out_of_line(span, "server.portnum", p.number(i + 1));
    set_out_of_line(span, "http.body.size", p.number(i + 2));
    set_out_of_line(span, "error.occurred", (i & 1) != 0);
    end_out_of_line(span);
  }
};

// --- a span as objects, serialised later: what the seed's advice on pooling is about ---

struct ObjectSpan {
  std::array<char, 16> trace_id{};
  std::array<char, 8> span_id{};
  std::string name;
  std::uint64_t start = 0, end = 0;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::size_t used = 0;

  void set(std::string_view key, std::string_view value) {
    if (used == attributes.size()) attributes.emplace_back();
    attributes[used].first.assign(key);
    attributes[used++].second.assign(value);
  }
  void serialise(std::string& out) const {
    namespace otlp = wire::otlp;
    static std::string span, pair, any;  // One thread serialises.
    span.clear();
    wire::Appender to(span);
    to.bytes_field(otlp::Span::kTraceId, {trace_id.data(), trace_id.size()});
    to.bytes_field(otlp::Span::kSpanId, {span_id.data(), span_id.size()});
    to.bytes_field(otlp::Span::kName, name);
    to.fixed64_field(otlp::Span::kStartTimeUnixNano, start);
    to.fixed64_field(otlp::Span::kEndTimeUnixNano, end);
    for (std::size_t i = 0; i < used; ++i) {
      any.clear();
      pair.clear();
      wire::Appender(any).bytes_field(otlp::AnyValue::kStringValue, attributes[i].second);
      wire::Appender(pair).bytes_field(otlp::KeyValue::kKey, attributes[i].first);
      wire::Appender(pair).bytes_field(otlp::KeyValue::kValue, any);
      to.bytes_field(otlp::Span::kAttributes, pair);
    }
    wire::Appender(out).bytes_field(otlp::ScopeSpans::kSpans, span);
  }
};

/// Makes kBurst spans as objects, keeps them as a queue would, serialises them together.
struct Objects {
  bool pooled;
  std::vector<std::unique_ptr<ObjectSpan>> pool = {}, finished = {};
  std::string bytes = {};

  void burst(const Pool& values, std::uint64_t first) {
    for (std::uint64_t i = first; i < first + kBurst; ++i) finished.push_back(make(values, i));
    bytes.clear();
    for (std::unique_ptr<ObjectSpan>& span : finished) {
      span->serialise(bytes);
      if (pooled) pool.push_back(std::move(span));
    }
    finished.clear();
    keep(bytes);
  }

 private:
  std::unique_ptr<ObjectSpan> make(const Pool& p, std::uint64_t i) {
    std::unique_ptr<ObjectSpan> span;
    if (!pool.empty()) {
      span = std::move(pool.back());
      pool.pop_back();
    } else {
      span = std::make_unique<ObjectSpan>();
    }
    span->used = 0;
    span->start = detail::read_ticks();
    span->name = "GET /users";
    __builtin_memcpy(span->span_id.data(), &i, sizeof i);
    for (std::size_t k = 0; k < 10; ++k) span->set(p.key20(k), p.text20(i + k));
    span->end = detail::read_ticks();
    return span;
  }
};

// --- many attributes ---

const std::vector<std::string>& many_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> made;
    for (int i = 0; i < 128; ++i) made.push_back("attribute.key." + std::to_string(100 + i));
    return made;
  }();
  return keys;
}

struct Many {
  std::size_t count;
  void operator()(Bench& b, std::uint64_t i) const {
    Span span = b.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
    for (std::size_t k = 0; k < count; ++k) span.set(std::string_view(many_keys()[k]), b.pool.text16(i + k));
  }
};

// --- contexts ---

struct RequestValues {
  std::int64_t tenant, user, shard;
};
constexpr ContextKey<std::int64_t> kTenant("tenant"), kUser("user"), kShard("shard");
constexpr ContextKey<RequestValues> kRequest("request");

template <class Make>
Case context_case(const std::string& name, const Make& make) {
  return {name, [make](std::uint64_t first) {
            for (std::uint64_t i = first; i < first + kBurst; ++i) {
              const Context context = make(static_cast<std::int64_t>(i));
              keep(context);
            }
          }};
}

}  // namespace

void spans(const Trial& trial) {
  Live live;
  Bench& bench = live.pipeline.bench();
  const SpanContext& root = live.pipeline.root().context();
  const Context unsampled =
      Context::root().with_span_context(SpanContext(root.trace_id(), root.span_id(), TraceFlags::kRandom, false));
  compare(trial, live,
          {{"W1",
            [&](std::uint64_t i) {
              const Scope scope(unsampled);
              burst_of(Unsampled{}, bench, i);
            }},
           make_case<Empty>("W2", bench),
           make_case<Eight>("W3", bench),
           make_case<Ten>("W4", bench),
           make_case<TenDynamic>("W4, keys not literal", bench)});
  trial.points.note(
      "W1: not sampled, 8 attributes offered; W2: no attributes; W3: 8 attributes; W4: 10 attributes of 20-character "
      "keys "
      "and values; live batch pipeline, the receiver decodes");
}

void attributes_pair(const Trial& trial) {
  Live live;
  Bench& bench = live.pipeline.bench();
  compare(trial, live,
          {make_case<Eight>("one call each", bench), make_case<Braced>("one list in one call", bench),
           make_case<Kept>("one list, made once", bench), make_case<Empty>("no attributes", bench)});
  trial.points.note("8 attributes: 4 strings of 16 characters, 3 integers, 1 bool; literal keys");
}

void inline_pair(const Trial& trial) {
  Live live;
  Bench& bench = live.pipeline.bench();
  compare(trial, live, {make_case<OutOfLine>("each call out of line", bench), make_case<Eight>("inlined", bench)});
  trial.points.note(
      "The same 8 attributes; out of line means that start, each set and end are calls of functions that see no "
      "literal");
}

void pooling_pair(const Trial& trial) {
  Live live;
  Bench& bench = live.pipeline.bench();
  Objects fresh{.pooled = false}, pooled{.pooled = true};
  compare(trial, live,
          {{"objects, made anew", [&](std::uint64_t i) { fresh.burst(bench.pool, i); }},
           {"objects, pooled", [&](std::uint64_t i) { pooled.burst(bench.pool, i); }},
           make_case<TenDynamic>("nanospan: bytes in a pooled slab", bench)});
  trial.points.note(
      "10 attributes of 20-character keys and values. Objects are a minimal conventional span in C++, serialised in "
      "batches of 64 but neither checked for duplicate keys nor queued nor sent, which flatters them; ours is live");
}

void context_pair(const Trial& trial) {
  Live live;
  Bench& bench = live.pipeline.bench();
  compare(trial, live,
          {context_case(
               "three values, one after the other",
               [](std::int64_t i) { return Context::root().with(kTenant(i)).with(kUser(i + 1)).with(kShard(i + 2)); }),
           context_case("three values in one call",
                        [](std::int64_t i) { return Context::root().with(kTenant(i), kUser(i + 1), kShard(i + 2)); }),
           context_case("one struct of three values",
                        [](std::int64_t i) {
                          return Context::root().with(kRequest({i, i + 1, i + 2}));
                        }),
           make_case("make a span current, restore", bench, MakeCurrent{live.pipeline.root()})});
}

void attribute_count(const Trial& trial) {
  Live live;
  std::vector<Case> cases;
  for (const std::size_t count : {0U, 1U, 2U, 4U, 8U, 16U, 32U, 64U, 128U}) {
    cases.push_back(make_case(std::to_string(count), live.pipeline.bench(), Many{count}));
  }
  compare({trial.points, trial.scale / 4}, live, std::move(cases));
  trial.points.note(
      "Strings of 16 characters, keys of 17 that the compiler cannot see; every key is checked for being new");
}

}  // namespace nanospan::bench
