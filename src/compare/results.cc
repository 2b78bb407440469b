// What units mean, by their names. Threads: see the header.
#include "compare/results.h"

#include <algorithm>
#include <array>

#include "wire/utf8.h"

namespace nanospan::compare {
namespace {

constexpr UnitKind kTime = {Better::kLower, false};
constexpr UnitKind kSpeed = {Better::kHigher, false};
constexpr UnitKind kCounter = {Better::kLower, true};

struct NamedUnit {
  std::string_view name;
  UnitKind kind;
};
// Go's units, Google Benchmark's fields, our own reports, and what people call their counters.
constexpr std::array kUnits = {
    NamedUnit{"real_time", kTime},
    NamedUnit{"cpu_time", kTime},
    NamedUnit{"ns", kTime},
    NamedUnit{"us", kTime},
    NamedUnit{"ms", kTime},
    NamedUnit{"s", kTime},
    NamedUnit{"ns/op", kTime},
    NamedUnit{"sec/op", kTime},
    NamedUnit{"ratio", kTime},
    NamedUnit{"mean_ms", kTime},
    NamedUnit{"p50_ms", kTime},
    NamedUnit{"p90_ms", kTime},
    NamedUnit{"p99_ms", kTime},
    NamedUnit{"p999_ms", kTime},
    NamedUnit{"max_ms", kTime},
    NamedUnit{"cpu_us_per_request", kTime},
    NamedUnit{"cpu_us_per_span", kTime},
    NamedUnit{"rss_high_mib", kTime},
    NamedUnit{"KiB", kTime},
    NamedUnit{"MiB", kTime},
    NamedUnit{"max_bytes_used", kTime},
    NamedUnit{"net_heap_growth", kTime},
    NamedUnit{"bytes_per_second", kSpeed},
    NamedUnit{"items_per_second", kSpeed},
    NamedUnit{"B/op", kCounter},
    NamedUnit{"allocs/op", kCounter},
    NamedUnit{"allocs_per_iter", kCounter},
    NamedUnit{"total_allocated_bytes", kCounter},
    NamedUnit{"allocated_bytes", kCounter},
    NamedUnit{"wire_bytes", kCounter},
    NamedUnit{"locked_per_1000", kCounter},
    NamedUnit{"instructions", kCounter},
    NamedUnit{"allocations", kCounter},
    NamedUnit{"allocs", kCounter},
    NamedUnit{"bytes", kCounter},
    NamedUnit{"syscalls", kCounter},
    NamedUnit{"system_calls", kCounter},
};

}  // namespace

UnitKind kind_of_unit(std::string_view unit) {
  const auto* const known =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const NamedUnit& u) { return u.name == unit; });
  if (known != kUnits.end()) return known->kind;
  if (unit.ends_with("/s") || unit.ends_with("_per_second")) return kSpeed;
  // "instructions/op", "syscalls/op": a counter per operation is a counter.
  if (unit.ends_with("/op")) {
    const UnitKind whole = kind_of_unit(unit.substr(0, unit.size() - 3));
    if (whole.counter) return whole;
  }
  return {};
}

std::string printable(std::string_view name) {
  const bool text = wire::is_valid_utf8(name);
  std::string clean(name);
  std::replace_if(
      clean.begin(), clean.end(),
      [&](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F || (byte > 0x7F && !text);
      },
      '?');
  return clean;
}

bool Results::add(std::string_view benchmark, std::string_view unit, double value) {
  if (values_ >= kValuesMax) return false;
  ++values_;
  std::pair<std::string, std::string> key(printable(benchmark), printable(unit));
  const auto [place, is_new] = index_.try_emplace(key, series_.size());
  if (is_new) series_.push_back({std::move(key.first), std::move(key.second), {}});
  series_[place->second].values.push_back(value);
  return true;
}

UnitKind Results::kind(const std::string& unit) const {
  const auto declared = declared_.find(unit);
  return declared != declared_.end() ? declared->second : kind_of_unit(unit);
}

const Series* Results::find(const std::string& benchmark, const std::string& unit) const {
  const auto found = index_.find({benchmark, unit});
  return found == index_.end() ? nullptr : &series_[found->second];
}

}  // namespace nanospan::compare
