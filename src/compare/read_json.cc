// Which of the forms a document has is told by its keys, not by its name. Pure.
#include "compare/read_json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>

#include "compare/json_tree.h"
#include "compare/read_faults.h"

namespace nanospan::compare {
namespace {

using Kind = JsonNode::Kind;

// Numbers of Google Benchmark's entries that describe the run and measure nothing.
constexpr std::array<std::string_view, 6> kBookkeeping = {
    "family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads", "iterations"};
// Versions before 1.5 mark aggregates by nothing but their names.
constexpr std::array<std::string_view, 6> kAggregates = {"_mean", "_median", "_stddev", "_cv", "_BigO", "_RMS"};

std::optional<double> nanos_per(std::string_view time_unit) {
  if (time_unit == "ns" || time_unit.empty()) return 1;
  if (time_unit == "us") return 1e3;
  if (time_unit == "ms") return 1e6;
  if (time_unit == "s") return 1e9;
  return std::nullopt;
}

template <class Names>
bool is_one_of(std::string_view name, const Names& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class JsonResults {
 public:
  JsonResults(const Input& input, Results& results) : input_(input), results_(results) {}

  Status read(const JsonNode& root) {
    if (root.kind == Kind::kArray) return read_all(root, &JsonResults::read_figure);
    if (const JsonNode* list = root.find("benchmarks")) return read_google_all(*list);
    if (const JsonNode* list = root.find("figures")) return read_all(*list, &JsonResults::read_figure);
    if (const JsonNode* workloads = root.find("workloads")) return read_workloads(*workloads);
    if (root.find("requests_per_second") != nullptr) return read_load(root);
    return fault_at(input_, root.line, "JSON of a form that is not known", kForms);
  }

 private:
  Status read_all(const JsonNode& list, Status (JsonResults::*read_one)(const JsonNode&)) {
    if (list.kind != Kind::kArray) return fault_at(input_, list.line, "the list of results is no array", kForms);
    for (const JsonNode& item : list.items) {
      if (item.kind != Kind::kObject) return fault_at(input_, item.line, "a result that is no object", kForms);
      if (Status status = (this->*read_one)(item); !status.ok()) return status;
    }
    return {};
  }

  Status read_google_all(const JsonNode& list) {
    const std::size_t before = results_.values() + results_.failed().size();
    Status status = read_all(list, &JsonResults::read_google);
    if (status.ok() && !list.items.empty() && results_.values() + results_.failed().size() == before) {
      return fault_at(input_, list.line, "only aggregates, no single runs",
                      "run without --benchmark_report_aggregates_only and --benchmark_display_aggregates_only");
    }
    return status;
  }

  Status add(std::string_view benchmark, std::string_view unit, double value, std::size_t line) {
    if (!std::isfinite(value)) return fault_at(input_, line, "a number out of range", kForms);
    if (!results_.add(benchmark, unit, value)) return too_many_values(input_, line);
    return {};
  }

  Status read_google(const JsonNode& entry) {
    const std::string_view name = entry.text_of("name");
    if (name.empty()) return fault_at(input_, entry.line, "a benchmark without a name", kForms);
    const std::string_view run_type = entry.text_of("run_type");
    const bool aggregate = run_type.empty()
                               ? std::any_of(kAggregates.begin(), kAggregates.end(),
                                             [&](std::string_view suffix) { return name.ends_with(suffix); })
                               : run_type != "iteration";
    if (aggregate) return {};
    const std::string_view run_name = entry.text_of("run_name").empty() ? name : entry.text_of("run_name");
    if (const JsonNode* error = entry.find("error_occurred"); error != nullptr && error->is_true) {
      results_.add_failed(run_name);
      return {};
    }
    const std::optional<double> scale = nanos_per(entry.text_of("time_unit"));
    if (!scale) {
      return fault_at(input_, entry.find("time_unit")->line, "a time_unit that is not ns, us, ms or s",
                      "is this Google Benchmark's?");
    }
    const JsonNode* const real = entry.find("real_time");
    if (real == nullptr || real->kind != Kind::kNumber) {
      return fault_at(input_, real != nullptr ? real->line : entry.line, "real_time is no number", kForms);
    }
    for (std::size_t i = 0; i < entry.items.size(); ++i) {
      const std::string_view unit = entry.keys[i];
      const JsonNode& item = entry.items[i];
      if (item.kind != Kind::kNumber || is_one_of(unit, kBookkeeping)) continue;
      const bool time = unit == "real_time" || unit == "cpu_time";
      if (Status status = add(run_name, unit, item.number * (time ? *scale : 1), item.line); !status.ok())
        return status;
    }
    return {};
  }

  /// {"goal": "S3", "what": "sampled", "value": 12.5, "unit": "ns", "ratio": 1.2}: bench/figures.h, tools/bench.
  Status read_figure(const JsonNode& figure) {
    const std::string_view what = figure.text_of("what");
    const JsonNode* const value = figure.find("value");
    if (what.empty() || value == nullptr)
      return fault_at(input_, figure.line, "a figure without what or value", kForms);
    if (value->kind != Kind::kNumber) return fault_at(input_, value->line, "a value that is no number", kForms);
    std::string_view unit = figure.text_of("unit");
    if (unit.empty()) unit = what.starts_with("instructions of ") ? "instructions" : "count";
    if (Status status = add(what, unit, value->number, value->line); !status.ok()) return status;
    const JsonNode* const ratio = figure.find("ratio");
    if (ratio == nullptr || ratio->kind != Kind::kNumber) return {};
    return add(what, "ratio", ratio->number, ratio->line);
  }

  /// {"workloads": {"W2": {"instructions": 225, ...}}}: bench/instructions.py and the baseline.
  Status read_workloads(const JsonNode& workloads) {
    for (std::size_t i = 0; i < workloads.items.size(); ++i) {
      const JsonNode& counts = workloads.items[i];
      if (counts.kind != Kind::kObject) return fault_at(input_, counts.line, "a workload without counts", kForms);
      for (std::size_t j = 0; j < counts.items.size(); ++j) {
        const JsonNode& count = counts.items[j];
        if (count.kind != Kind::kNumber) return fault_at(input_, count.line, "a count that is no number", kForms);
        if (Status status = add(workloads.keys[i], counts.keys[j], count.number, count.line); !status.ok())
          return status;
      }
    }
    return {};
  }

  /// {"label": "on", "requests_per_second": 9000, "p99_ms": 3.2, ...}: nanospan load --json.
  Status read_load(const JsonNode& line) {
    constexpr std::array<std::string_view, 12> kFigures = {"requests_per_second",
                                                           "mean_ms",
                                                           "p50_ms",
                                                           "p90_ms",
                                                           "p99_ms",
                                                           "max_ms",
                                                           "cpu_us_per_request",
                                                           "spans_per_second",
                                                           "spans_per_cpu_second",
                                                           "cpu_us_per_span",
                                                           "p999_ms",
                                                           "rss_high_mib"};
    for (std::size_t i = 0; i < line.items.size(); ++i) {
      const JsonNode& item = line.items[i];
      if (item.kind != Kind::kNumber || !is_one_of(line.keys[i], kFigures)) continue;
      const std::string_view label = line.text_of("label").empty() ? "load" : line.text_of("label");
      if (Status status = add(label, line.keys[i], item.number, item.line); !status.ok()) return status;
    }
    return {};
  }

  const Input& input_;
  Results& results_;
};

/// One document a line, as load writes them: the first line is whole and one of load's, and there is more.
bool is_json_lines(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const std::size_t end = text.find('\n', first);
  if (end == std::string_view::npos || text.find_first_not_of(" \t\r\n", end) == std::string_view::npos) return false;
  JsonNode root;
  JsonFault fault;
  return parse_json(text.substr(first, end - first), 1, root, fault) && root.find("requests_per_second") != nullptr;
}

}  // namespace

Status read_json(const Input& input, Results& results) {
  const bool lines = is_json_lines(input.text);
  std::size_t line = 1;
  for (std::size_t start = 0; start < input.text.size(); ++line) {
    const std::size_t end = lines ? std::min(input.text.find('\n', start), input.text.size()) : input.text.size();
    const std::string_view document = input.text.substr(start, end - start);
    start = end + 1;
    if (document.find_first_not_of(" \t\r\n") == std::string_view::npos) continue;
    JsonNode root;
    JsonFault fault;
    if (!parse_json(document, line, root, fault)) {
      return fault_at(input, fault.line, fault.what, "write the file again; a run that was stopped leaves half of one");
    }
    if (Status status = JsonResults(input, results).read(root); !status.ok()) return status;
  }
  return {};
}

}  // namespace nanospan::compare
