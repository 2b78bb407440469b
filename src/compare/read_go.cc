// Line by line: what looks like a result and is cut off is an error, everything else is passed over. Pure.
#include "compare/read_go.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "compare/read_faults.h"

namespace nanospan::compare {
namespace {

constexpr std::string_view kSpace = " \t\r";
constexpr std::string_view kCutOff = "the run was cut off or its output mixed with other text: run it again";

/// The next word, cut off the front of the line; empty at its end.
std::string_view next_word(std::string_view& line) {
  const std::size_t first = line.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return line = {};
  const std::size_t end = std::min(line.find_first_of(kSpace, first), line.size());
  const std::string_view word = line.substr(first, end - first);
  line.remove_prefix(end);
  return word;
}

template <class T>
std::optional<T> number(std::string_view word) {
  T value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

class GoReader {
 public:
  GoReader(const Input& input, Results& results) : input_(input), results_(results) {}

  Status run() {
    for (std::size_t start = 0; start < input_.text.size();) {
      const std::size_t end = std::min(input_.text.find('\n', start), input_.text.size());
      ++line_;
      if (Status status = read_line(input_.text.substr(start, end - start)); !status.ok()) return status;
      start = end + 1;
    }
    return {};
  }

 private:
  Status read_line(std::string_view line) {
    if (line.starts_with("pkg:")) {
      line.remove_prefix(4);
      package_ = next_word(line);
      return {};
    }
    const std::string_view word = next_word(line);
    if (word == "Unit") return read_unit(line);
    // "Benchmark" is followed by nothing or by no lower-case letter; so Go itself tells benchmarks from other names.
    constexpr std::string_view kPrefix = "Benchmark";
    if (!word.starts_with(kPrefix)) return {};
    const std::string_view name = word.substr(kPrefix.size());
    if (!name.empty() && std::islower(static_cast<unsigned char>(name[0])) != 0) return {};
    return read_benchmark(name, line);
  }

  /// "Unit ns/op better=lower assume=exact".
  Status read_unit(std::string_view line) {
    const std::string_view unit = next_word(line);
    if (unit.empty()) return fault_at(input_, line_, "a Unit line without a unit", "remove the line");
    UnitKind kind = results_.kind(std::string(unit));
    for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
      if (word == "better=lower") kind.better = Better::kLower;
      if (word == "better=higher") kind.better = Better::kHigher;
      if (word.starts_with("assume=")) kind.counter = word == "assume=exact";
    }
    results_.declare(unit, kind);
    return {};
  }

  /// "NAME ITERATIONS VALUE UNIT [VALUE UNIT]...", its name already read.
  Status read_benchmark(std::string_view name, std::string_view line) {
    // With -v the name comes alone and again with its results; a program may print behind it.
    if (!number<std::uint64_t>(next_word(line))) return {};
    std::string full(package_);
    if (!full.empty()) full += '.';
    full += name.empty() ? "Benchmark" : name;
    bool any = false;
    for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
      const std::optional<double> value = number<double>(word);
      if (!value || !std::isfinite(*value)) {
        return fault_at(input_, line_, "\"" + std::string(word.substr(0, 40)) + "\" is no number", kCutOff);
      }
      const std::string_view unit = next_word(line);
      if (unit.empty()) return fault_at(input_, line_, "a number without a unit", kCutOff);
      if (!results_.add(full, unit, *value)) return too_many_values(input_, line_);
      any = true;
    }
    if (!any) return fault_at(input_, line_, "a benchmark without a result", kCutOff);
    return {};
  }

  const Input& input_;
  Results& results_;
  std::string_view package_;
  std::size_t line_ = 0;
};

}  // namespace

Status read_go(const Input& input, Results& results) { return GoReader(input, results).run(); }

}  // namespace nanospan::compare
