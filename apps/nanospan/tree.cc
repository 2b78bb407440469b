// nanospan tree: one trace, drawn in the terminal.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "apps/nanospan/command.h"
#include "apps/nanospan/tree_reader.h"
#include "gateway/telemetry/printable.h"

namespace nanospan::app {
namespace {

constexpr std::size_t kRowsMax = 500;
constexpr std::size_t kNameColumnsMax = 60;
constexpr std::size_t kDepthMax = 16;  // deeper spans are drawn at this depth
constexpr std::size_t kBarColumns = 32;
constexpr std::size_t kValueBytesMax = 120;

std::string duration_text(std::uint64_t nanos) {
  char text[32];
  if (nanos < 1'000'000) {
    std::snprintf(text, sizeof text, "%.1f us", static_cast<double>(nanos) / 1e3);
  } else if (nanos < 1'000'000'000) {
    std::snprintf(text, sizeof text, "%.2f ms", static_cast<double>(nanos) / 1e6);
  } else {
    std::snprintf(text, sizeof text, "%.2f s", static_cast<double>(nanos) / 1e9);
  }
  return text;
}

const char* kind_text(int kind) {
  constexpr std::array<const char*, 6> names = {"", "internal", "server", "client", "producer", "consumer"};
  return kind >= 0 && kind < static_cast<int>(names.size()) ? names[static_cast<std::size_t>(kind)] : "";
}

/// For each span, whether a sibling follows it.
std::vector<bool> siblings_follow(const TraceTree& tree) {
  std::vector<bool> follow(tree.spans.size());
  std::vector<bool> seen;  // by depth: a span of this depth comes later, under the same parent
  for (std::size_t i = tree.spans.size(); i-- > 0;) {
    const std::size_t depth = tree.depth[i];
    seen.resize(depth + 1);
    follow[i] = seen[depth];
    seen[depth] = true;
  }
  return follow;
}

/// The lines that lead to a span: "│  ├─ ". `lines` says for each depth whether its line goes on.
std::string branch(std::vector<bool>& lines, std::size_t depth, bool follows) {
  lines.resize(depth + 1);
  lines[depth] = follows;
  std::string text;
  for (std::size_t level = 1; level < std::min(depth, kDepthMax); ++level) text += lines[level] ? "│  " : "   ";
  if (depth > 0) text += follows ? "├─ " : "└─ ";
  return text;
}

/// Columns of text that holds ASCII and box-drawing characters (three bytes each).
std::size_t columns(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

std::string bar(const TreeSpan& span, std::uint64_t begin, std::uint64_t whole) {
  const auto column = [&](std::uint64_t at) {
    const double share = static_cast<double>(at - begin) / static_cast<double>(std::max<std::uint64_t>(whole, 1));
    return static_cast<std::size_t>(std::lround(share * static_cast<double>(kBarColumns)));
  };
  const std::size_t from = std::min(column(span.start_unix_nanos), kBarColumns - 1);
  const std::size_t to = std::max(column(span.end_unix_nanos), from + 1);
  std::string text(from, ' ');
  for (std::size_t i = from; i < to; ++i) text += "█";
  return text.append(kBarColumns - to, ' ');
}

/// What is said behind the bar: the HTTP status, the error, the events.
std::string remark(const TreeSpan& span) {
  std::string text;
  const auto say = [&](const std::string& word) { text += "  " + word; };
  for (const auto& [key, value] : span.attributes) {
    if (key == "http.response.status_code") say(gateway::printable(value, kValueBytesMax));
  }
  if (span.status_code == 2) {
    say("ERROR" + (span.status_message.empty() ? "" : ": " + gateway::printable(span.status_message, kValueBytesMax)));
  }
  for (const std::string& event : span.events) say("[" + gateway::printable(event, kValueBytesMax) + "]");
  return text;
}

void print_head(const TraceTree& tree, std::uint64_t whole) {
  std::printf("trace %s  %zu span%s  %s\n", gateway::printable(tree.trace_id).c_str(), tree.spans.size(),
              tree.spans.size() == 1 ? "" : "s", duration_text(whole).c_str());
  if (tree.orphans != 0) {
    std::printf("incomplete: the parent of %zu span%s is not in the part of the file that was read\n", tree.orphans,
                tree.orphans == 1 ? "" : "s");
  }
  if (tree.skipped_lines > 1) std::printf("%zu lines are not OTLP/JSON and were left out\n", tree.skipped_lines);
}

void print_tree(const TraceTree& tree, bool with_attributes) {
  std::uint64_t begin = UINT64_MAX;
  std::uint64_t end = 0;
  for (const TreeSpan& span : tree.spans) {
    begin = std::min(begin, span.start_unix_nanos);
    end = std::max(end, span.end_unix_nanos);
  }
  print_head(tree, end - begin);

  const std::size_t rows = std::min(tree.spans.size(), kRowsMax);
  const std::vector<bool> follow = siblings_follow(tree);
  std::vector<std::string> labels;
  std::vector<std::string> indents;
  std::vector<bool> lines;
  std::size_t width = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    indents.push_back(branch(lines, tree.depth[i], follow[i]));
    labels.push_back(indents.back() + gateway::printable(tree.spans[i].name, kNameColumnsMax));
    width = std::max(width, columns(labels.back()));
  }
  std::string service;
  for (std::size_t i = 0; i < rows; ++i) {
    const TreeSpan& span = tree.spans[i];
    std::string label = labels[i];
    label.append(width - columns(label), ' ');
    const std::string where =
        span.service == service ? "" : "  (" + gateway::printable(span.service, kValueBytesMax) + ")";
    service = span.service;
    std::printf("%s  %-8s %10s  |%s|%s%s\n", label.c_str(), kind_text(span.kind),
                duration_text(span.end_unix_nanos - span.start_unix_nanos).c_str(),
                bar(span, begin, end - begin).c_str(), remark(span).c_str(), where.c_str());
    if (!with_attributes) continue;
    for (const auto& [key, value] : span.attributes) {
      std::printf("%*s%s = %s\n", static_cast<int>(columns(indents[i])) + 4, "", gateway::printable(key).c_str(),
                  gateway::printable(value).c_str());
    }
  }
  if (rows < tree.spans.size()) std::printf("... and %zu more\n", tree.spans.size() - rows);
}

int tree(const Arguments& arguments) {
  const std::optional<std::string> file = arguments.value("FILE");
  if (!file) {
    std::fprintf(stderr, "nanospan tree: give the file: nanospan tree nanospan-data/traces.jsonl\n");
    return kExitUsage;
  }
  const Result<TraceTree> read = read_trace(*file, arguments.value("--trace").value_or(""));
  if (!read) {
    std::fprintf(stderr, "nanospan tree: %s\n", read.error().message.c_str());
    return kExitFailed;
  }
  print_tree(*read, arguments.has("--attributes"));
  return kExitOk;
}

}  // namespace

Command tree_command() {
  return {
      "tree",
      "draw one trace as a tree",
      "Draws a trace from a file of OTLP/JSON lines, as `nanospan serve` keeps them in ./nanospan-data/traces.jsonl.\n"
      "Without --trace: the largest complete trace among the last 64 MiB, and of equals the latest.\n",
      {{"FILE", "", "OTLP/JSON lines"},
       {"--trace", "ID", "the trace id, or its beginning"},
       {"--attributes", "", "every span's attributes, too"}},
      tree};
}

}  // namespace nanospan::app
