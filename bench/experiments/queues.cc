// Queues between those who end spans and the one who exports: behind a mutex or a ring a thread, how many producers,
// how long a queue.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "bench/experiments/experiments.h"
#include "bench/produce.h"

namespace nanospan::bench {
namespace {

/// The usual batch processor: a copy of the span into one queue that all threads share, behind a mutex; a thread that
/// takes the queue when it holds a batch. It only counts what it took, which flatters it.
class MutexQueue final : public SpanProcessor {
 public:
  MutexQueue() : thread_([this] { run(); }) {}
  ~MutexQueue() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    filled_.notify_one();
    thread_.join();
  }
  void on_end(const SpanView& span) override {
    std::vector<std::uint8_t> bytes(span.bytes().begin(), span.bytes().end());
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(bytes));
      wake = queue_.size() == kBatch;
    }
    if (wake) filled_.notify_one();
  }
  std::uint64_t taken() const { return taken_; }

 private:
  static constexpr std::size_t kBatch = 512;

  void run() {
    std::unique_lock lock(mutex_);
    while (!stopping_ || !queue_.empty()) {
      filled_.wait(lock, [this] { return stopping_ || queue_.size() >= kBatch; });
      std::vector<std::vector<std::uint8_t>> batch;
      batch.swap(queue_);
      lock.unlock();
      taken_ += batch.size();
      batch.clear();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable filled_;
  std::vector<std::vector<std::uint8_t>> queue_;
  std::atomic<std::uint64_t> taken_{0};
  bool stopping_ = false;
  std::thread thread_;
};

/// Takes part in every end and does nothing: what the mutex queue costs beyond it is the queue.
class NoQueue final : public SpanProcessor {};

struct Contended {
  double cpu_nanos = 0, spans_per_second = 0;
};

/// `threads` threads end `spans` of W4 each on a provider with one processor, as fast as they can.
Contended end_on(const std::shared_ptr<SpanProcessor>& processor, int threads, std::uint64_t spans) {
  TracerProviderOptions options;
  options.processors.push_back(processor);
  Result<TracerProvider> provider = TracerProvider::create(std::move(options));
  if (!provider) fail(provider.error().message);
  const double cpu = process_cpu_seconds(), start = monotonic_seconds();
  std::vector<std::thread> producers;
  for (int t = 0; t < threads; ++t) {
    producers.emplace_back([&] {
      Bench bench{.tracer = provider->tracer({.name = "bench"})};
      for (std::uint64_t i = 0; i < spans; ++i) Ten{}(bench, i);
    });
  }
  for (std::thread& producer : producers) producer.join();
  const double all = static_cast<double>(spans) * threads;
  return {(process_cpu_seconds() - cpu) * 1e9 / all, all / (monotonic_seconds() - start)};
}

double median_cpu(const std::vector<Contended>& rounds) {
  std::vector<double> cpu;
  for (const Contended& round : rounds) cpu.push_back(round.cpu_nanos);
  return median(cpu);
}

void add_contended(const Trial& trial, const std::string& name, const std::vector<Contended>& rounds) {
  std::vector<double> rate;
  for (const Contended& round : rounds) rate.push_back(round.spans_per_second);
  trial.points.add(name, "CPU a span, all threads", median_cpu(rounds), "ns");
  trial.points.add(name, "throughput", median(rate), "spans/s");
}

Production median_of(const std::vector<Production>& rounds) {
  std::vector<double> making, exporting, rate;
  for (const Production& round : rounds) {
    making.push_back(round.making);
    exporting.push_back(round.exporting);
    rate.push_back(round.spans_per_second);
  }
  return {median(making), median(exporting), median(rate)};
}

}  // namespace

