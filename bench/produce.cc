#include "bench/produce.h"

#include <sys/prctl.h>

#include <barrier>
#include <thread>
#include <vector>

namespace nanospan::bench {
namespace {

/// One producer: makes spans in groups and returns the seconds of CPU that the groups took.
double make_paced(Bench& bench, TracerProvider& provider, std::uint64_t spans) {
  constexpr std::uint64_t kGroup = 256;
  double making = 0;
  for (std::uint64_t i = 0; i < spans; i += kGroup) {
    const double start = thread_cpu_seconds();
    for (std::uint64_t j = 0; j < kGroup; ++j) Ten{}(bench, i + j);
    making += thread_cpu_seconds() - start;
    while (ring_fill() > ring_bytes() / 2) sleep_seconds(30e-6);
    if (i % 4096 != 0) continue;
    while (provider.ledger().queued > roomy_batches().queue_spans_max / 4) sleep_seconds(200e-6);
  }
  return making;
}

}  // namespace

Production produce(Pipeline& pipeline, int threads, std::uint64_t spans) {
  std::barrier together(threads + 1);
  std::vector<std::thread> producers;
  std::vector<double> making(static_cast<std::size_t>(threads)), whole(making);
  const Context parent = Context::root().with_span_context(pipeline.root().context());
  for (int t = 0; t < threads; ++t) {
    producers.emplace_back([&, t] {
      pin(t);
      prctl(PR_SET_TIMERSLACK, 1000UL);
      const Scope scope(parent);
      Bench bench{.tracer = pipeline.bench().tracer};
      warm_up(bench);
      together.arrive_and_wait();
      const double start = thread_cpu_seconds();
      making[static_cast<std::size_t>(t)] = make_paced(bench, pipeline.provider(), spans);
      whole[static_cast<std::size_t>(t)] = thread_cpu_seconds() - start;
      together.arrive_and_wait();
    });
  }
  together.arrive_and_wait();
  const double start = process_cpu_seconds(), begun = monotonic_seconds();
  together.arrive_and_wait();
  pipeline.provider().flush();
  const double wall = monotonic_seconds() - begun;
  double exporting = process_cpu_seconds() - start;
  for (const double seconds : whole) exporting -= seconds;
  for (std::thread& producer : producers) producer.join();
  double sum = 0;
  for (const double seconds : making) sum += seconds;
  const double each = 1e9 / static_cast<double>(spans) / threads;
  return {sum * each, exporting * each, static_cast<double>(spans) * threads / wall};
}

}  // namespace nanospan::bench
