// Reads files of benchmark results in the forms that people have:
//
//   Google Benchmark  --benchmark_format=json, with or without repetitions; aggregates and failed runs are left out
//   Go                text of `go test -bench`, as benchstat reads it ("Unit" lines included)
//   ours              build/bench/figures/bench.json and end_to_end --json (a value a figure),
//                     bench/instructions.py --json and the baseline of tools/bench-gate (counters),
//                     `nanospan load http --json` (one line a target)
//
// The form is told from the content. Hostile input gives one line "FILE:LINE: what; remedy" and is bounded in size,
// depth and number of values. Thread-safe on distinct Results.
#pragma once

#include <string_view>

#include "base/result.h"
#include "compare/results.h"

namespace nanospan::compare {

struct Input {
  std::string_view name;  ///< What faults call it.
  std::string_view text;
};

inline constexpr std::size_t kInputBytesMax = 64 << 20;

/// Adds what the input holds. After a fault `results` may have part of it.
Status read_results(const Input& input, Results& results);

}  // namespace nanospan::compare