void queue_pair(const Trial& trial) {
  const auto spans = static_cast<std::uint64_t>(100'000 * trial.scale);
  for (const int threads : {1, 2, 4}) {
    const std::string suffix = threads == 1 ? ", 1 thread" : ", " + std::to_string(threads) + " threads";
    std::vector<Contended> none, shared;
    std::vector<Production> rings;
    {
      Pipeline pipeline(counting_exporter(), roomy_batches(), -1, -1);
      for (int round = 0; round < 5; ++round) {
        none.push_back(end_on(std::make_shared<NoQueue>(), threads, spans));
        const auto queue = std::make_shared<MutexQueue>();
        shared.push_back(end_on(queue, threads, spans));
        rings.push_back(produce(pipeline, threads, spans));
      }
      require(pipeline.check());
    }
    add_contended(trial, "a processor without queue" + suffix, none);
    add_contended(trial, "one queue behind a mutex" + suffix, shared);
    const Production ours = median_of(rings);
    trial.points.add("a ring a thread" + suffix, "CPU a span, all threads", ours.making + ours.exporting, "ns");
    // Making a span is in both; with the hook it contains the hook, too.
    const double hook = median_cpu(none) - ours.making;
    trial.points.add("one queue behind a mutex, its hook taken off" + suffix, "CPU a span, all threads",
                     median_cpu(shared) - hook, "ns");
    trial.points.add("a ring a thread" + suffix, "throughput", ours.spans_per_second, "spans/s");
  }
  trial.points.note(
      "10 attributes; nothing is sent on either side, and the mutex queue is unbounded, which flatters it; a processor "
      "without queue shows what the hook itself costs. Where the export thread is behind, those who fill rings wait: "
      "that is not counted");
}

void thread_count(const Trial& trial) {
  Receiver receiver(-1, false);
  Pipeline pipeline(otlp_to(receiver.traces_endpoint()), roomy_batches(), -1, -1);
  const auto spans = static_cast<std::uint64_t>(200'000 * trial.scale);
  for (const int threads : {1, 2, 4, 8}) {
    std::vector<Production> rounds;
    for (int round = 0; round < 5; ++round) {
      rounds.push_back(produce(pipeline, threads, spans / static_cast<std::uint64_t>(threads)));
    }
    const Production cost = median_of(rounds);
    const std::string name = std::to_string(threads);
    trial.points.add(name, "throughput, receiver on the same processors", cost.spans_per_second, "spans/s");
    trial.points.add(name, "per CPU-second", 1e9 / (cost.making + cost.exporting), "spans/s");
    trial.points.add(name, "CPU a span of its producer", cost.making, "ns");
    trial.points.add(name, "CPU a span of the export thread", cost.exporting, "ns");
  }
  require(check_received(pipeline, receiver));
  trial.points.note("10 attributes, over HTTP to a receiver that decodes and counts; no span lost");
}

void queue_size(const Trial& trial) {
  constexpr std::uint64_t kBursts = 5;
  constexpr std::uint32_t kAwayMillis = 50;
  for (const std::uint64_t burst : {2000U, 10000U}) {
    for (const std::uint32_t queue : {512U, 1024U, 2048U, 4096U, 8192U, 16384U}) {
      Receiver receiver(1, false, kAwayMillis);
      BatchOptions options;
      options.queue_spans_max = queue;
      options.batch_spans_max = 512;
      Pipeline pipeline(otlp_to(receiver.traces_endpoint()), options, 0, 1);
      const Ledger before = pipeline.provider().ledger();
      for (std::uint64_t b = 0; b < kBursts; ++b) {
        const auto make = [&](std::uint64_t i) { Ten{}(pipeline.bench(), i); };
        at_rate(100'000, static_cast<double>(burst) / 100'000, make);
        pipeline.provider().flush();
      }
      const Ledger after = pipeline.provider().ledger();
      if (!after.balances()) fail("the ledger does not balance");
      const auto ended = static_cast<double>(after.ended - before.ended);
      const auto dropped = static_cast<double>(after.dropped_total() - before.dropped_total());
      const std::string metric = "lost of bursts of " + std::to_string(burst);
      trial.points.add(std::to_string(queue), metric, 100 * dropped / ended, "%");
    }
  }
  trial.points.note(
      "Bursts at 100,000 spans/s, batches of 512, 4 exports in flight, a receiver that answers after 50 ms; every lost "
      "span is in the ledger");
}

}  // namespace nanospan::bench
