// span_bench: what a span costs the thread that makes it, in nanoseconds and as a ratio to two readings of the cycle
// counter taken in the same run.
//
//   no_provider, W1 ...   nothing is exported
//   live/X                batch pipeline on, OTLP/HTTP to the receiving process, which decodes and counts
//   in_process/X          the same pipeline with an exporter that only counts: marked, never quoted as the figure
//   steady/X              live, at 100,000 spans/s in small groups, so that producer and export thread overlap
//
// Bursts of 64 spans are timed; between bursts the bench waits, untimed, for the ring to be emptied, so that no span is
// lost. After each benchmark the ledger must balance without drops and the receiver must have every exported span and
// attribute, else the benchmark is an error. Each burst is paired with a burst of the yardstick. Producer on processor
// 0, export thread and receiver on 1.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/remote.h"
#include "bench/stage.h"

namespace nanospan::bench {
namespace {

constexpr std::uint64_t kBurst = 64;
constexpr int kBursts = 2000;
constexpr double kSteadyRate = 100'000;
constexpr std::uint64_t kSteadyGroup = 8;
constexpr int kSteadyGroups = 12'500;

/// Ticks that `count` calls of the workload take.
template <class Workload>
[[gnu::noinline]] std::uint64_t timed(const Workload& workload, Bench& bench, std::uint64_t first,
                                      std::uint64_t count) {
  const std::uint64_t start = detail::read_ticks();
  for (std::uint64_t i = 0; i < count; ++i) workload(bench, first + i);
  return detail::read_ticks() - start;
}

struct Stage {
  Receiver receiver{1};
  Pipeline live{otlp_to(receiver.traces_endpoint()), roomy_batches(), 0, 1};
  std::uint64_t attributes = 0;  // that the receiver should have by now

  Stage() { attributes = receiver.counts().attributes; }

