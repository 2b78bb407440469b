// The two passes, and putting spans in tree order.
#include "apps/nanospan/tree_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace nanospan::app {
namespace {

namespace json = simdjson::dom;

constexpr std::uint64_t kTailBytesMax = 64ULL << 20;
constexpr std::size_t kLineBytesMax = 128ULL << 20;
constexpr std::uint32_t kParentKnownRemote = 0x300;  // SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE | SPAN_FLAGS_CONTEXT_IS_REMOTE

std::string_view text_of(const json::element& object, std::string_view key) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS) return {};
  return text;
}

/// The array member of that name; an empty array if there is none. (A json::array cannot be made without a document.)
json::array array_of(const json::element& object, std::string_view key) {
  static json::parser parser;
  static const json::array empty = parser.parse(std::string_view("[]")).get_array().value_unsafe();
  json::array array;
  return object[key].get(array) == simdjson::SUCCESS ? array : empty;
}

/// OTLP/JSON has 64-bit integers as strings; numbers are accepted, too.
std::uint64_t number_of(const json::element& object, std::string_view key) {
  std::uint64_t number = 0;
  const std::string_view text = text_of(object, key);
  if (text.empty()) return object[key].get(number) == simdjson::SUCCESS ? number : 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// An AnyValue as text: strings as they are, everything else as its JSON.
std::string value_text(const json::element& attribute) {
  json::object value;
  if (attribute["value"].get(value) != simdjson::SUCCESS) return {};
  for (const auto& [kind, content] : value) {
    std::string_view text;
    if (content.get(text) == simdjson::SUCCESS) return std::string(text);
    return simdjson::minify(content);
  }
  return {};
}

std::string service_name(const json::element& resource_spans) {
  json::element resource;
  if (resource_spans["resource"].get(resource) != simdjson::SUCCESS) return {};
  for (const json::element attribute : array_of(resource, "attributes")) {
    if (text_of(attribute, "key") == "service.name") return value_text(attribute);
  }
  return {};
}

/// The file's tail, whole lines only.
Result<std::string> read_tail(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) {
    return Error{ErrorCode::kNotFound,
                 path + ": " + std::strerror(errno) + "; the gateway keeps traces in ./nanospan-data/"};
  }
  const auto size = static_cast<std::uint64_t>(std::max<std::streamoff>(0, file.tellg()));
  const std::uint64_t wanted = std::min(size, kTailBytesMax);
  file.seekg(static_cast<std::streamoff>(size - wanted));
  std::string tail(wanted, '\0');
  file.read(tail.data(), static_cast<std::streamsize>(wanted));
  tail.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  if (tail.empty() && wanted != 0) return Error{ErrorCode::kNotFound, path + " cannot be read; is it a directory?"};
  if (wanted < size) tail.erase(0, std::min(tail.find('\n'), tail.size() - 1) + 1);
  return tail;
}

/// Calls `visit(service, span)` for each span of each line; the number of lines that are not OTLP/JSON.
template <class Visit>
std::size_t for_each_span(std::string_view lines, Visit&& visit) {
  json::parser parser(kLineBytesMax);
  std::size_t skipped = 0;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    json::element request;
    if (line.empty()) continue;
    if (parser.parse(line.data(), line.size()).get(request) != simdjson::SUCCESS) {
      ++skipped;
      continue;
    }
    for (const json::element resource : array_of(request, "resourceSpans")) {
      const std::string service = service_name(resource);
      for (const json::element scope : array_of(resource, "scopeSpans")) {
        for (const json::element span : array_of(scope, "spans")) visit(service, span);
      }
    }
  }
  return skipped;
}

bool parent_is_remote(const json::element& span) {
  return (number_of(span, "flags") & kParentKnownRemote) == kParentKnownRemote;
}

/// What the first pass keeps of a trace.
struct Outline {
  std::unordered_set<std::string> spans;
  std::vector<std::string> local_parents;
  std::size_t roots = 0;
  std::uint64_t latest_start = 0;

  bool complete() const {
    return roots == 1 && std::all_of(local_parents.begin(), local_parents.end(),
                                     [&](const std::string& parent) { return spans.count(parent) != 0; });
  }
};

/// The id of the trace to show, or ""; and the number of lines that are not JSON.
std::pair<std::string, std::size_t> choose(std::string_view lines, const std::string& prefix) {
  std::map<std::string, Outline> traces;
  const std::size_t skipped = for_each_span(lines, [&](const std::string&, const json::element& span) {
    const std::string_view id = text_of(span, "traceId");
    if (!id.starts_with(prefix)) return;
    Outline& outline = traces[std::string(id)];
    outline.spans.emplace(text_of(span, "spanId"));
    const std::string_view parent = text_of(span, "parentSpanId");
    if (parent.empty() || parent_is_remote(span)) {
      ++outline.roots;
    } else {
      outline.local_parents.emplace_back(parent);
    }
    outline.latest_start = std::max(outline.latest_start, number_of(span, "startTimeUnixNano"));
  });
  const auto rank = [](const Outline& outline) {
    return std::tuple(outline.complete(), outline.spans.size(), outline.latest_start);
  };
  const auto best = std::max_element(traces.begin(), traces.end(),
                                     [&](const auto& a, const auto& b) { return rank(a.second) < rank(b.second); });
  return {best == traces.end() ? std::string() : best->first, skipped};
}

