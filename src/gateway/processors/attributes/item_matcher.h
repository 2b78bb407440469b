// ItemMatcher: the include and exclude blocks of the `attributes` processor (internal/filter/filterconfig): which
// spans, log records or metrics an action is for.
//
// Read once, then constant; thread-safe. Every condition that is given must hold; of the values of one condition, one.
// As in the Collector, each signal has conditions of its own (check()), and a metric is judged by its name alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/map_reader.h"
#include "gateway/pipeline/signal.h"
#include "gateway/processors/attribute_list.h"

namespace re2 {
class RE2;
}

namespace nanospan::gateway {

/// What of a span, log record or metric its matcher asks for.
struct MatchSubject {
  std::string_view name;              ///< Of a span or metric.
  std::uint64_t kind = 0;             ///< Of a span.
  std::string_view body;              ///< Of a log record: the content of its AnyValue.
  std::string_view severity_text;     ///< The same.
  std::uint64_t severity_number = 0;  ///< The same.
  std::string_view scope_name, scope_version;
  const AttributeList* attributes = nullptr;
  const AttributeList* resource = nullptr;
};

class ItemMatcher {
 public:
  /// The block under `key`, or nothing if it is absent.
  static std::optional<ItemMatcher> read(MapReader& reader, std::string_view key);
  /// Complains about conditions in the block under `key` that this signal does not have.
  static void check(MapReader& reader, std::string_view key, Signal signal);
  bool matches(const MatchSubject& item) const;
  /// Whether it says anything about metrics. (The Collector takes `resources` there, and does not look at them.)
  bool has_metric_names() const { return !metric_names_.empty(); }

 private:
  /// One text, to be equal to or, with a pattern, to be found in.
  struct Text {
    std::string text;
    std::shared_ptr<const re2::RE2> pattern;
    bool matches(std::string_view subject) const;
  };
  struct Attribute {
    std::string key;
    std::optional<std::string> value;  // an AnyValue; nothing: the key must exist
    std::shared_ptr<const re2::RE2> pattern;
  };
  struct Library {
    Text name;
    std::optional<Text> version;
  };

  struct Severity {
    std::uint64_t min = 0;
    bool match_undefined = false;
  };

  Text read_text(MapReader& reader, std::string_view key, std::string text) const;
  std::vector<Text> read_texts(MapReader& reader, std::string_view key) const;
  void read_attributes(MapReader& reader, std::string_view key, std::vector<Attribute>& out) const;
  void read_libraries(MapReader& reader);
  void read_kinds(MapReader& reader);
  void read_severity(MapReader& reader);
  bool is_empty() const;
  bool matches_log(const MatchSubject& record) const;
  static bool any_matches(const std::vector<Text>& texts, std::string_view subject);
  static bool all_match(const std::vector<Attribute>& wanted, const AttributeList& attributes);

  bool is_regexp_ = false;
  std::vector<Text> services_, span_names_, metric_names_, log_bodies_, log_severity_texts_;
  std::optional<Severity> log_severity_;
  std::vector<Text> kinds_;
  std::vector<Library> libraries_;
  std::vector<Attribute> attributes_, resources_;
};

}  // namespace nanospan::gateway
