// SpanMatcher: the include and exclude blocks of the `attributes` processor (internal/filter/filterconfig): which spans
// an action is for.
//
// Read once, then constant; thread-safe. Every condition that is given must hold; of the values of one condition, one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/map_reader.h"
#include "gateway/processors/attribute_list.h"

namespace re2 {
class RE2;
}

namespace nanospan::gateway {

/// What of a span its matcher asks for.
struct SpanSubject {
  std::string_view name;
  std::uint64_t kind = 0;
  std::string_view scope_name, scope_version;
  const AttributeList* attributes = nullptr;
  const AttributeList* resource = nullptr;
};

class SpanMatcher {
 public:
  /// The block under `key`, or nothing if it is absent.
  static std::optional<SpanMatcher> read(MapReader& reader, std::string_view key);
  bool matches(const SpanSubject& span) const;

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

  Text read_text(MapReader& reader, std::string_view key, std::string text) const;
  std::vector<Text> read_texts(MapReader& reader, std::string_view key) const;
  void read_attributes(MapReader& reader, std::string_view key, std::vector<Attribute>& out) const;
  void read_libraries(MapReader& reader);
  void read_kinds(MapReader& reader);
  static bool any_matches(const std::vector<Text>& texts, std::string_view subject);
  static bool all_match(const std::vector<Attribute>& wanted, const AttributeList& attributes);

  bool is_regexp_ = false;
  std::vector<Text> services_, span_names_;
  std::vector<Text> kinds_;
  std::vector<Library> libraries_;
  std::vector<Attribute> attributes_, resources_;
};

}  // namespace nanospan::gateway
