#include "bench/figures.h"

#include <cstdio>
#include <utility>

namespace nanospan::bench {
namespace {

const char* verdict(const Figure& figure) {
  if (figure.better == Better::kNone) return "";
  const bool met = figure.better == Better::kLower ? figure.value <= figure.target : figure.value >= figure.target;
  return met ? "met" : "missed";
}

}  // namespace

void Figures::add(Figure figure) {
  std::printf("%-4s %-74s %12.2f %-12s", figure.goal.c_str(), figure.what.c_str(), figure.value, figure.unit.c_str());
  if (figure.better != Better::kNone) {
    std::printf(" %s %g: %s", figure.better == Better::kLower ? "<=" : ">=", figure.target, verdict(figure));
  }
  std::printf("\n");
  std::fflush(stdout);
  all_.push_back(std::move(figure));
}

bool Figures::write_json(const std::string& path) const {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  std::fputs("[", file);
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const Figure& f = all_[i];
    std::fprintf(file, "%s\n {\"goal\": \"%s\", \"what\": \"%s\", \"value\": %.6g, \"unit\": \"%s\"", i == 0 ? "" : ",",
                 f.goal.c_str(), f.what.c_str(), f.value, f.unit.c_str());
    if (f.better != Better::kNone) {
      std::fprintf(file, ", \"target\": \"%s %g\", \"verdict\": \"%s\"",
                   f.better == Better::kLower ? "<=" : ">=", f.target, verdict(f));
    }
    std::fputs("}", file);
  }
  std::fputs("\n]\n", file);
  return std::fclose(file) == 0;
}

}  // namespace nanospan::bench
