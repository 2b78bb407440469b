// Allocations fail now and then, and then all of them for a while: first those of the SDK's own threads, then those of
// the program's, whatever it asks of the SDK. Spans, or what they were given, are lost and counted; nothing is thrown
// at the program; and it works again when there is memory.
#include <array>
#include <cstdlib>
#include <new>

#include <nanospan/diagnostics.h>
#include <nanospan/nanospan.h>
#include <nanospan/propagation.h>

#include "tests/lifecycle/program.h"

namespace {

// How often an allocation fails: one in so many, 0 = never; but for those of a thread that is spared.
std::atomic<unsigned> one_in{0};
std::atomic<unsigned> allocations{0};
thread_local bool spared = false;

bool refused() {
  const unsigned odds = one_in.load(std::memory_order_relaxed);
  return odds != 0 && !spared && allocations.fetch_add(1, std::memory_order_relaxed) % odds == 0;
}

}  // namespace

void* operator new(std::size_t size) {
  void* block = refused() ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return refused() ? nullptr : std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace nanospan::lifecycle {
namespace {

void fail_the_sdks_threads(int rounds) {
  spared = true;
  BatchOptions options = roomy();
  options.schedule_delay_ms = 1;
  Sdk sdk(options);
  std::uint64_t spans = 0;
  for (int i = 0; i < rounds; ++i) {
    constexpr unsigned kOddsOfTheSdk[] = {7, 3, 1, 100};
    one_in = kOddsOfTheSdk[i % 4];
    for (int k = 0; k < 1000; ++k, ++spans) sdk.tracer.start_span("tight").set("key", "value").set("k", k);
    require(sdk.provider->flush(20'000) != FlushResult::kTimeout, "a flush is answered");
    require(sdk.ledger().balances(), "the ledger is exact");
  }
  one_in = 0;
  const std::uint64_t before = sdk.ledger().exported;
  for (int k = 0; k < 100; ++k, ++spans) sdk.tracer.start_span("again");
  require(sdk.provider->flush(20'000) == FlushResult::kSuccess, "with memory it works again");
  Ledger ledger = sdk.ledger();
  require(ledger.exported >= before + 100 && ledger.exported == *sdk.exported, "spans arrive");
  sdk.provider->shutdown(20'000);
  ledger = sdk.ledger();
  require(ledger.ended == spans && ledger.queued == 0 && ledger.balances(), "every span is accounted for");
}

constexpr std::array<unsigned, 6> kOdds = {1, 2, 3, 5, 11, 100};
constexpr std::string_view kLong = "text that is longer than a std::string holds in itself";
constexpr std::string_view kBad = "text that is not UTF-8, \xff, and has to be repaired in a copy";

class FixedCarrier final : public TextMapSetter, public TextMapGetter {
 public:
  void set(std::string_view, std::string_view) override { ++written; }
  std::string_view get(std::string_view key) const override {
    if (key == "traceparent") return "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    if (key == "tracestate") return "vendor=a-value-that-takes-memory-to-keep";
    return {};
  }
  int written = 0;
};

void do_all_to_a_span(Sdk& sdk, const std::array<std::string, 200>& keys) {
  const std::array<Attribute, 3> three = {
      Attribute{kLong, kLong}, {kBad, kBad}, {"ints", std::span<const std::int64_t>()}};
  const Attributes some = three;
  FixedCarrier carrier;
  const Context parent = extract(carrier);
  const Link link{parent.span_context(), some};
  Span span = sdk.tracer.start_span(kBad, {.attributes = some, .links = {&link, 1}, .parent = &parent});
  for (const std::string& key : keys) span.set(key, kLong);
  span.set(kBad, kBad).add_event(kBad, some).add_link(parent.span_context(), some);
  span.set_status(StatusCode::kError, kBad).update_name(kBad);
  span.record_exception(kLong, kBad, kLong, some);
  const Scope scope(span);
  inject(carrier);
  SharedSpan shared(std::move(span));
  shared.set(kLong, kLong).end();
}

void make_tracers(Sdk& sdk, std::string_view name) {
  Tracer unbound({.name = name, .version = kLong, .schema_url = kLong, .attributes = {{kLong, kLong}}});
  static_cast<void>(unbound.enabled());
  unbound.start_span(kLong).end();
  sdk.provider->tracer({.name = name, .version = kLong}).start_span(kLong).end();
}

void fail_the_programs_threads(int rounds) {
  spared = true;
  set_propagator(composite_propagator({trace_context_propagator(), baggage_propagator()}));
  std::array<std::string, 200> keys;
  for (std::string& key : keys) key = std::string(kLong) + std::to_string(&key - keys.data());
  Sdk sdk(roomy());
  sdk.provider->set_default();
  for (int i = 0; i < rounds; ++i) {
    one_in = kOdds[static_cast<std::size_t>(i) % kOdds.size()];
    spared = false;
    do_all_to_a_span(sdk, keys);
    make_tracers(sdk, keys[static_cast<std::size_t>(i) % keys.size()]);
    const Ledger ledger = sdk.ledger();
    sdk.provider->flush(20'000);
    spared = true;
    require(ledger.balances(), "the ledger is exact");
  }
  one_in = 0;
  do_all_to_a_span(sdk, keys);
  require(sdk.provider->flush(20'000) == FlushResult::kSuccess, "with memory it works again");
  spared = false;
  one_in = 1;
  sdk.provider->shutdown(20'000);
  one_in = 0;
  spared = true;
  const Ledger ledger = sdk.ledger();
  require(ledger.queued == 0 && ledger.balances() && ledger.exported == *sdk.exported, "every span is accounted for");
}

// Each allocation of a start in turn is the one that fails, until a start needs no more; all of the stop that follows.
void fail_starts_and_stops() {
  constexpr unsigned kMost = 100'000;
  bool started = false;
  for (unsigned number = 0; !started; ++number) {
    require(number < kMost, "a start asks for memory a bounded number of times");
    spared = false;
    allocations = kMost - number;
    one_in = kMost;
    {
      Result<Telemetry> telemetry = start({.service_name = "tight", .read_environment = false});
      started = allocations < kMost;
      require(telemetry.ok() || !started, "with memory it starts");
      one_in = 1;
      if (telemetry.ok()) telemetry->flush(1);
    }
    one_in = 0;
    spared = true;
  }
}

}  // namespace
}  // namespace nanospan::lifecycle

int main(int count, char** arguments) {
  namespace lifecycle = nanospan::lifecycle;
  const int rounds = lifecycle::repeats(count, arguments);
  nanospan::set_error_handler([](std::string_view, std::string_view line) {
    lifecycle::require(line.find("queue_spans_max") == line.npos, "want of memory is not put down to the queue's size");
  });
  lifecycle::fail_the_sdks_threads(rounds);
  lifecycle::fail_the_programs_threads(rounds);
  lifecycle::fail_starts_and_stops();
  return 0;
}
