// Assertions about finished spans that read like the domain:
//
//   expect_tree(collected.spans(), R"(
//     checkout server
//       pay client error
//       pack
//   )");
//
// One line a span: its name, then in any order its kind unless internal, `ok` or `error`, and `key=value` for
// attributes that matter. Indentation is parenthood; siblings are in order of their start. Every span must be named, in
// its place.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/collecting_exporter.h"

namespace nanospan::testing {

namespace span_tree_internal {

struct Expected {
  std::size_t depth;
  std::string name;
  std::vector<std::string> words;
};

inline std::vector<Expected> read_lines(const std::string& text) {
  std::vector<Expected> lines;
  std::istringstream in(text);
  std::size_t first_indent = 0;
  for (std::string line; std::getline(in, line);) {
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos) continue;
    if (lines.empty()) first_indent = indent;
    std::istringstream words(line);
    Expected one{(indent - first_indent) / 2, {}, {}};
    words >> one.name;
    for (std::string word; words >> word;) one.words.push_back(word);
    lines.push_back(std::move(one));
  }
  return lines;
}

inline std::string_view kind_word(SpanKind kind) {
  constexpr std::string_view kWords[] = {"", "internal", "server", "client", "producer", "consumer"};
  return kWords[static_cast<std::size_t>(kind)];
}

/// How the span itself would be written, with those of its attributes that `asked` names.
inline std::string describe(const CollectedSpan& span, const std::vector<std::string>& asked) {
  std::vector<std::string> words;
  if (span.kind != SpanKind::kInternal) words.emplace_back(kind_word(span.kind));
  if (span.status != StatusCode::kUnset) words.emplace_back(span.status == StatusCode::kOk ? "ok" : "error");
  for (const std::string& word : asked) {
    const std::string key = word.substr(0, word.find('='));
    const auto found = span.attributes.find(key);
    if (key.size() != word.size() && found != span.attributes.end()) words.push_back(key + "=" + found->second);
  }
  std::sort(words.begin(), words.end());
  std::string out = span.name;
  for (const std::string& word : words) out += " " + word;
  return out;
}

/// Spans in the order of a tree walk, with their depths. A span whose parent is not among them is a root.
inline std::vector<std::pair<std::size_t, const CollectedSpan*>> walk(const std::vector<CollectedSpan>& spans) {
  std::vector<const CollectedSpan*> by_start;
  for (const CollectedSpan& span : spans) by_start.push_back(&span);
  std::stable_sort(by_start.begin(), by_start.end(), [](const auto* a, const auto* b) { return a->start < b->start; });
  const auto is_parent = [](const CollectedSpan& parent, const CollectedSpan& child) {
    return child.parent.is_valid() && child.parent.span_id() == parent.context.span_id() &&
           child.context.trace_id() == parent.context.trace_id();
  };
  std::vector<std::pair<std::size_t, const CollectedSpan*>> order;
  const auto add = [&](const auto& self, const CollectedSpan& span, std::size_t depth) -> void {
    order.emplace_back(depth, &span);
    for (const auto* child : by_start) {
      if (is_parent(span, *child)) self(self, *child, depth + 1);
    }
  };
  for (const auto* span : by_start) {
    const bool root =
        std::none_of(by_start.begin(), by_start.end(), [&](const auto* other) { return is_parent(*other, *span); });
    if (root) add(add, *span, 0);
  }
  return order;
}

}  // namespace span_tree_internal

inline void expect_tree(const std::vector<CollectedSpan>& spans, const std::string& text) {
  using namespace span_tree_internal;
  const std::vector<Expected> expected = read_lines(text);
  const auto order = walk(spans);
  std::string wanted, got;
  for (std::size_t i = 0; i < std::max(expected.size(), order.size()); ++i) {
    if (i < expected.size()) {
      std::vector<std::string> words = expected[i].words;
      std::sort(words.begin(), words.end());
      wanted += std::string(2 * expected[i].depth, ' ') + expected[i].name;
      for (const std::string& word : words) wanted += " " + word;
      wanted += "\n";
    }
    if (i < order.size()) {
      const bool paired = i < expected.size();
      got += std::string(2 * order[i].first, ' ') +
             describe(*order[i].second, paired ? expected[i].words : std::vector<std::string>()) + "\n";
    }
  }
  EXPECT_EQ(got, wanted);
}

}  // namespace nanospan::testing
