// nanospan bench-compare: results of benchmarks, old against new, with a verdict that a build can rely on.
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>

#include "apps/nanospan/command.h"
#include "compare/compare.h"
#include "compare/read_results.h"
#include "compare/render.h"

namespace nanospan::app {
namespace {

using compare::CompareOptions;
using compare::Side;

Result<std::string> read_file(const std::string& path) {
  const auto fail = [&]() -> Error {
    return {ErrorCode::kSystem, path + ": cannot be read: " + std::strerror(errno) + "; give a file of results"};
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return fail();
  std::string text;
  std::string block(std::size_t{1} << 16, '\0');
  // One byte more than is allowed is enough for the reader to refuse it.
  while (text.size() <= compare::kInputBytesMax) {
    const std::size_t got = std::fread(block.data(), 1, block.size(), file.get());
    if (got == 0) break;
    text.append(block, 0, got);
  }
  if (std::ferror(file.get()) != 0) return fail();
  return text;
}

/// "a.json,b.json" is one side: the runs of both files.
Result<Side> read_side(const std::string& files) {
  Side side;
  side.label = compare::printable(files);
  for (std::size_t start = 0; start <= files.size();) {
    const std::size_t end = std::min(files.find(',', start), files.size());
    const std::string path = files.substr(start, end - start);
    const Result<std::string> text = read_file(path);
    if (!text) return text.error();
    if (Status status = compare::read_results({path, *text}, side.results); !status.ok()) return status.error();
    start = end + 1;
  }
  return side;
}

/// "2%" and "0.02" are the same share.
Result<double> share(const Arguments& arguments, std::string_view option, double otherwise, double high) {
  const std::optional<std::string> text = arguments.value(option);
  if (!text) return otherwise;
  const bool percent = text->ends_with('%');
  const char* const last = text->data() + text->size() - (percent ? 1 : 0);
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), last, value);
  if (percent) value /= 100;
  if (error != std::errc() || end != last || !(value >= 0 && value <= high)) {
    return Error{ErrorCode::kInvalidArgument, std::string(option) + " is \"" + *text +
                                                  "\"; it must be a share like 2% or 0.02" +
                                                  (high < 1 ? ", and below 50%" : "")};
  }
  return value;
}

Result<CompareOptions> parse_options(const Arguments& arguments) {
  CompareOptions options;
  const Result<double> alpha = share(arguments, "--alpha", options.alpha, 0.5);
  const Result<double> effect_min = share(arguments, "--min-effect", options.effect_min, 10);
  const Result<double> tolerance = share(arguments, "--tolerance", options.counter_tolerance, 10);
  for (const Result<double>* value : {&alpha, &effect_min, &tolerance}) {
    if (!*value) return value->error();
  }
  options.alpha = *alpha;
  options.effect_min = *effect_min;
  options.counter_tolerance = *tolerance;
  options.units = arguments.values("--unit");
  options.lower = arguments.values("--lower");
  options.higher = arguments.values("--higher");
  options.counters = arguments.values("--counter");
  return options;
}

using Render = std::string (*)(const compare::Report&);

/// nullptr if there is no such form.
Render renderer(std::string_view form) {
  if (form == "text") return compare::render_text;
  if (form == "markdown") return compare::render_markdown;
  if (form == "json") return compare::render_json;
  return nullptr;
}

Result<compare::Report> run_comparison(const Arguments& arguments) {
  const Result<CompareOptions> options = parse_options(arguments);
  if (!options) return options.error();
  std::vector<std::string> files = arguments.values("NEW...");
  if (files.empty()) {
    return Error{ErrorCode::kInvalidArgument, "give two files of results: nanospan bench-compare OLD NEW"};
  }
  files.insert(files.begin(), *arguments.value("OLD"));
  const std::vector<std::string> noise_files = arguments.values("--aa");
  if (!noise_files.empty() && noise_files.size() != 2) {
    return Error{ErrorCode::kInvalidArgument, "give one --aa FILE FILE; several files of a side are joined by commas"};
  }
  files.insert(files.end(), noise_files.begin(), noise_files.end());
  std::vector<Side> sides;
  for (const std::string& file : files) {
    Result<Side> side = read_side(file);
    if (!side) return side.error();
    sides.push_back(std::move(*side));
  }
  std::pair<Side, Side> noise;
  if (!noise_files.empty()) {
    noise.second = std::move(sides.back());
    sides.pop_back();
    noise.first = std::move(sides.back());
    sides.pop_back();
  }
  const Side before = std::move(sides.front());
  sides.erase(sides.begin());
  compare::Report report = compare::compare(before, sides, noise_files.empty() ? nullptr : &noise, *options);
  for (const compare::Comparison& comparison : report.comparisons) {
    if (!comparison.rows.empty()) continue;
    return Error{ErrorCode::kInvalidArgument,
                 before.label + " and " + comparison.label +
                     " have no benchmark in the same unit in common; are they of one program?"};
  }
  return report;
}

int bench_compare(const Arguments& arguments) {
  const std::string form = arguments.value("--format").value_or("text");
  const Render render = renderer(form);
  if (render == nullptr) {
    std::fprintf(stderr, "nanospan bench-compare: --format is \"%s\"; it must be text, markdown or json\n",
                 form.c_str());
    return kExitUsage;
  }
  const Result<compare::Report> report = run_comparison(arguments);
  if (!report) {
    std::fprintf(stderr, "nanospan bench-compare: %s\n", report.error().message.c_str());
    return kExitUsage;
  }
  const std::string text = render(*report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  const bool missing = compare::count_missing(*report) != 0 && !arguments.has("--allow-missing");
  return missing || compare::count(*report, compare::Verdict::kRegressed) != 0 ? kExitFailed : kExitOk;
}

}  // namespace

Command bench_compare_command() {
  return {
      "bench-compare",
      "compare results of benchmarks, with a verdict",
      "Compares results of benchmarks: Google Benchmark JSON with repetitions, `go test -bench` text, or reports of\n"
      "nanospan's own. Several files of one side are joined by commas: a.json,b.json. Counters (instructions,\n"
      "allocations, bytes, system calls) are compared exactly, times by a U test over all runs.\n"
      "Exit code 1 if anything got worse or is missing in NEW, 2 for wrong arguments or files that cannot be used.\n",
      {{"OLD", "", "results of the old program", true},
       {"NEW...", "", "results of the new one; several are compared with OLD each", true},
       {"--aa", "FILE FILE", "two runs of one program: if they differ, the machine is too noisy for times"},
       {"--min-effect", "SHARE", "times that change less are no finding (1%)"},
       {"--alpha", "SHARE", "how often a whole report may err by chance (0.1%)"},
       {"--tolerance", "SHARE", "by how much a counter may grow (0)"},
       {"--allow-missing", "", "what is in OLD may be missing or fail in NEW"},
       {"--unit", "UNIT", "compare only this unit; may be given several times"},
       {"--lower", "UNIT", "a unit that is better when lower; may be given several times"},
       {"--higher", "UNIT", "a unit that is better when higher; may be given several times"},
       {"--counter", "UNIT", "a unit that is the same in each run; may be given several times"},
       {"--format", "FORM", "text, markdown or json (text)"}},
      bench_compare};
}

}  // namespace nanospan::app