  static Stage& get() {
    static Stage stage;
    return stage;
  }
};

Pipeline& in_process() {
  static Pipeline pipeline(counting_exporter(), roomy_batches(), 0, 1);
  return pipeline;
}

/// Times bursts and reports them; `between` runs untimed after each.
template <class Workload, class Between>
void run_bursts(benchmark::State& state, const Workload& workload, Bench& bench, Between&& between) {
  std::vector<double> spans, yards;
  std::uint64_t i = 0;
  const double nanos = nanos_per_tick() / static_cast<double>(kBurst);
  for (auto _ : state) {
    const std::uint64_t took = timed(workload, bench, i, kBurst);
    const std::uint64_t yard = timed(TwoClockReads{}, bench, i, kBurst);
    state.SetIterationTime(static_cast<double>(took) * nanos * 1e-9);
    spans.push_back(static_cast<double>(took) * nanos);
    yards.push_back(static_cast<double>(yard) * nanos);
    i += kBurst;
    between();
  }
  const double yard = median(yards);
  const double span = median(spans);
  state.counters["ns"] = span;
  state.counters["ns_min"] = *std::min_element(spans.begin(), spans.end());
  state.counters["two_rdtsc_ns"] = yard;
  state.counters["ratio"] = span / yard;
}

template <class Workload>
void on_pipeline(benchmark::State& state, const Workload& workload, Pipeline& pipeline) {
  run_bursts(state, workload, pipeline.bench(), [&] {
    if (ring_fill() > ring_bytes() / 8) pipeline.settle();
  });
}

template <class Workload>
void check_live(benchmark::State& state, std::uint64_t calls) {
  Stage& stage = Stage::get();
  const std::string problem = check_received(stage.live, stage.receiver);
  if (!problem.empty()) return state.SkipWithError(problem.c_str());
  stage.attributes += calls * Workload::kAttributes;
  if (stage.receiver.counts().attributes != stage.attributes) state.SkipWithError("attributes were lost");
}

std::uint64_t bursts_made(const benchmark::State& state) {
  return static_cast<std::uint64_t>(state.iterations()) * kBurst;
}

template <class Workload>
void add_live(const Workload& workload = {}) {
  const std::string name = Workload::kName;
  benchmark::RegisterBenchmark(("live/" + name).c_str(),
                               [workload](benchmark::State& state) {
                                 on_pipeline(state, workload, Stage::get().live);
                                 check_live<Workload>(state, bursts_made(state));
                               })
      ->UseManualTime()
      ->Iterations(kBursts);
}

template <class Workload>
void add_in_process(const Workload& workload = {}) {
  const std::string name = Workload::kName;
  benchmark::RegisterBenchmark(("in_process/" + name).c_str(),
                               [workload](benchmark::State& state) {
                                 Pipeline& pipeline = in_process();
                                 on_pipeline(state, workload, pipeline);
                                 const std::string problem = pipeline.check();
                                 if (!problem.empty()) state.SkipWithError(problem.c_str());
                               })
      ->UseManualTime()
      ->Iterations(kBursts);
}

/// Groups of spans at a steady rate; the timer's own two readings are taken off, as the yardstick measures them.
template <class Workload>
void steady(benchmark::State& state) {
  Bench& bench = Stage::get().live.bench();
  const Workload workload;
  const double floor = static_cast<double>(timed(TwoClockReads{}, bench, 0, 4096)) / 4096;
  const auto gap = static_cast<std::uint64_t>(static_cast<double>(kSteadyGroup) / kSteadyRate * 1e9 / nanos_per_tick());
  std::vector<double> spans;
  std::uint64_t next = detail::read_ticks(), i = 0;
  for (auto _ : state) {
    std::uint64_t now = detail::read_ticks();
    for (; now < next; now = detail::read_ticks()) __builtin_ia32_pause();
    const double took = static_cast<double>(timed(workload, bench, i, kSteadyGroup)) - floor / 2;
    const double nanos = took * nanos_per_tick() / static_cast<double>(kSteadyGroup);
    spans.push_back(nanos);
    state.SetIterationTime(nanos * 1e-9);
    i += kSteadyGroup;
    next = (now > next + gap ? now : next) + gap;  // what a stall held up is not made up for in a burst
  }
  state.counters["ns"] = median(spans);
  state.counters["two_rdtsc_ns"] = floor * nanos_per_tick();
  state.counters["ratio"] = median(spans) / (floor * nanos_per_tick());
  check_live<Workload>(state, i);
}

template <class Workload>
void add_steady() {
  const std::string name = Workload::kName;
  benchmark::RegisterBenchmark(("steady/" + name).c_str(), steady<Workload>)
      ->UseManualTime()
      ->Iterations(kSteadyGroups);
}

// Must run before the first provider exists, so it is registered first.
void no_provider(benchmark::State& state) {
  pin(0);
  Bench bench{.tracer = tracer("none")};
  run_bursts(state, NoProvider{}, bench, [] {});
}

void unsampled(benchmark::State& state) {
  Bench& bench = Stage::get().live.bench();
  const SpanContext& root = Stage::get().live.root().context();
  const SpanContext parent(root.trace_id(), root.span_id(), TraceFlags::kRandom, false);
  const Context context = Context::root().with_span_context(parent);
  const Scope scope(context);
  run_bursts(state, Unsampled{}, bench, [] {});
  check_live<Unsampled>(state, 0);
}

void make_current(benchmark::State& state) {
  Pipeline& pipeline = Stage::get().live;
  run_bursts(state, MakeCurrent{pipeline.root()}, pipeline.bench(), [] {});
}

void yardstick(benchmark::State& state) {
  run_bursts(state, TwoClockReads{}, Stage::get().live.bench(), [] {});
}

void register_all() {
  benchmark::RegisterBenchmark("no_provider", no_provider)->UseManualTime()->Iterations(kBursts);
  benchmark::RegisterBenchmark("two_rdtsc", yardstick)->UseManualTime()->Iterations(kBursts);
  benchmark::RegisterBenchmark("W1_unsampled", unsampled)->UseManualTime()->Iterations(kBursts);
  benchmark::RegisterBenchmark("scope", make_current)->UseManualTime()->Iterations(kBursts);
  add_live<Empty>();
  add_live<EmptyRoot>();
  add_live<Eight>();
  add_live<EightDynamic>();
  add_live<Ten>();
  add_live<TenDynamic>();
  add_live<EightStrings>();
  add_live<EightInts>();
  add_live<EightEvents>();
  add_live<EightLinks>();
  add_live<Duplicate>();
  add_live<Braced>();
  add_live<Kept>();
  add_steady<Eight>();
  add_steady<Ten>();
  add_in_process<Empty>();
  add_in_process<Eight>();
  add_in_process<Ten>();
}

}  // namespace
}  // namespace nanospan::bench

int main(int argc, char** argv) {
  nanospan::bench::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
