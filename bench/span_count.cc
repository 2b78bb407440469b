// span_count: the loop of one workload and nothing else, to be counted instead of timed.
//
//   span_count WORKLOAD N     runs N spans in the function counted(), with a live batch pipeline and a counting
//   exporter
//                             (in-process: the figures are the producing thread's, whatever the exporter); prints what
//                             it counted itself, as lines "name number"
//   span_count --paced N      N spans of W4 at 10,000 a second, then the wakes that they cost
//   span_count --list         names
//   span_count --about        what the counts depend on beside the source: compiler, C library, clock
//
// bench/instructions.py runs it under callgrind, which collects only inside counted(). Between groups of 64 spans, and
// outside of counted(), the ring is emptied, so that the count does not depend on how the export thread was scheduled.
// Allocations: allocations.h.
#include <gnu/libc-version.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "bench/allocations.h"
#include "bench/stage.h"
#include "bench/walk.h"
#include "sdk/runtime/drain_signal.h"

namespace nanospan::bench {
namespace {

constexpr std::uint64_t kGroup = 64;

/// What callgrind collects: --toggle-collect='*counted*'.
template <class Workload>
[[gnu::noinline]] void counted(const Workload& workload, Bench& bench, std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) workload(bench, first + i);
}

/// What the workload allocated in all calls of counted().
class Allocated {
 public:
  template <class Workload>
  void count(const Workload& workload, Bench& bench, std::uint64_t first, std::uint64_t spans) {
    const Allocations before = allocations();
    counted(workload, bench, first, spans);
    count_ += allocations().count - before.count;
    bytes_ += allocations().bytes - before.bytes;
  }
  void print(std::uint64_t spans) const {
    std::printf("spans %llu\nallocations %llu\nallocated_bytes %llu\n", static_cast<unsigned long long>(spans),
                static_cast<unsigned long long>(count_), static_cast<unsigned long long>(bytes_));
  }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
};

template <class Workload>
int run(Pipeline& pipeline, const Workload& workload, std::uint64_t spans) {
  Allocated allocated;
  const std::uint64_t written_before = ring_written();
  for (std::uint64_t i = 0; i < spans; i += kGroup) {
    allocated.count(workload, pipeline.bench(), i, kGroup);
    if (ring_fill() > ring_bytes() / 8) pipeline.settle();
  }
  const std::uint64_t written = ring_written() - written_before;
  const std::string problem = pipeline.check();
  if (!problem.empty()) fail(problem);
  allocated.print(spans);
  std::printf("wire_bytes %llu\n", static_cast<unsigned long long>(written));
  return 0;
}

/// What needs no pipeline.
template <class Workload>
int run_alone(const Workload& workload, std::uint64_t spans) {
  Bench bench{.tracer = tracer("none")};
  Allocated allocated;
  allocated.count(workload, bench, 0, spans);
  allocated.print(spans);
  return 0;
}

int run_paced(Pipeline& pipeline, std::uint64_t spans) {
  const std::uint64_t before = sdk::drain_signal().wakes();
  const double start = monotonic_seconds();
  for (std::uint64_t i = 0; i < spans; i += 10) {
    for (std::uint64_t j = 0; j < 10; ++j) Ten{}(pipeline.bench(), i + j);
    const double wait = start + static_cast<double>(i + 10) / 10'000 - monotonic_seconds();
    if (wait > 0) sleep_seconds(wait);
  }
  const std::uint64_t wakes = sdk::drain_signal().wakes() - before;
  const std::string problem = pipeline.check();
  if (!problem.empty()) fail(problem);
  std::printf("spans %llu\nwakes %llu\n", static_cast<unsigned long long>(spans),
              static_cast<unsigned long long>(wakes));
  return 0;
}

/// Calls visit(workload) for all that run on a live pipeline under a sampled parent.
template <class Visit>
void for_each_workload(const Visit& visit) {
  visit(Empty{});
  visit(EmptyRoot{});
  visit(Eight{});
  visit(EightDynamic{});
  visit(Ten{});
  visit(TenDynamic{});
  visit(EightStrings{});
  visit(EightInts{});
  visit(HundredBools{});
  visit(EightEvents{});
  visit(EightLinks{});
  visit(Duplicate{});
  visit(Braced{});
  visit(Kept{});
}

int run_named(std::string_view name, std::uint64_t spans) {
  if (name == NoProvider::kName) return run_alone(NoProvider{}, spans);
  if (name == GatewayWalk::kName) return run_alone(GatewayWalk(Pool::get()), spans);
  if (name == GatewayJson::kName) return run_alone(GatewayJson(Pool::get()), spans);
  Pipeline pipeline(counting_exporter(), roomy_batches(), -1, -1);
  if (name == "--paced") return run_paced(pipeline, spans);
  if (name == MakeCurrent::kName) return run(pipeline, MakeCurrent{pipeline.root()}, spans);
  if (name == Unsampled::kName) {
    const SpanContext& root = pipeline.root().context();
    const SpanContext parent(root.trace_id(), root.span_id(), TraceFlags::kRandom, false);
    const Context context = Context::root().with_span_context(parent);
    const Scope scope(context);
    return run(pipeline, Unsampled{}, spans);
  }
  int result = 2;
  for_each_workload([&](const auto& workload) {
    if (name == workload.kName) result = run(pipeline, workload, spans);
  });
  return result;
}

void about() {
  std::printf("compiler g++ %s\nlibc %s\n", __VERSION__, gnu_get_libc_version());
  const Pipeline pipeline(counting_exporter(), roomy_batches(), -1, -1);
  std::printf("clock %s\n", reads_ticks() ? "ticks" : "vdso");
}

void list() {
  for (const char* name :
       {NoProvider::kName, GatewayWalk::kName, GatewayJson::kName, Unsampled::kName, MakeCurrent::kName})
    std::puts(name);
  for_each_workload([](const auto& workload) { std::puts(workload.kName); });
}

}  // namespace
}  // namespace nanospan::bench

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--list") == 0) {
    nanospan::bench::list();
    return 0;
  }
  if (argc == 2 && std::strcmp(argv[1], "--about") == 0) {
    nanospan::bench::about();
    return 0;
  }
  std::uint64_t spans = 0;
  if (argc == 3) std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), spans);
  if (spans == 0) {
    std::fprintf(stderr, "usage: span_count WORKLOAD N | --paced N | --list | --about\n");
    return 2;
  }
  return nanospan::bench::run_named(argv[1], spans);
}
