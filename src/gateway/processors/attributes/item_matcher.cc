// Reading and matching (internal/filter/filterspan, filterlog, filtermetric, filtermatcher, filterset). Threads: see
// the header.
#include "gateway/processors/attributes/item_matcher.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "gateway/processors/any_value.h"
#include "gateway/processors/string_piece.h"

namespace nanospan::gateway {
namespace {

/// By the value of Span.kind (trace.proto), as the Collector matches them (internal/coreinternal/traceutil).
constexpr std::array<std::string_view, 6> kKindNames = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL",
                                                        "SPAN_KIND_SERVER",      "SPAN_KIND_CLIENT",
                                                        "SPAN_KIND_PRODUCER",    "SPAN_KIND_CONSUMER"};
/// What the Collector takes for the service of a resource without service.name (internal/filter/filterspan).
constexpr std::string_view kNoService = "<nil-service-name>";

/// Whose conditions there are, but for `resources`, which all have.
struct Condition {
  std::string_view key;
  bool of_traces, of_metrics, of_logs;
};
constexpr std::array<Condition, 9> kConditions{{{"services", true, false, false},
                                                {"span_names", true, false, false},
                                                {"span_kinds", true, false, false},
                                                {"attributes", true, false, true},
                                                {"libraries", true, false, true},
                                                {"metric_names", false, true, false},
                                                {"log_bodies", false, false, true},
                                                {"log_severity_texts", false, false, true},
                                                {"log_severity_number", false, false, true}}};

/// The text of a value that a pattern is held against (attributeStringValue in internal/filter/filtermatcher): numbers
/// without an exponent; nothing for what is empty, bytes, a list or a map.
std::optional<std::string> pattern_subject(const AnyScalar& value) {
  if (value.kind == AnyKind::kEmpty) return std::nullopt;
  if (value.kind != AnyKind::kDouble || std::isnan(value.real)) return any_text(value);
  if (std::isinf(value.real)) return value.real < 0 ? "-Inf" : "+Inf";
  std::array<char, 400> text{};  // the longest have 327: those next to 1e-308
  const auto [end, failed] =
      std::to_chars(text.data(), text.data() + text.size(), value.real, std::chars_format::fixed);
  static_cast<void>(failed);
  return std::string(text.data(), end);
}

}  // namespace

bool ItemMatcher::Text::matches(std::string_view subject) const {
  return pattern != nullptr ? re2::RE2::PartialMatch(string_piece(subject), *pattern) : subject == text;
}

ItemMatcher::Text ItemMatcher::read_text(MapReader& reader, std::string_view key, std::string text) const {
  Text out{std::move(text), nullptr};
  if (!is_regexp_) return out;
  auto pattern = std::make_shared<re2::RE2>(out.text, re2::RE2::Quiet);
  if (pattern->ok()) {
    out.pattern = std::move(pattern);
  } else {
    reader.fail(key, "\"" + out.text + "\" is not a regular expression (RE2): " + pattern->error());
  }
  return out;
}

std::vector<ItemMatcher::Text> ItemMatcher::read_texts(MapReader& reader, std::string_view key) const {
  std::vector<std::string> texts;
  reader.read_list(key, texts);
  std::vector<Text> out;
  for (std::string& text : texts) out.push_back(read_text(reader, key, std::move(text)));
  return out;
}

void ItemMatcher::read_attributes(MapReader& reader, std::string_view key, std::vector<Attribute>& out) const {
  reader.read_each(key, [&](MapReader& item) {
    Attribute attribute;
    item.read("key", attribute.key);
    if (attribute.key.empty()) item.fail("key", "is missing");
    if (const ConfigNode* const value = item.node("value"); value != nullptr && !value->is_null()) {
      attribute.value = any_of(*value);
      if (is_regexp_) attribute.pattern = read_text(item, "value", value->text).pattern;
    }
    item.finish();
    out.push_back(std::move(attribute));
  });
}

void ItemMatcher::read_libraries(MapReader& reader) {
  reader.read_each("libraries", [&](MapReader& item) {
    std::string name, version;
    item.read("name", name);
    if (name.empty()) item.fail("name", "is missing");
    Library library{read_text(item, "name", name), std::nullopt};
    const ConfigNode* const given = item.node("version");
    item.read("version", version);
    if (given != nullptr && !given->is_null()) library.version = read_text(item, "version", version);
    item.finish();
    libraries_.push_back(std::move(library));
  });
}

void ItemMatcher::read_kinds(MapReader& reader) {
  std::vector<std::string> kinds;
  reader.read_list("span_kinds", kinds);
  for (std::string& kind : kinds) {
    if (!is_regexp_ && std::find(kKindNames.begin(), kKindNames.end(), kind) == kKindNames.end()) {
      reader.fail("span_kinds", "\"" + kind + "\" is no kind; write SPAN_KIND_SERVER, SPAN_KIND_CLIENT ...");
    }
    kinds_.push_back(read_text(reader, "span_kinds", std::move(kind)));
  }
}

