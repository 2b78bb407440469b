// The longest that a caller is held up: each start_span, set and end by itself, every one kept, while the pipeline is
// under load, the receiver dead, the ring full, the gateway that receives reloaded again and again.
//
// What holds up two adjacent clock readings holds up an operation too, and is not the SDK: interrupts, the hypervisor,
// other programs. So each turn of the loop also times nothing, at the same moment and as often, and the table shows
// both and the difference.
#include <immintrin.h>

#include "bench/experiments/experiments.h"
#include "bench/experiments/reloading_gateway.h"
#include "bench/histogram.h"
#include "sdk/pipeline/drain.h"

namespace nanospan::bench {
namespace {

constexpr double kRate = 100'000;

std::uint64_t fenced_ticks() {
  _mm_lfence();
  const std::uint64_t ticks = detail::read_ticks();
  _mm_lfence();
  return ticks;
}

struct Stalls {
  Histogram nothing, start, set, end;
};

void add_since(Histogram& histogram, std::uint64_t began) {
  histogram.add(static_cast<std::uint64_t>(static_cast<double>(fenced_ticks() - began) * nanos_per_tick()));
}

Stalls time_each(Bench& bench, std::uint64_t spans) {
  Stalls stalls;
  const auto gap = static_cast<std::uint64_t>(1e9 / kRate / nanos_per_tick());
  std::uint64_t due = detail::read_ticks();
  for (std::uint64_t i = 0; i < spans; ++i) {
    std::uint64_t now = detail::read_ticks();
    for (; now < due; now = detail::read_ticks()) _mm_pause();
    due = now + gap;  // what a stall of the machine held up is not made up for in a burst
    std::uint64_t began = fenced_ticks();
    add_since(stalls.nothing, began);
    began = fenced_ticks();
    Span span = bench.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
    add_since(stalls.start, began);
    set_w3(span, bench.pool, i);
    began = fenced_ticks();
    span.set("order.id", bench.pool.text20(i));
    add_since(stalls.set, began);
    began = fenced_ticks();
    span.end();
    add_since(stalls.end, began);
  }
  return stalls;
}

/// How many calls of a million took so long: a column each.
void add_spread(const Trial& trial, const std::string& name, const Histogram& took) {
  const std::pair<std::uint64_t, const char*> from[] = {
      {0, "under 100 ns"},  {100, "to 1 us"},        {1'000, "to 10 us"},           {10'000, "to 100 us"},
      {100'000, "to 1 ms"}, {1'000'000, "to 10 ms"}, {10'000'000, "10 ms and more"}};
  for (std::size_t i = 0; i < std::size(from); ++i) {
    const std::uint64_t longer = i + 1 < std::size(from) ? took.from(from[i + 1].first) : 0;
    const auto calls = static_cast<double>(took.from(from[i].first) - longer);
    trial.points.add(name, std::string(from[i].second) + ", calls of a million by their length",
                     1e6 * calls / static_cast<double>(took.count()), "");
  }
}

void add(const Trial& trial, const std::string& name, const Histogram& took, const Histogram& nothing) {
  const std::pair<const char*, double> shares[] = {
      {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}};
  const auto net = [](std::uint64_t with, std::uint64_t without) {
    return static_cast<double>(with > without ? with - without : 0);
  };
  for (const auto& [label, share] : shares) {
    trial.points.add(name, label, static_cast<double>(took.at(share)), "ns");
    if (nothing.count() != 0) {
      trial.points.add(name, std::string(label) + ", without the machine's", net(took.at(share), nothing.at(share)),
                       "ns");
    }
  }
  trial.points.add(name, "over 10 us", 1e6 * static_cast<double>(took.from(10'000)) / static_cast<double>(took.count()),
                   "in a million");
  trial.points.add(name, "max", static_cast<double>(took.max()), "ns");
  add_spread(trial, name, took);
}

void add_all(const Trial& trial, const std::string& name, const Stalls& stalls) {
  add(trial, name + ": two clock reads, nothing between", stalls.nothing, Histogram());
  add(trial, name + ": start_span", stalls.start, stalls.nothing);
  add(trial, name + ": set", stalls.set, stalls.nothing);
  add(trial, name + ": end", stalls.end, stalls.nothing);
}

}  // namespace

void stalls(const Trial& trial) {
  const auto spans = static_cast<std::uint64_t>(500'000 * trial.scale);
  {
    Receiver receiver(1);
    Pipeline pipeline(otlp_to(receiver.traces_endpoint()), roomy_batches(), 0, 1);
    add_all(trial, "under load", time_each(pipeline.bench(), spans));
    require(check_received(pipeline, receiver));
  }
  {
    ReloadingGateway gateway;
    Pipeline pipeline(otlp_to(gateway.traces_endpoint()), roomy_batches(), 0, 1);
    add_all(trial, "gateway reloaded", time_each(pipeline.bench(), spans));
    const std::uint64_t reloads = gateway.stop();
    require(reloads == 0 ? "the gateway was not reloaded once" : "");
    // An export that waits to be tried again lets the queue fill at this rate: what then finds no room is dropped, and
    // must be counted.
    pipeline.provider().flush();
    const Ledger ledger = pipeline.provider().ledger();
    require(ledger.balances() ? "" : "the ledger does not balance");
    trial.points.note("gateway reloaded: " + std::to_string(reloads) +
                      " times, its listener and connections anew each time; of " + std::to_string(ledger.ended) +
                      " spans " + std::to_string(ledger.dropped_total()) + " found the queue full");
  }
  {
    BlackHole hole;
    Pipeline pipeline(otlp_to(hole.traces_endpoint()), BatchOptions(), 0, 1);
    add_all(trial, "receiver dead", time_each(pipeline.bench(), spans));
    const auto hold = sdk::Drain::instance().pause();
    add_all(trial, "ring full, export thread held", time_each(pipeline.bench(), spans));
  }
  trial.points.note(
      "100,000 spans a second of 9 attributes; fenced readings, nothing trimmed; the machine's part is what two "
      "adjacent "
      "readings show in the same loop, as often; the largest of each row is shown as it is, since chance decides whom "
      "the "
      "scheduler hits");
}

}  // namespace nanospan::bench
