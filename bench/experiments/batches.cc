// Batches: their size, how long a span waits for one, the presets; sampling; and a load whose profile shows where the
// CPU of a span goes.
#include <array>
#include <cmath>
#include <cstdio>

#include <nanospan/nanospan.h>
#include <nanospan/sampler.h>

#include "bench/experiments/experiments.h"

namespace nanospan::bench {
namespace {

constexpr double kRate = 10'000;

double millis(std::uint64_t nanos) { return static_cast<double>(nanos) / 1e6; }

constexpr int kSlices = 8;
constexpr double kStudent = 2.36;  // two-sided 95 %, one degree of freedom less than slices

/// Percent of a core, with half of its 95 % interval.
struct Share {
  double mean = 0, plus_minus = 0;
};

/// Of this process while `each` is called at this rate: the time is cut into slices, which say how sure it is.
template <class Each>
Share cpu_share(double rate, double seconds, Each&& each) {
  std::array<double, kSlices> slices{};
  Share share;
  for (double& slice : slices) {
    const double before = process_cpu_seconds();
    at_rate(rate, seconds / kSlices, each);
    slice = 100 * (process_cpu_seconds() - before) / (seconds / kSlices);
    share.mean += slice / kSlices;
  }
  double squares = 0;
  for (const double slice : slices) squares += (slice - share.mean) * (slice - share.mean);
  share.plus_minus = kStudent * std::sqrt(squares / (kSlices - 1) / kSlices);
  return share;
}

struct Steady {
  Share cpu;
  double p50_ms = 0, p99_ms = 0, requests_per_second = 0;
};

/// W4 at a rate; what the receiver saw before the flush, which would hurry the last ones. The first second is not
/// counted: the export thread finds its pace. REQUIRES: a process whose ring no burst has grown, unless `ring` is
/// kFull.
Steady steady(const BatchOptions& batches, double rate, double seconds,
              Pipeline::Ring ring = Pipeline::Ring::kGrowing) {
  Receiver receiver(1);
  Pipeline pipeline(otlp_to(receiver.traces_endpoint()), batches, 0, 1, ring);
  const Share pacing = cpu_share(rate, seconds / 2, [](std::uint64_t i) { keep(i); });
  at_rate(rate, 1, [&](std::uint64_t i) { Ten{}(pipeline.bench(), i); });
  receiver.reset_counts();
  const Share all = cpu_share(rate, seconds, [&](std::uint64_t i) { Ten{}(pipeline.bench(), i); });
  const Receiver::Counts counts = receiver.counts();
  require(pipeline.check());
  if (counts.latency_count == 0) fail("no batch was due within the run");
  return {.cpu = {all.mean - pacing.mean, std::hypot(all.plus_minus, pacing.plus_minus)},
          .p50_ms = millis(counts.latency_p50),
          .p99_ms = millis(counts.latency_p99),
          .requests_per_second = static_cast<double>(counts.requests) / seconds};
}

/// The same in a process of its own: p50 ms, p99 ms, CPU share, requests/s, MiB, what the CPU share may be off.
std::vector<double> steady_alone(const BatchOptions& batches, double rate, double seconds,
                                 Pipeline::Ring ring = Pipeline::Ring::kGrowing) {
  return in_child([&]() -> std::vector<double> {
    const Steady cost = steady(batches, rate, seconds, ring);
    return {cost.p50_ms,        cost.p99_ms, cost.cpu.mean, cost.requests_per_second, status_kib("VmHWM") / 1024,
            cost.cpu.plus_minus};
  });
}

struct PresetCase {
  const char* name;
  BatchOptions batches;
  Pipeline::Ring ring = Pipeline::Ring::kGrowing;
};

}  // namespace

void batch_size(const Trial& trial) {
  for (const std::uint32_t size : {1U, 16U, 128U, 256U, 512U, 1024U, 2048U}) {
    const std::string name = std::to_string(size);
    BatchOptions batches = roomy_batches();
    batches.batch_spans_max = size;
    const auto spans = static_cast<std::uint64_t>((size < 128 ? 20'000 : 200'000) * trial.scale);
    const std::vector<double> found = in_child([&]() -> std::vector<double> {
      Receiver receiver(1, false);
      Pipeline pipeline(otlp_to(receiver.traces_endpoint()), batches, 0, 0);
      const Flow cost = flow(pipeline, spans, 5, batches.queue_spans_max);
      require(check_received(pipeline, receiver));
      return {cost.spans_per_second, cost.cpu_nanos};
    });
    trial.points.add(name, "throughput", found[0], "spans/s");
    trial.points.add(name, "CPU a span, flat out", found[1], "ns");
    const std::vector<double> paced = steady_alone(batches, kRate, 2 * trial.scale);
    trial.points.add(name, "P99 End to received, 10,000 spans/s", paced[1], "ms");
    trial.points.add(name, "CPU, 10,000 spans/s", paced[2], "% of a core", paced[5]);
    trial.points.add(name, "exports, 10,000 spans/s", paced[3], "/s");
  }
  trial.points.note(
      "10 attributes over HTTP. Throughput: the whole process on one core, the receiver on another, no span lost. At "
      "10,000 spans/s a batch waits until it is full, so from 128 spans on the latency is the time it takes to fill; "
      "with "
      "fewer the export thread is woken so often that it looks at the rings late");
}

void schedule_delay(const Trial& trial) {
  for (const std::uint64_t delay : {2U, 100U, 1000U, 5000U}) {
    BatchOptions batches;
    batches.schedule_delay_ms = delay;
    const double seconds = static_cast<double>(delay) * 2.2e-3;
    const std::vector<double> found = steady_alone(batches, 100, seconds > 2 ? seconds : 2);
    const std::string name = std::to_string(delay) + " ms";
    trial.points.add(name, "P50 End to received", found[0], "ms");
    trial.points.add(name, "P99 End to received", found[1], "ms");
    trial.points.add(name, "exports", found[3], "/s");
    trial.points.add(name, "CPU", found[2], "% of a core", found[5]);
  }
  trial.points.note("100 spans a second, batches of 512: the delay decides, not the batch's size");
}

void presets(const Trial& trial) {
  const PresetCase cases[] = {{"default", BatchOptions()},
                              {"default, the ring grown by a burst before", BatchOptions(), Pipeline::Ring::kFull},
                              {"low_latency", BatchOptions::low_latency()},
                              {"high_throughput", BatchOptions::high_throughput()},
                              {"low_memory", BatchOptions::low_memory()}};
  for (const PresetCase& preset : cases) {
    const std::vector<double> found = steady_alone(preset.batches, kRate, 3 * trial.scale, preset.ring);
    trial.points.add(preset.name, "P50 End to received", found[0], "ms");
    trial.points.add(preset.name, "P99 End to received", found[1], "ms");
    trial.points.add(preset.name, "CPU", found[2], "% of a core", found[5]);
    trial.points.add(preset.name, "highest memory of the process", found[4], "MiB");
  }
  trial.points.note(
      "10,000 spans a second of 10 attributes; memory is the whole benchmark program's. A ring that a burst has grown "
      "is "
      "emptied less often");
}

void sampling(const Trial& trial) {
  const auto spans = static_cast<std::uint64_t>(500'000 * trial.scale);
  for (const double ratio : {0.0, 0.01, 0.1, 0.5, 1.0}) {
    const std::vector<double> found = in_child([&]() -> std::vector<double> {
      Receiver receiver(1, false);
      TracerProviderOptions options;
      options.sampler = parent_based_sampler({.root = trace_id_ratio_sampler(ratio)});
      options.processors.push_back(batch_processor(otlp_to(receiver.traces_endpoint()), roomy_batches()));
      pin(0);
      Result<TracerProvider> provider = TracerProvider::create(std::move(options));
      if (!provider) fail(provider.error().message);
      Bench bench{.tracer = provider->tracer({.name = "bench"})};
      const double memory = status_kib("VmRSS");
      const double before = process_cpu_seconds();
      for (std::uint64_t i = 0; i < spans; ++i) {
        {
          Span span = bench.tracer.start_span("GET /users", {.kind = SpanKind::kServer, .root = true});
          set_w4(span, bench.pool, i);
        }
        if (i % 32 == 0 && detail::thread_locals().state != nullptr) pace(*provider, 16'384);
      }
      provider->flush();
      const double cpu = (process_cpu_seconds() - before) * 1e9 / static_cast<double>(spans);
      const Ledger ledger = provider->ledger();
      if (!ledger.balances() || ledger.dropped_total() != 0) fail("spans were lost");
      const double wanted = ratio * static_cast<double>(spans), taken = static_cast<double>(ledger.ended);
      if (std::abs(taken - wanted) > 6 * std::sqrt(wanted)) fail("the sampler takes another share than it was told");
      if (receiver.counts().spans != ledger.exported) fail("the receiver does not have what was exported");
      return {cpu, status_kib("VmHWM") - memory, 100 * static_cast<double>(ledger.ended) / static_cast<double>(spans)};
    });
    char name[16];
    std::snprintf(name, sizeof name, "%g %%", 100 * ratio);
    trial.points.add(name, "CPU a span, all threads", found[0], "ns");
    trial.points.add(name, "memory added", found[1] / 1024, "MiB");
    trial.points.add(name, "sampled", found[2], "%");
  }
  trial.points.note(
      "Root spans, 10 attributes set whether sampled or not, flat out; memory beyond that before the first");
}

void shares(const Trial& trial) {
  Result<Profiling> profiling = start_profiling({.port = 0, .hz = 1000, .continuous = true});
  if (!profiling) fail(profiling.error().message);
  std::printf("profile port %u\n", static_cast<unsigned>(profiling->port()));
  std::fflush(stdout);
  Receiver receiver(1, false);
  Pipeline pipeline(otlp_to(receiver.traces_endpoint()), roomy_batches(), 0, 0);
  const double until = monotonic_seconds() + 7 * trial.scale;
  std::vector<double> cpu;
  while (monotonic_seconds() < until) {
    cpu.push_back(flow(pipeline, 100'000, 1, roomy_batches().queue_spans_max).cpu_nanos);
  }
  require(check_received(pipeline, receiver));
  trial.points.add("all", "CPU a span", median(cpu), "ns");
}

}  // namespace nanospan::bench
