// experiments: runs one experiment and writes what it measured.
//
//   experiments NAME [--scale X] [--json FILE]
//   experiments --list
#include "bench/experiments/experiments.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace nanospan::bench {
namespace {

struct Experiment {
  const char* name;
  void (*run)(const Trial&);
};
constexpr Experiment kExperiments[] = {
    {"spans", spans},
    {"attributes_pair", attributes_pair},
    {"inline_pair", inline_pair},
    {"pooling_pair", pooling_pair},
    {"context_pair", context_pair},
    {"attribute_count", attribute_count},
    {"queue_pair", queue_pair},
    {"thread_count", thread_count},
    {"queue_size", queue_size},
    {"batch_size", batch_size},
    {"schedule_delay", schedule_delay},
    {"presets", presets},
    {"sampling", sampling},
    {"shares", shares},
    {"compression", compression},
    {"connection_pair", connection_pair},
    {"multiplexing", multiplexing},
    {"stalls", stalls},
};

int run(const char* name, double scale, const std::string& json) {
  for (const Experiment& experiment : kExperiments) {
    if (std::strcmp(experiment.name, name) != 0) continue;
    Points points(name);
    experiment.run({points, scale});
    return json.empty() || points.write_json(json) ? 0 : 1;
  }
  std::fprintf(stderr, "experiments: no experiment \"%s\"; --list names them\n", name);
  return 2;
}

}  // namespace
}  // namespace nanospan::bench

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--list") == 0) {
    for (const auto& experiment : nanospan::bench::kExperiments) std::puts(experiment.name);
    return 0;
  }
  double scale = 1;
  std::string json;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--scale") == 0) {
      scale = std::atof(argv[i + 1]);
    } else if (std::strcmp(argv[i], "--json") == 0) {
      json = argv[i + 1];
    } else {
      scale = 0;
    }
  }
  if (argc % 2 != 0 || scale <= 0) {
    std::fputs("usage: experiments NAME [--scale X] [--json FILE] | --list\n", stderr);
    return 2;
  }
  return nanospan::bench::run(argv[1], scale, json);
}
