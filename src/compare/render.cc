// One walk over the rows for each form of output; columns are as wide as what is in them. Pure.
#include "compare/render.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "wire/json_text.h"

namespace nanospan::compare {
namespace {

std::string format(const char* form, double value) {
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), form, value);
  return text.data();
}

bool is_nanos(const std::string& unit) {
  return unit == "ns" || unit == "ns/op" || unit == "real_time" || unit == "cpu_time";
}

/// Four digits; times with the unit that suits their size.
std::string value_text(double value, const std::string& unit) {
  if (!is_nanos(unit)) return format(std::abs(value) >= 1e4 && std::abs(value) < 1e9 ? "%.0f" : "%.4g", value);
  if (std::abs(value) < 1e3) return format("%.4g ns", value);
  if (std::abs(value) < 1e6) return format("%.4g us", value / 1e3);
  if (std::abs(value) < 1e9) return format("%.4g ms", value / 1e6);
  return format("%.4g s", value / 1e9);
}

/// The median and how far its interval reaches, as a share of it.
std::string summary_text(const Summary& summary, const Row& row) {
  const std::string text = value_text(summary.median, row.unit);
  if (row.counter) return text;
  if (!std::isfinite(summary.low)) return text + " ± ?";
  const double reach = std::max(summary.median - summary.low, summary.high - summary.median);
  return text + " ± " + (summary.median != 0 ? format("%.1f %%", 100 * reach / std::abs(summary.median)) : "0 %");
}

std::string delta_text(double delta) {
  if (delta == 0) return "0";
  if (!std::isfinite(delta)) return delta > 0 ? "from 0" : "below 0";
  return format("%+.2f %%", 100 * delta);
}

std::string p_text(const Row& row) {
  if (row.counter) return "exact";
  return *row.p_adjusted < 0.0001 ? "< 0.0001" : format("%.4f", *row.p_adjusted);
}

const char* verdict_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSame:
      return "~";
    case Verdict::kImproved:
      return "better";
    case Verdict::kRegressed:
      return "WORSE";
    case Verdict::kChanged:
      return "changed";
    case Verdict::kTooFew:
      return "too few runs";
    case Verdict::kNotJudged:
      return "not judged";
  }
  return "";
}

using Line = std::array<std::string, 7>;
const Line kHeads = {"benchmark", "unit", "old", "new", "delta", "p (Holm)", "verdict"};

std::vector<Line> lines_of(const Comparison& comparison) {
  std::vector<Line> lines;
  for (const Row& row : comparison.rows) {
    lines.push_back({row.benchmark, row.unit, summary_text(row.before, row), summary_text(row.after, row),
                     delta_text(row.delta), p_text(row), verdict_text(row.verdict)});
  }
  for (const Geomean& mean : comparison.geomeans) {
    lines.push_back({"geomean", mean.unit, value_text(mean.before, mean.unit), value_text(mean.after, mean.unit),
                     delta_text(mean.delta), "", ""});
  }
  return lines;
}

std::string plural(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

/// What a person should know beside the table, a line each; the last one is the conclusion.
std::vector<std::string> remarks(const Report& report) {
  std::vector<std::string> lines;
  constexpr std::size_t kShownMax = 20;
  for (const Comparison& comparison : report.comparisons) {
    const auto list = [&](const std::string& what, const std::vector<std::string>& names) {
      for (std::size_t i = 0; i < std::min(names.size(), kShownMax); ++i) lines.push_back(what + names[i]);
      if (names.size() > kShownMax) lines.push_back(what + std::to_string(names.size() - kShownMax) + " more");
    };
    list("only in " + report.label + ": ", comparison.only_before);
    list("only in " + comparison.label + ": ", comparison.only_after);
    list("run failed in " + report.label + ", left out: ", comparison.failed_before);
    list("run failed in " + comparison.label + ", left out: ", comparison.failed_after);
  }
  for (const Row& row : report.noise) {
    lines.push_back("A/A pair differs: " + row.benchmark + " " + row.unit + " " + delta_text(row.delta));
  }
  if (report.noise_too_few != 0) {
    lines.push_back("the A/A pair has too few runs in " + plural(report.noise_too_few, "row") + " to show noise");
  }
  if (const std::size_t few = count(report, Verdict::kTooFew); few != 0) {
    lines.push_back(plural(few, "row") + " with too few runs for a verdict; make at least " +
                    std::to_string(runs_needed(report)) + " runs a side");
  }
  const std::size_t worse = count(report, Verdict::kRegressed);
  if (const std::size_t missing = count_missing(report); missing != 0) {
    lines.push_back(std::to_string(missing) + " missing: measured in " + report.label + ", not in the new results");
  }
  if (report.too_noisy) lines.push_back("machine too noisy: the A/A pair differs, so no time was judged");
  lines.push_back(worse == 0 ? "no regression" : plural(worse, "regression"));
  return lines;
}

/// Columns of UTF-8 text, one a character.
std::size_t columns(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

void append_table(std::vector<Line> lines, std::string& out) {
  lines.insert(lines.begin(), kHeads);
  std::array<std::size_t, kHeads.size()> widths{};
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], columns(line[i]));
  }
  for (const Line& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string space(widths[i] - columns(line[i]), ' ');
      const bool left = i < 2 || i == line.size() - 1;  // Numbers stand to the right.
      text += (i == 0 ? "" : "  ") + (left ? line[i] + space : space + line[i]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
}

/// Markdown in the names would be taken for the table's.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\`*_{}[]<>#|~").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

void append_number(double value, std::string& out) {
  if (std::isfinite(value)) {
    wire::append_json_double(value, out);
  } else {
    out += "null";
  }
}

void append_summary(const char* name, const Summary& summary, std::string& out) {
  out += std::string("\"") + name + "\":{\"median\":";
  append_number(summary.median, out);
  out += ",\"low\":";
  append_number(summary.low, out);
  out += ",\"high\":";
  append_number(summary.high, out);
  out += ",\"runs\":" + std::to_string(summary.count) + "}";
}

const char* verdict_key(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSame:
      return "same";
    case Verdict::kImproved:
      return "improved";
    case Verdict::kRegressed:
      return "regressed";
    case Verdict::kChanged:
      return "changed";
    case Verdict::kTooFew:
      return "too_few_runs";
    case Verdict::kNotJudged:
      return "not_judged";
  }
  return "";
}

