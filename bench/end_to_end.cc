// end_to_end: the figures that need a whole pipeline and a real receiver (goals S8, S10-S15).
//
//   end_to_end [--json FILE] [--scale X] [SCENARIO...]      all scenarios by default; X < 1 shortens them
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/end_to_end.h"

namespace nanospan::bench {
namespace {

struct Scenario {
  const char* name;
  void (*run)(const Run&);
};
constexpr Scenario kScenarios[] = {
    {"throughput", throughput},
    {"other_ways", other_ways},
    {"steady_cpu", steady_cpu},
    {"two_producers", two_producers},
    {"tails", tails},
    {"delivery", delivery},
    {"thread_memory", thread_memory},
    {"service_memory", service_memory},
    {"lifecycle", lifecycle},
};

int usage() {
  std::fputs("usage: end_to_end [--json FILE] [--scale X] [SCENARIO...]\nscenarios:", stderr);
  for (const Scenario& scenario : kScenarios) std::fprintf(stderr, " %s", scenario.name);
  std::fputs("\n", stderr);
  return 2;
}

int run_all(const std::vector<std::string>& wanted, double scale, const std::string& json) {
  Figures figures;
  for (const std::string& name : wanted) {
    bool known = false;
    for (const Scenario& scenario : kScenarios) known = known || name == scenario.name;
    if (!known) return usage();
  }
  for (const Scenario& scenario : kScenarios) {
    bool run = wanted.empty();
    for (const std::string& name : wanted) run = run || name == scenario.name;
    if (run) scenario.run({figures, scale});
  }
  return json.empty() || figures.write_json(json) ? 0 : 1;
}

}  // namespace
}  // namespace nanospan::bench

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 4 && arguments[0] == "--child") {
    return nanospan::bench::child(arguments[1], arguments[2], std::atof(arguments[3].c_str()));
  }
  std::vector<std::string> wanted;
  std::string json;
  double scale = 1;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool has_value = i + 1 < arguments.size();
    if (arguments[i] == "--json" && has_value) {
      json = arguments[++i];
    } else if (arguments[i] == "--scale" && has_value) {
      scale = std::atof(arguments[++i].c_str());
    } else {
      wanted.push_back(arguments[i]);
    }
  }
  return scale > 0 ? nanospan::bench::run_all(wanted, scale, json) : nanospan::bench::usage();
}
