// Actions, as internal/coreinternal/attraction does them. Threads: see the header.
#include "gateway/processors/attribute_actions.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "base/sha256.h"
#include "gateway/processors/any_value.h"
#include "gateway/processors/go_number.h"
#include "gateway/processors/string_piece.h"

namespace nanospan::gateway {
namespace {

/// Keys that `pattern` is found in; copies, since the list is about to change.
std::vector<std::string> matching_keys(const re2::RE2& pattern, const AttributeList& attributes) {
  std::vector<std::string> keys;
  for (const AttributeList::Attribute& attribute : attributes.all()) {
    if (re2::RE2::PartialMatch(string_piece(attribute.key), pattern)) keys.emplace_back(attribute.key);
  }
  return keys;
}

}  // namespace

AttributeActions AttributeActions::read(MapReader& reader, std::string_view key) {
  AttributeActions out;
  reader.read_each(key, [&](MapReader& action) { out.actions_.push_back(read_action(action)); });
  if (out.actions_.empty())
    reader.fail(key, "is empty; give at least one action: - {key: k, value: v, action: upsert}");
  return out;
}

AttributeActions::Action AttributeActions::read_action(MapReader& reader) {
  Action action;
  std::string kind;
  reader.read("action", kind);
  for (char& c : kind) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  constexpr std::array<std::string_view, 7> kKinds = {"insert", "update",  "upsert", "delete",
                                                      "hash",   "extract", "convert"};
  const auto found = std::find(kKinds.begin(), kKinds.end(), kind);
  if (found == kKinds.end()) {
    reader.fail("action", "\"" + kind + "\" is not one of insert, update, upsert, delete, hash, extract or convert");
  } else {
    action.kind = static_cast<Kind>(found - kKinds.begin());
  }
  reader.read("key", action.key);
  read_source(reader, action);
  read_pattern(reader, action);
  const bool by_pattern = (action.kind == Kind::kDelete || action.kind == Kind::kHash) && action.pattern != nullptr;
  if (action.key.empty() && !by_pattern) reader.fail("key", "is missing");
  reader.read("converted_type", action.converted_type);
  if (action.kind != Kind::kConvert && !action.converted_type.empty()) {
    reader.fail("converted_type", "is for action: convert only; remove it");
  }
  if (action.kind == Kind::kConvert && action.converted_type != "int" && action.converted_type != "double" &&
      action.converted_type != "string") {
    reader.fail("converted_type", "must be int, double or string");
  }
  reader.finish();
  return action;
}

/// Where the value comes from: exactly one source for those that set one, none for the others.
void AttributeActions::read_source(MapReader& reader, Action& action) {
  reader.read("from_attribute", action.from_attribute);
  reader.refuse("from_context", "requests do not carry their client's metadata; use value or from_attribute");
  const ConfigNode* const value = reader.node("value");
  const bool has_value = value != nullptr && !value->is_null();
  const bool sets = action.kind == Kind::kInsert || action.kind == Kind::kUpdate || action.kind == Kind::kUpsert;
  if (!sets && (has_value || !action.from_attribute.empty())) {
    return reader.fail(has_value ? "value" : "from_attribute", "is not used by this action; remove it");
  }
  if (sets && has_value != action.from_attribute.empty()) {
    return reader.fail("value", has_value ? "and from_attribute are both given; remove one"
                                          : "is missing; give value or from_attribute");
  }
  if (has_value) action.value = any_of(*value);
}

void AttributeActions::read_pattern(MapReader& reader, Action& action) {
  std::string pattern;
  reader.read("pattern", pattern);
  const bool takes = action.kind == Kind::kDelete || action.kind == Kind::kHash || action.kind == Kind::kExtract;
  if (pattern.empty()) {
    if (action.kind == Kind::kExtract) reader.fail("pattern", "is missing; extract needs one with named groups");
    return;
  }
  if (!takes) return reader.fail("pattern", "is not used by this action; remove it");
  auto compiled = std::make_shared<re2::RE2>(pattern, re2::RE2::Quiet);
  if (!compiled->ok()) return reader.fail("pattern", "is not a regular expression (RE2): " + compiled->error());
  if (action.kind == Kind::kExtract) {
    const std::map<int, std::string>& names = compiled->CapturingGroupNames();
    for (int group = 1; group <= compiled->NumberOfCapturingGroups(); ++group) {
      const auto name = names.find(group);
      if (name == names.end()) return reader.fail("pattern", "has a group without a name; write (?P<name>...)");
      action.group_names.push_back(name->second);
    }
    if (action.group_names.empty()) return reader.fail("pattern", "has no group; write (?P<name>...)");
  }
  action.pattern = std::move(compiled);
}

void AttributeActions::apply(AttributeList& attributes) const {
  for (const Action& action : actions_) {
    switch (action.kind) {
      case Kind::kInsert:
      case Kind::kUpdate:
      case Kind::kUpsert:
        set(action, attributes);
        break;
      case Kind::kDelete:
        if (!action.key.empty()) attributes.remove(action.key);  // empty: the pattern alone says which
        if (action.pattern == nullptr) break;
        for (const std::string& key : matching_keys(*action.pattern, attributes)) attributes.remove(key);
        break;
      case Kind::kHash:
        if (!action.key.empty()) hash(action.key, attributes);
        if (action.pattern == nullptr) break;
        for (const std::string& key : matching_keys(*action.pattern, attributes)) hash(key, attributes);
        break;
      case Kind::kExtract:
        extract(action, attributes);
        break;
      case Kind::kConvert:
        convert(action, attributes);
        break;
    }
  }
}

void AttributeActions::set(const Action& action, AttributeList& attributes) {
  std::string_view value = action.value;
  if (!action.from_attribute.empty()) {
    const AttributeList::Attribute* const source = attributes.find(action.from_attribute);
    if (source == nullptr) return;
    value = source->value;
  }
  const bool exists = attributes.find(action.key) != nullptr;
  if (exists ? action.kind == Kind::kInsert : action.kind == Kind::kUpdate) return;
  attributes.set(action.key, value);
}

void AttributeActions::hash(std::string_view key, AttributeList& attributes) {
  const AttributeList::Attribute* const attribute = attributes.find(key);
  if (attribute == nullptr) return;
  const AnyScalar value = read_any(attribute->value);
  std::string bytes;
  const auto little_endian = [&bytes](std::uint64_t number) {
    for (unsigned i = 0; i < 8; ++i) bytes += static_cast<char>(number >> (8 * i));
  };
  if (value.kind == AnyKind::kString) bytes = value.text;
  if (value.kind == AnyKind::kBool) bytes = static_cast<char>(value.number);
  if (value.kind == AnyKind::kInt) little_endian(static_cast<std::uint64_t>(value.number));
  if (value.kind == AnyKind::kDouble) little_endian(std::bit_cast<std::uint64_t>(value.real));
  // What has no hash (lists, maps, bytes, nothing) becomes empty text, as in the Collector; empty text has one.
  const bool has_hash = value.kind == AnyKind::kString || !bytes.empty();
  attributes.set(key, any_string(has_hash ? base::sha256_hex(bytes) : ""));
}

void AttributeActions::extract(const Action& action, AttributeList& attributes) {
  const AttributeList::Attribute* const attribute = attributes.find(action.key);
  if (attribute == nullptr) return;
  const AnyScalar value = read_any(attribute->value);
  if (value.kind != AnyKind::kString) return;
  std::vector<re2::StringPiece> groups(action.group_names.size() + 1);
  if (!action.pattern->Match(string_piece(value.text), 0, value.text.size(), re2::RE2::UNANCHORED, groups.data(),
                             static_cast<int>(groups.size()))) {
    return;
  }
  std::vector<std::string> found;
  for (std::size_t i = 1; i < groups.size(); ++i) found.push_back(any_string({groups[i].data(), groups[i].size()}));
  for (std::size_t i = 0; i < found.size(); ++i) attributes.set(action.group_names[i], found[i]);
}

void AttributeActions::convert(const Action& action, AttributeList& attributes) {
  const AttributeList::Attribute* const attribute = attributes.find(action.key);
  if (attribute == nullptr) return;
  const AnyScalar value = read_any(attribute->value);
  if (action.converted_type == "string") {
    if (value.kind != AnyKind::kString) attributes.set(action.key, any_string(any_as_string(attribute->value)));
    return;
  }
  const bool to_int = action.converted_type == "int";
  if (value.kind == AnyKind::kBool || (value.kind == AnyKind::kInt && !to_int)) {
    attributes.set(action.key, to_int ? any_int(value.number) : any_double(static_cast<double>(value.number)));
  } else if (value.kind == AnyKind::kDouble && to_int) {
    // Outside of the range Go's conversion is up to the machine; here the nearest number.
    const double limited = std::isnan(value.real) ? 0 : std::clamp(value.real, -0x1p63, 0x1.fffffffffffffp62);
    attributes.set(action.key, any_int(static_cast<std::int64_t>(limited)));
  } else if (value.kind == AnyKind::kString && to_int) {
    if (const std::optional<std::int64_t> number = parse_go_int(value.text))
      attributes.set(action.key, any_int(*number));
  } else if (value.kind == AnyKind::kString) {
    if (const std::optional<double> number = parse_go_double(value.text))
      attributes.set(action.key, any_double(*number));
  }
}

}  // namespace nanospan::gateway
