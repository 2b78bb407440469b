// S8 to S10, S12: what spans cost the whole process, all threads, to the last byte sent.
#include <dirent.h>
#include <sys/prctl.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <nanospan/exporters.h>

#include "bench/end_to_end.h"
#include "bench/produce.h"
#include "bench/remote.h"

namespace nanospan::bench {
namespace {

/// Seconds that the SDK's thread has run in the kernel and in user space; in ticks of 10 ms.
struct ExportThread {
  double user = 0, kernel = 0;

  static ExportThread now() {
    ExportThread result;
    DIR* tasks = opendir("/proc/self/task");
    while (const dirent* task = readdir(tasks)) {
      std::ifstream file(std::string("/proc/self/task/") + task->d_name + "/stat");
      std::string text((std::istreambuf_iterator<char>(file)), {});
      const std::size_t name_end = text.rfind(')');
      if (name_end == std::string::npos || text.find("(nanospan)") == std::string::npos) continue;
      unsigned long user = 0, kernel = 0;
      std::sscanf(text.c_str() + name_end, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel);
      result.user += static_cast<double>(user) / 100;
      result.kernel += static_cast<double>(kernel) / 100;
    }
    closedir(tasks);
    return result;
  }
};

struct Cost {
  double all = 0, producer = 0, exporter = 0, kernel_share = 0, wall = 0;  // ns a span; wall: spans/s
};

/// W4 as fast as one processor takes it, everything of this process on processor 0.
Cost flat_out(Pipeline& pipeline, std::uint64_t spans, int rounds) {
  std::vector<double> all, producer, wall;
  const ExportThread before = ExportThread::now();
  for (int round = 0; round < rounds; ++round) {
    const double process = process_cpu_seconds(), thread = thread_cpu_seconds(), start = monotonic_seconds();
    for (std::uint64_t i = 0; i < spans; i += 32) {
      for (std::uint64_t j = 0; j < 32; ++j) Ten{}(pipeline.bench(), i + j);
      pace(pipeline.provider(), roomy_batches().queue_spans_max / 2);
    }
    pipeline.provider().flush();
    const double each = 1e9 / static_cast<double>(spans);
    all.push_back((process_cpu_seconds() - process) * each);
    producer.push_back((thread_cpu_seconds() - thread) * each);
    wall.push_back(static_cast<double>(spans) / (monotonic_seconds() - start));
  }
  const ExportThread after = ExportThread::now();
  const double kernel = after.kernel - before.kernel, user = after.user - before.user;
  return {.all = median(all),
          .producer = median(producer),
          .exporter = median(all) - median(producer),
          .kernel_share = kernel + user > 0 ? kernel / (kernel + user) : 0,
          .wall = median(wall)};
}

}  // namespace

void throughput(const Run& run) {
  prctl(PR_SET_TIMERSLACK, 1000UL);
  const auto spans = static_cast<std::uint64_t>(1e6 * run.scale);
  const int rounds = 7;
  Cost sent, counted;
  double bytes_a_span = 0;
  {
    Receiver receiver(1, false);
    Pipeline pipeline(otlp_to(receiver.traces_endpoint()), roomy_batches(), 0, 0);
    sent = flat_out(pipeline, spans, rounds);
    require(check_received(pipeline, receiver));
    const Receiver::Counts counts = receiver.counts();
    bytes_a_span = static_cast<double>(counts.bytes) / static_cast<double>(counts.spans);
  }
  {
    Pipeline pipeline(counting_exporter(), roomy_batches(), 0, 0);
    counted = flat_out(pipeline, spans, rounds);
    require(pipeline.check());
  }
  Figures& figures = run.figures;
  figures.add({"S8", "W4 end to end over HTTP, no loss: spans a second of CPU (all threads)", 1e3 / sent.all, "M/s",
               Better::kHigher, 4});
  figures.add({"S8", "  CPU a span, all threads", sent.all, "ns"});
  figures.add({"S8", "  of it produce: start, encode, end, and the application's pacing", sent.producer, "ns"});
  figures.add({"S8", "  of it drain and seal: rings to batches (with a counting exporter)", counted.exporter, "ns"});
  figures.add({"S8", "  of it send: the rest of the export thread", sent.exporter - counted.exporter, "ns"});
  figures.add({"S8", "  share of the export thread in the kernel", 100 * sent.kernel_share, "%"});
  figures.add({"S8", "  wall rate, the receiver being on the other processor", sent.wall / 1e6, "M/s"});
  figures.add({"S8", "  bytes a span on the wire", bytes_a_span, "bytes"});
}

void other_ways(const Run& run) {
  prctl(PR_SET_TIMERSLACK, 1000UL);
  struct Way {
    const char* what;
    bool grpc;
    Compression compression;
    double goal;  // M/s; 0: none
  };
  constexpr Way kWays[] = {
      {"over gRPC", true, Compression::kNone, 3.5},
      {"over HTTP with gzip", false, Compression::kGzip, 0.6},
      {"over HTTP with zstd", false, Compression::kZstd, 1},
      {"over HTTP with snappy", false, Compression::kSnappy, 0},
  };
  const auto spans = static_cast<std::uint64_t>(3e5 * run.scale);
  for (const Way& way : kWays) {
    Receiver receiver(1, false);
    Result<std::unique_ptr<SpanExporter>> exporter =
        way.grpc ? otlp_grpc_exporter({.endpoint = receiver.base_endpoint(), .compression = way.compression})
                 : otlp_http_exporter({.traces_endpoint = receiver.traces_endpoint(), .compression = way.compression});
    if (!exporter) fail(exporter.error().message);
    Pipeline pipeline(std::move(exporter).value(), roomy_batches(), 0, 0);
    const Cost cost = flat_out(pipeline, spans, 5);
    require(check_received(pipeline, receiver));
    const Receiver::Counts counts = receiver.counts();
    run.figures.add({"S9", std::string("W4 ") + way.what + ", no loss: spans a second of CPU", 1e3 / cost.all, "M/s",
                     way.goal > 0 ? Better::kHigher : Better::kNone, way.goal});
    run.figures.add({"S9", "  bytes a span on the wire",
                     static_cast<double>(counts.bytes) / static_cast<double>(counts.spans), "bytes"});
  }
}

void steady_cpu(const Run& run) {
  Receiver receiver(1, false);
  Pipeline pipeline(otlp_to(receiver.traces_endpoint()), BatchOptions(), 0, 1);
  const double seconds = 3 * run.scale;
  std::vector<double> costs, loops;
  for (int round = 0; round < 3; ++round) {
    double start = process_cpu_seconds();
    at_ten_thousand_a_second(seconds, [](std::uint64_t i) { keep(i); });
    const double loop = process_cpu_seconds() - start;
    start = process_cpu_seconds();
    at_ten_thousand_a_second(seconds, [&](std::uint64_t i) { Ten{}(pipeline.bench(), i); });
    pipeline.provider().flush();
    costs.push_back((process_cpu_seconds() - start - loop) / (seconds * 10'000) * 1e6);
    loops.push_back(loop / (seconds * 10'000) * 1e6);
  }
  require(check_received(pipeline, receiver));
  run.figures.add({"S10", "W4 at 10,000 spans/s: CPU a span, all threads, without the pacing loop", median(costs), "us",
                   Better::kLower, 0.4});
  run.figures.add({"S10", "  the pacing loop itself, taken off", median(loops), "us"});
}

void two_producers(const Run& run) {
  Receiver receiver(-1, false);
  Pipeline pipeline(otlp_to(receiver.traces_endpoint()), roomy_batches(), 0, -1);
  const auto spans = static_cast<std::uint64_t>(500'000 * run.scale);
  std::vector<double> making[2], exporting[2];
  for (int round = 0; round < 7; ++round) {
    for (int threads = 1; threads <= 2; ++threads) {
      const Production cost = produce(pipeline, threads, spans);
      making[threads - 1].push_back(cost.making);
      exporting[threads - 1].push_back(cost.exporting);
    }
  }
  require(check_received(pipeline, receiver));
  const double one = median(making[0]), two = median(making[1]);
  const double export_one = median(exporting[0]), export_two = median(exporting[1]);
  Figures& figures = run.figures;
  figures.add({"S12", "two producers against one: spans per CPU-second, the export thread accounted",
               2 * (one + export_one) / (two + export_two), "x", Better::kHigher, 1.9});
  figures.add({"S12", "  the producers alone", 2 * one / two, "x"});
  figures.add({"S12", "  CPU a span of the producer, one", one, "ns"});
  figures.add({"S12", "  CPU a span of each producer, two", two, "ns"});
  figures.add({"S12", "  CPU a span of the export thread, one producer", export_one, "ns"});
  figures.add({"S12", "  CPU a span of the export thread, two producers", export_two, "ns"});
}

}  // namespace nanospan::bench
