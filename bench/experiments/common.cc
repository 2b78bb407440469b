#include <sys/wait.h>
#include <unistd.h>

#include "bench/experiments/experiments.h"

namespace nanospan::bench {

std::vector<double> in_child(const std::function<std::vector<double>()>& body) {
  int ends[2];
  if (pipe(ends) != 0) fail("pipe failed");
  const pid_t child = fork();
  if (child < 0) fail("fork failed");
  if (child == 0) {
    close(ends[0]);
    const std::vector<double> numbers = body();
    const std::size_t size = numbers.size() * sizeof(double);
    const bool whole = write(ends[1], numbers.data(), size) == static_cast<ssize_t>(size);
    _exit(whole ? 0 : 1);
  }
  close(ends[1]);
  std::vector<double> numbers;
  for (double number = 0; read(ends[0], &number, sizeof number) == static_cast<ssize_t>(sizeof number);) {
    numbers.push_back(number);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0 || numbers.empty()) fail("a case in a process of its own failed");
  return numbers;
}

Flow flow(Pipeline& pipeline, std::uint64_t spans, int rounds, std::uint32_t queue_spans_max,
          void (*make)(Bench&, std::uint64_t)) {
  std::vector<double> cpu, wall;
  for (int round = 0; round < rounds; ++round) {
    const double before = process_cpu_seconds(), start = monotonic_seconds();
    for (std::uint64_t i = 0; i < spans; i += 32) {
      for (std::uint64_t j = 0; j < 32; ++j) make(pipeline.bench(), i + j);
      pace(pipeline.provider(), queue_spans_max / 2);
    }
    pipeline.provider().flush();
    cpu.push_back((process_cpu_seconds() - before) * 1e9 / static_cast<double>(spans));
    wall.push_back(static_cast<double>(spans) / (monotonic_seconds() - start));
  }
  return {.cpu_nanos = median(cpu), .spans_per_second = median(wall)};
}

}  // namespace nanospan::bench
