// AttributeActions: the list of actions that the `attributes` and `resource` processors share
// (processor/attributesprocessor/README.md): insert, update, upsert, delete, hash, extract, convert.
//
// Read once, then constant; apply() is thread-safe. Patterns are RE2's, as in the Collector: linear in their input,
// whatever a sender writes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/map_reader.h"
#include "gateway/processors/attribute_list.h"

namespace re2 {
class RE2;
}

namespace nanospan::gateway {

class AttributeActions {
 public:
  /// The list under `key` ("actions", "attributes").
  static AttributeActions read(MapReader& reader, std::string_view key);

  /// Does all actions in order.
  void apply(AttributeList& attributes) const;
  std::size_t size() const { return actions_.size(); }

 private:
  enum class Kind { kInsert, kUpdate, kUpsert, kDelete, kHash, kExtract, kConvert };
  struct Action {
    Kind kind = Kind::kInsert;
    std::string key;
    std::string value;  // an AnyValue
    std::string from_attribute;
    std::string converted_type;
    std::shared_ptr<const re2::RE2> pattern;
    std::vector<std::string> group_names;  // of extract, by group
  };

  static Action read_action(MapReader& reader);
  static void read_source(MapReader& reader, Action& action);
  static void read_pattern(MapReader& reader, Action& action);
  static void set(const Action& action, AttributeList& attributes);
  static void extract(const Action& action, AttributeList& attributes);
  static void hash(std::string_view key, AttributeList& attributes);
  static void convert(const Action& action, AttributeList& attributes);

  std::vector<Action> actions_;
};

}  // namespace nanospan::gateway
