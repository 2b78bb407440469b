// How the readers of results say what is wrong: one line for people, with file, line and remedy.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "compare/read_results.h"

namespace nanospan::compare {

/// The remedy for what is none of the forms that are read.
inline constexpr std::string_view kForms =
    "give Google Benchmark's --benchmark_format=json, `go test -bench` text, or a report of nanospan's";

inline Error fault_at(const Input& input, std::size_t line, std::string_view what, std::string_view remedy) {
  std::string text(input.name);
  text.append(":").append(std::to_string(line)).append(": ").append(what).append("; ").append(remedy);
  return Error{ErrorCode::kMalformed, std::move(text)};
}

inline Error too_many_values(const Input& input, std::size_t line) {
  return fault_at(input, line, "more than 4,000,000 values in all", "compare fewer files at once");
}

}  // namespace nanospan::compare