/// "has no spans", and why that may be.
std::string no_spans(std::string_view lines, std::size_t skipped) {
  const auto count = static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n')) +
                     (lines.empty() || lines.ends_with('\n') ? 0 : 1);
  if (count == 0) return " is empty";
  if (skipped == 0) return " has no spans";
  return " has no spans: " + std::to_string(skipped) + " of its last " + std::to_string(count) +
         " lines are not OTLP/JSON; the gateway keeps traces in ./nanospan-data/traces.jsonl";
}

int kind_of(const json::element& span) {
  constexpr std::string_view names[] = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
                                        "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};
  const auto* const name = std::find(std::begin(names), std::end(names), text_of(span, "kind"));
  if (name != std::end(names)) return static_cast<int>(name - names);
  return static_cast<int>(std::min<std::uint64_t>(number_of(span, "kind"), std::size(names)));
}

TreeSpan tree_span(const std::string& service, const json::element& span) {
  TreeSpan out;
  out.span_id = text_of(span, "spanId");
  out.parent_id = text_of(span, "parentSpanId");
  out.parent_is_remote = parent_is_remote(span);
  out.name = text_of(span, "name");
  out.service = service;
  out.kind = kind_of(span);
  out.start_unix_nanos = number_of(span, "startTimeUnixNano");
  out.end_unix_nanos = std::max(out.start_unix_nanos, number_of(span, "endTimeUnixNano"));
  json::element status;
  if (span["status"].get(status) == simdjson::SUCCESS) {
    out.status_code =
        text_of(status, "code") == "STATUS_CODE_ERROR" ? 2 : static_cast<int>(number_of(status, "code") & 3);
    out.status_message = text_of(status, "message");
  }
  for (const json::element attribute : array_of(span, "attributes")) {
    out.attributes.emplace_back(text_of(attribute, "key"), value_text(attribute));
  }
  for (const json::element event : array_of(span, "events")) out.events.emplace_back(text_of(event, "name"));
  return out;
}

/// Puts parents before children. Iterative, so that a deep trace cannot exhaust the stack; spans that are their own
/// ancestors are reached from no root and left out.
void arrange(TraceTree& tree) {
  std::vector<TreeSpan> all = std::move(tree.spans);
  std::sort(all.begin(), all.end(),
            [](const TreeSpan& a, const TreeSpan& b) { return a.start_unix_nanos < b.start_unix_nanos; });
  std::unordered_map<std::string, std::vector<std::size_t>> children;
  std::unordered_set<std::string> ids;
  for (const TreeSpan& span : all) ids.insert(span.span_id);
  std::vector<std::pair<std::size_t, std::size_t>> open;  // index, depth; the next one is at the back
  for (std::size_t i = all.size(); i-- > 0;) {
    if (ids.count(all[i].parent_id) != 0) {
      children[all[i].parent_id].push_back(i);
    } else {
      if (!all[i].parent_id.empty() && !all[i].parent_is_remote) ++tree.orphans;
      open.emplace_back(i, 0);
    }
  }
  tree.spans.clear();
  while (!open.empty()) {
    const auto [index, depth] = open.back();
    open.pop_back();
    tree.depth.push_back(depth);
    tree.spans.push_back(std::move(all[index]));
    // Taken out, so that two spans with the same id do not both get them.
    const auto below = children.extract(tree.spans.back().span_id);
    if (below.empty()) continue;
    for (const std::size_t child : below.mapped()) open.emplace_back(child, depth + 1);
  }
}

}  // namespace

Result<TraceTree> read_trace(const std::string& path, const std::string& trace_id) {
  const Result<std::string> lines = read_tail(path);
  if (!lines) return lines.error();
  TraceTree tree;
  std::tie(tree.trace_id, tree.skipped_lines) = choose(*lines, trace_id);
  if (tree.trace_id.empty()) {
    return Error{ErrorCode::kNotFound,
                 path + (trace_id.empty() ? no_spans(*lines, tree.skipped_lines) : " has no trace " + trace_id)};
  }
  for_each_span(*lines, [&](const std::string& service, const json::element& span) {
    if (text_of(span, "traceId") == tree.trace_id) tree.spans.push_back(tree_span(service, span));
  });
  arrange(tree);
  return tree;
}

}  // namespace nanospan::app