void ItemMatcher::read_severity(MapReader& reader) {
  std::optional<MapReader> block = reader.child("log_severity_number");
  if (!block) return;
  Severity severity;
  block->read("min", severity.min, 0, 0x7FFF'FFFF);
  block->read("match_undefined", severity.match_undefined);
  block->finish();
  log_severity_ = severity;
}

bool ItemMatcher::is_empty() const {
  return services_.empty() && span_names_.empty() && kinds_.empty() && libraries_.empty() && attributes_.empty() &&
         resources_.empty() && metric_names_.empty() && log_bodies_.empty() && log_severity_texts_.empty() &&
         !log_severity_;
}

void ItemMatcher::check(MapReader& reader, std::string_view key, Signal signal) {
  std::optional<MapReader> block = reader.child(key);
  if (!block) return;
  const std::string_view items = signal == Signal::kMetrics ? "metrics" : info_of(signal).items;
  for (const Condition& condition : kConditions) {
    const bool fits = signal == Signal::kTraces    ? condition.of_traces
                      : signal == Signal::kMetrics ? condition.of_metrics
                                                   : condition.of_logs;
    const ConfigNode* const given = block->node(condition.key);
    const bool is_empty_list = given != nullptr && given->kind == ConfigNode::Kind::kList && given->items.empty();
    if (fits || given == nullptr || given->is_null() || is_empty_list) continue;
    block->fail(condition.key, "is no condition for " + std::string(items) + ", and a pipeline of " +
                                   std::string(info_of(signal).name) +
                                   " uses this processor; remove it, or give each signal a processor of its own "
                                   "(attributes/" +
                                   std::string(info_of(signal).name) + ")");
  }
  if (signal == Signal::kMetrics) {
    block->ignore("resources", "as in the Collector, metrics are chosen by metric_names alone");
  }
}

std::optional<ItemMatcher> ItemMatcher::read(MapReader& reader, std::string_view key) {
  std::optional<MapReader> block = reader.child(key);
  if (!block) return std::nullopt;
  ItemMatcher matcher;
  std::string type;
  block->read("match_type", type);
  if (type != "strict" && type != "regexp") block->fail("match_type", "must be strict or regexp");
  matcher.is_regexp_ = type == "regexp";
  matcher.services_ = matcher.read_texts(*block, "services");
  matcher.span_names_ = matcher.read_texts(*block, "span_names");
  matcher.read_kinds(*block);
  matcher.read_libraries(*block);
  matcher.read_attributes(*block, "attributes", matcher.attributes_);
  matcher.read_attributes(*block, "resources", matcher.resources_);
  block->ignore("regexp", "patterns are compiled once, and match in linear time");
  matcher.metric_names_ = matcher.read_texts(*block, "metric_names");
  matcher.log_bodies_ = matcher.read_texts(*block, "log_bodies");
  matcher.log_severity_texts_ = matcher.read_texts(*block, "log_severity_texts");
  matcher.read_severity(*block);
  block->finish();
  if (matcher.is_empty()) {
    block->fail("",
                "has no condition; give span_names, metric_names, log_bodies, attributes, resources or another "
                "(docs/gateway.md)");
  }
  return matcher;
}

bool ItemMatcher::any_matches(const std::vector<Text>& texts, std::string_view subject) {
  return std::any_of(texts.begin(), texts.end(), [&](const Text& text) { return text.matches(subject); });
}

bool ItemMatcher::all_match(const std::vector<Attribute>& wanted, const AttributeList& attributes) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const Attribute& one) {
    const AttributeList::Attribute* const found = attributes.find(one.key);
    if (found == nullptr) return false;
    if (!one.value) return true;
    if (one.pattern == nullptr) return found->value == *one.value;
    const std::optional<std::string> text = pattern_subject(read_any(found->value));
    return text && re2::RE2::PartialMatch(*text, *one.pattern);
  });
}

bool ItemMatcher::matches_log(const MatchSubject& record) const {
  if (!log_bodies_.empty() && !any_matches(log_bodies_, any_as_string(record.body))) return false;
  if (!log_severity_texts_.empty() && !any_matches(log_severity_texts_, record.severity_text)) return false;
  if (!log_severity_) return true;
  return record.severity_number == 0 ? log_severity_->match_undefined : record.severity_number >= log_severity_->min;
}

bool ItemMatcher::matches(const MatchSubject& item) const {
  if (!metric_names_.empty()) return any_matches(metric_names_, item.name);
  if (!matches_log(item)) return false;
  if (!services_.empty()) {
    const AttributeList::Attribute* const service = item.resource->find("service.name");
    const std::string name = service == nullptr ? std::string(kNoService) : any_as_string(service->value);
    if (!any_matches(services_, name)) return false;
  }
  if (!span_names_.empty() && !any_matches(span_names_, item.name)) return false;
  if (!kinds_.empty() && !any_matches(kinds_, item.kind < kKindNames.size() ? kKindNames[item.kind] : "")) return false;
  const auto of_library = [&](const Library& library) {
    return library.name.matches(item.scope_name) && (!library.version || library.version->matches(item.scope_version));
  };
  if (!libraries_.empty() && std::none_of(libraries_.begin(), libraries_.end(), of_library)) return false;
  return all_match(attributes_, *item.attributes) && all_match(resources_, *item.resource);
}

}  // namespace nanospan::gateway
