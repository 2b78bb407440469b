// Reading and matching (internal/filter/filterspan, filtermatcher, filterset). Threads: see the header.
#include "gateway/processors/attributes/span_matcher.h"

#include <algorithm>
#include <array>

#include "gateway/processors/any_value.h"
#include "gateway/processors/string_piece.h"

namespace nanospan::gateway {
namespace {

/// By the value of Span.kind (trace.proto).
constexpr std::array<std::string_view, 6> kKindNames = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL",
                                                        "SPAN_KIND_SERVER",      "SPAN_KIND_CLIENT",
                                                        "SPAN_KIND_PRODUCER",    "SPAN_KIND_CONSUMER"};
/// The names that ptrace.SpanKind prints, by which the Collector matches.
constexpr std::array<std::string_view, 6> kKindTexts = {"Unspecified", "Internal", "Server",
                                                        "Client",      "Producer", "Consumer"};

}  // namespace

bool SpanMatcher::Text::matches(std::string_view subject) const {
  return pattern != nullptr ? re2::RE2::PartialMatch(string_piece(subject), *pattern) : subject == text;
}

SpanMatcher::Text SpanMatcher::read_text(MapReader& reader, std::string_view key, std::string text) const {
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

std::vector<SpanMatcher::Text> SpanMatcher::read_texts(MapReader& reader, std::string_view key) const {
  std::vector<std::string> texts;
  reader.read_list(key, texts);
  std::vector<Text> out;
  for (std::string& text : texts) out.push_back(read_text(reader, key, std::move(text)));
  return out;
}

void SpanMatcher::read_attributes(MapReader& reader, std::string_view key, std::vector<Attribute>& out) const {
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

void SpanMatcher::read_libraries(MapReader& reader) {
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

void SpanMatcher::read_kinds(MapReader& reader) {
  std::vector<std::string> kinds;
  reader.read_list("span_kinds", kinds);
  for (std::string& kind : kinds) {
    const auto name = std::find(kKindNames.begin(), kKindNames.end(), kind);
    const bool is_known = name != kKindNames.end();
    if (is_known) kind = kKindTexts[static_cast<std::size_t>(name - kKindNames.begin())];
    if (!is_known && !is_regexp_ && std::find(kKindTexts.begin(), kKindTexts.end(), kind) == kKindTexts.end()) {
      reader.fail("span_kinds", "\"" + kind + "\" is no kind; write SPAN_KIND_SERVER, SPAN_KIND_CLIENT ...");
    }
    kinds_.push_back(read_text(reader, "span_kinds", std::move(kind)));
  }
}

std::optional<SpanMatcher> SpanMatcher::read(MapReader& reader, std::string_view key) {
  std::optional<MapReader> block = reader.child(key);
  if (!block) return std::nullopt;
  SpanMatcher matcher;
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
  for (const std::string_view other : {"log_bodies", "log_severity_texts", "log_severity_number", "metric_names"}) {
    block->refuse(other, "it is not about spans; remove it");
  }
  block->finish();
  if (matcher.services_.empty() && matcher.span_names_.empty() && matcher.kinds_.empty() &&
      matcher.libraries_.empty() && matcher.attributes_.empty() && matcher.resources_.empty()) {
    block->fail("", "has no condition; give services, span_names, span_kinds, libraries, attributes or resources");
  }
  return matcher;
}

bool SpanMatcher::any_matches(const std::vector<Text>& texts, std::string_view subject) {
  return std::any_of(texts.begin(), texts.end(), [&](const Text& text) { return text.matches(subject); });
}

bool SpanMatcher::all_match(const std::vector<Attribute>& wanted, const AttributeList& attributes) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const Attribute& one) {
    const AttributeList::Attribute* const found = attributes.find(one.key);
    if (found == nullptr) return false;
    if (!one.value) return true;
    if (one.pattern == nullptr) return found->value == *one.value;
    const std::optional<std::string> text = any_text(read_any(found->value));
    return text && re2::RE2::PartialMatch(*text, *one.pattern);
  });
}

bool SpanMatcher::matches(const SpanSubject& span) const {
  if (!services_.empty()) {
    const AttributeList::Attribute* const service = span.resource->find("service.name");
    if (service == nullptr || !any_matches(services_, any_text(read_any(service->value)).value_or(""))) return false;
  }
  if (!span_names_.empty() && !any_matches(span_names_, span.name)) return false;
  if (!kinds_.empty() && !any_matches(kinds_, span.kind < kKindTexts.size() ? kKindTexts[span.kind] : "")) return false;
  const auto of_library = [&](const Library& library) {
    return library.name.matches(span.scope_name) && (!library.version || library.version->matches(span.scope_version));
  };
  if (!libraries_.empty() && std::none_of(libraries_.begin(), libraries_.end(), of_library)) return false;
  return all_match(attributes_, *span.attributes) && all_match(resources_, *span.resource);
}

}  // namespace nanospan::gateway
