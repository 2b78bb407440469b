#include "bench/experiments/points.h"

#include <cstdio>

namespace nanospan::bench {

void Points::add(const std::string& of, const std::string& metric, double value, const std::string& unit,
                 double plus_minus) {
  std::printf("  %-44s %-42s %14.3f %s", of.c_str(), metric.c_str(), value, unit.c_str());
  if (plus_minus > 0) std::printf(" +- %.3f", plus_minus);
  std::printf("\n");
  std::fflush(stdout);
  points_.push_back({of, metric, unit, value, plus_minus});
}

void Points::note(const std::string& text) { notes_.push_back(text); }

// All names are this program's own literals: nothing in them needs escaping.
bool Points::write_json(const std::string& path) const {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  std::fprintf(file, "{\"experiment\": \"%s\", \"figures\": [", experiment_.c_str());
  const char* separator = "";
  for (const Point& p : points_) {
    std::fprintf(file,
                 "%s\n {\"what\": \"%s, %s: %s\", \"value\": %.9g, \"unit\": \"%s\", \"case\": \"%s\", "
                 "\"metric\": \"%s\"",
                 separator, experiment_.c_str(), p.of.c_str(), p.metric.c_str(), p.value, p.unit.c_str(), p.of.c_str(),
                 p.metric.c_str());
    if (p.plus_minus > 0) std::fprintf(file, ", \"plus_minus\": %.9g", p.plus_minus);
    std::fputs("}", file);
    separator = ",";
  }
  std::fputs("\n], \"notes\": [", file);
  separator = "";
  for (const std::string& note : notes_) {
    std::fprintf(file, "%s\n \"%s\"", separator, note.c_str());
    separator = ",";
  }
  std::fputs("]}\n", file);
  return std::fclose(file) == 0;
}

}  // namespace nanospan::bench
