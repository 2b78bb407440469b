// S11, S14: the slowest Ends, and how long a span takes from its end to the receiver.
#include <immintrin.h>

#include <algorithm>
#include <string>

#include "bench/end_to_end.h"
#include "bench/histogram.h"
#include "bench/remote.h"
#include "sdk/pipeline/drain.h"
#include "sdk/runtime/drain_signal.h"

namespace nanospan::bench {
namespace {

std::uint64_t fenced_ticks() {
  _mm_lfence();
  const std::uint64_t ticks = detail::read_ticks();
  _mm_lfence();
  return ticks;
}

/// Spins until `due`; returns it, or the time now if that has passed: what a stall of the machine held up is not made
/// up for in a burst.
std::uint64_t wait_until(std::uint64_t due) {
  std::uint64_t now = detail::read_ticks();
  if (now >= due) return now;
  for (; now < due; now = detail::read_ticks()) _mm_pause();
  return due;
}

struct Ends {
  Histogram all;
  Histogram inlined;  ///< Those that did not take the slow path of the ring (sdk/runtime/ring.cc).
};

/// The slow path ends by setting it anew.
std::uint64_t soft_limit() { return detail::thread_locals().state->soft.load(std::memory_order_relaxed); }

/// Each End by itself, fenced; the least that two fenced readings take is taken off. Nothing is trimmed.
Ends time_ends(Bench& bench, std::uint64_t spans, double rate) {
  std::uint64_t floor = ~std::uint64_t{0};
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t start = fenced_ticks();
    floor = std::min(floor, fenced_ticks() - start);
  }
  Ends ends;
  const auto gap = static_cast<std::uint64_t>(1e9 / rate / nanos_per_tick());
  std::uint64_t due = detail::read_ticks();
  for (std::uint64_t i = 0; i < spans; ++i) {
    due = wait_until(due) + gap;
    Span span = bench.tracer.start_span("GET /users", {.kind = SpanKind::kServer});
    set_w4(span, bench.pool, i);
    const std::uint64_t soft = soft_limit();
    const std::uint64_t start = fenced_ticks();
    span.end();
    const std::uint64_t took = fenced_ticks() - start;
    const double nanos = static_cast<double>(took > floor ? took - floor : 0) * nanos_per_tick();
    ends.all.add(static_cast<std::uint64_t>(nanos));
    if (soft_limit() == soft) ends.inlined.add(static_cast<std::uint64_t>(nanos));
  }
  return ends;
}

/// The yardstick of tails: what the machine does to two adjacent readings, with nothing between them.
Histogram time_nothing(std::uint64_t count, double rate) {
  Histogram gaps;
  const auto gap = static_cast<std::uint64_t>(1e9 / rate / nanos_per_tick());
  std::uint64_t due = detail::read_ticks();
  for (std::uint64_t i = 0; i < count; ++i) {
    due = wait_until(due) + gap;
    const std::uint64_t start = fenced_ticks();
    gaps.add(static_cast<std::uint64_t>(static_cast<double>(fenced_ticks() - start) * nanos_per_tick()));
  }
  return gaps;
}

void add_tail(const Run& run, const std::string& what, const Ends& ends) {
  const auto at = [&](double fraction) { return static_cast<double>(ends.all.at(fraction)); };
  run.figures.add({"S11", what + ": a single End, p50", at(0.5), "ns"});
  run.figures.add({"S11", what + ": p99.9", at(0.999), "ns", Better::kLower, 150});
  run.figures.add({"S11", what + ": p99.99", at(0.9999), "ns", Better::kLower, 1000});
  run.figures.add({"S11", what + ": slowest", static_cast<double>(ends.all.max()) / 1000, "us"});
  const auto slow = static_cast<double>(ends.all.count() - ends.inlined.count());
  run.figures.add({"S11", what + ": took the ring's slow path, of a million",
                   1e6 * slow / static_cast<double>(ends.all.count()), ""});
  run.figures.add({"S11", what + ": p99.9 of the others", static_cast<double>(ends.inlined.at(0.999)), "ns"});
}

}  // namespace

void tails(const Run& run) {
  const auto spans = static_cast<std::uint64_t>(300'000 * run.scale);
  constexpr double kRate = 100'000;
  {
    pin(0);
    const Histogram nothing = time_nothing(spans, kRate);
    run.figures.add(
        {"S11", "two adjacent readings, nothing between: p99.9", static_cast<double>(nothing.at(0.999)), "ns"});
    run.figures.add({"S11", "two adjacent readings: p99.99", static_cast<double>(nothing.at(0.9999)), "ns"});
  }
  {
    Receiver receiver(1);
    Pipeline pipeline(otlp_to(receiver.traces_endpoint()), roomy_batches(), 0, 1);
    const std::uint64_t wakes = sdk::drain_signal().wakes();
    add_tail(run, "live, 100,000 spans/s", time_ends(pipeline.bench(), spans, kRate));
    run.figures.add({"S7", "live, 100,000 spans/s: wakes of the export thread in 20,000 spans",
                     static_cast<double>(sdk::drain_signal().wakes() - wakes) * 20'000 / static_cast<double>(spans), "",
                     Better::kLower, 1});
    const std::string problem = check_received(pipeline, receiver);
    if (!problem.empty()) fail(problem);
  }
  {
    BlackHole hole;
    Pipeline pipeline(otlp_to(hole.traces_endpoint()), BatchOptions(), 0, 1);
    add_tail(run, "receiver never reads", time_ends(pipeline.bench(), spans, kRate));
    const auto hold = sdk::Drain::instance().pause();
    add_tail(run, "ring full, export thread held", time_ends(pipeline.bench(), spans, kRate));
  }
}

namespace {

/// Latencies of spans made at `rate` a second, from 10,000 on in groups of ten.
Receiver::Counts deliver(const BatchOptions& batches, double seconds, double rate) {
  Receiver receiver(1);
  Pipeline pipeline(otlp_to(receiver.traces_endpoint()), batches, 0, 1);
  receiver.reset_counts();
  if (rate < 10'000) {
    for (double left = seconds; left > 0; left -= 1 / rate) {
      Ten{}(pipeline.bench(), 0);
      sleep_seconds(1 / rate);
    }
  } else {
    at_ten_thousand_a_second(seconds, [&](std::uint64_t i) { Ten{}(pipeline.bench(), i); });
  }
  const Receiver::Counts counts = receiver.counts();  // before the flush, which would hurry the last ones
  const std::string problem = pipeline.check();
  if (!problem.empty()) fail(problem);
  return counts;
}

double millis(std::uint64_t nanos) { return static_cast<double>(nanos) / 1e6; }

}  // namespace

void delivery(const Run& run) {
  const Receiver::Counts low = deliver(BatchOptions::low_latency(), 5 * run.scale, 10'000);
  run.figures.add({"S14", "End to received, low_latency, 10,000 spans/s: p50", millis(low.latency_p50), "ms"});
  run.figures.add(
      {"S14", "End to received, low_latency, 10,000 spans/s: p99", millis(low.latency_p99), "ms", Better::kLower, 5});
  const Receiver::Counts busy = deliver(BatchOptions(), 5 * run.scale, 10'000);
  run.figures.add({"S14", "End to received, default preset, 10,000 spans/s: p99", millis(busy.latency_p99), "ms",
                   Better::kLower, 5500});
  const Receiver::Counts rare = deliver(BatchOptions(), 13, 50);
  run.figures.add({"S14", "End to received, default preset, 50 spans/s (the delay of 5 s decides): p99",
                   millis(rare.latency_p99), "ms", Better::kLower, 5500});
}

}  // namespace nanospan::bench