void append_row(const Row& row, std::string& out) {
  out += "{\"benchmark\":";
  wire::append_json_string(row.benchmark, out);
  out += ",\"unit\":";
  wire::append_json_string(row.unit, out);
  out += std::string(",\"exact\":") + (row.counter ? "true" : "false") + ",";
  append_summary("old", row.before, out);
  out += ",";
  append_summary("new", row.after, out);
  out += ",\"delta\":";
  append_number(row.delta, out);
  if (row.p) {
    out += ",\"p\":";
    append_number(*row.p, out);
    out += ",\"p_holm\":";
    append_number(*row.p_adjusted, out);
  }
  out += std::string(",\"verdict\":\"") + verdict_key(row.verdict) + "\"}";
}

template <class Items, class Append>
void append_list(const char* name, const Items& items, const Append& append, std::string& out) {
  out += std::string("\"") + name + "\":[";
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ",";
    first = false;
    append(item, out);
  }
  out += "]";
}

void append_comparison(const Comparison& comparison, std::string& out) {
  out += "{\"new\":";
  wire::append_json_string(comparison.label, out);
  out += ",";
  append_list("rows", comparison.rows, append_row, out);
  out += ",";
  const auto append_geomean = [](const Geomean& mean, std::string& to) {
    to += "{\"unit\":";
    wire::append_json_string(mean.unit, to);
    to += ",\"old\":";
    append_number(mean.before, to);
    to += ",\"new\":";
    append_number(mean.after, to);
    to += ",\"delta\":";
    append_number(mean.delta, to);
    to += "}";
  };
  append_list("geomeans", comparison.geomeans, append_geomean, out);
  out += ",";
  append_list("only_old", comparison.only_before, wire::append_json_string, out);
  out += ",";
  append_list("only_new", comparison.only_after, wire::append_json_string, out);
  out += ",";
  append_list("failed_old", comparison.failed_before, wire::append_json_string, out);
  out += ",";
  append_list("failed_new", comparison.failed_after, wire::append_json_string, out);
  out += "}";
}

}  // namespace

std::string render_text(const Report& report) {
  std::string out;
  for (const Comparison& comparison : report.comparisons) {
    out += report.label + " -> " + comparison.label + "\n";
    append_table(lines_of(comparison), out);
    out += "\n";
  }
  for (const std::string& remark : remarks(report)) out += remark + "\n";
  return out;
}

std::string render_markdown(const Report& report) {
  std::string out;
  const auto append_line = [&](const Line& line, bool escape) {
    for (const std::string& cell : line) out += "| " + (escape ? escaped(cell) : cell) + " ";
    out += "|\n";
  };
  for (const Comparison& comparison : report.comparisons) {
    out += "**" + escaped(report.label) + " → " + escaped(comparison.label) + "**\n\n";
    append_line(kHeads, false);
    out += "|---|---|---:|---:|---:|---:|---|\n";
    for (const Line& line : lines_of(comparison)) append_line(line, true);
    out += "\n";
  }
  for (const std::string& remark : remarks(report)) out += "- " + escaped(remark) + "\n";
  return out;
}

std::string render_json(const Report& report) {
  const std::size_t worse = count(report, Verdict::kRegressed);
  const char* conclusion = report.too_noisy ? "too_noisy" : "no_regression";
  const std::size_t missing = count_missing(report);
  if (missing != 0) conclusion = "missing";
  if (worse != 0) conclusion = "regression";
  std::string out = std::string("{\"verdict\":\"") + conclusion + "\",\"regressions\":" + std::to_string(worse);
  out += ",\"missing\":" + std::to_string(missing);
  out += ",\"too_few_runs\":" + std::to_string(count(report, Verdict::kTooFew)) + ",\"alpha\":";
  append_number(report.options.alpha, out);
  out += ",\"effect_min\":";
  append_number(report.options.effect_min, out);
  out += ",\"confidence\":";
  append_number(report.options.confidence, out);
  out += std::string(",\"noise_checked\":") + (report.with_noise_check ? "true" : "false");
  out += std::string(",\"too_noisy\":") + (report.too_noisy ? "true" : "false") + ",";
  append_list("noise", report.noise, append_row, out);
  out += ",\"old\":";
  wire::append_json_string(report.label, out);
  out += ",";
  append_list("comparisons", report.comparisons, append_comparison, out);
  return out + "}\n";
}

}  // namespace nanospan::compare
