// Typed reads from one map. Every message says what was found, what would fit, and where. One thread at a time.
#include "gateway/config/map_reader.h"

#include <algorithm>
#include <charconv>

#include "gateway/config/units.h"

namespace nanospan::gateway {
namespace {

const ConfigNode kEmpty;

bool is_bool(std::string_view text) {
  return text == "true" || text == "false" || text == "True" || text == "False" || text == "TRUE" || text == "FALSE";
}

bool is_number(std::string_view text) {
  double number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return (failed == std::errc() && end == text.data() + text.size()) || parse_integer(text).ok();
}

std::string describe(const ConfigNode& value) {
  switch (value.kind) {
    case ConfigNode::Kind::kNull:
      return "nothing";
    case ConfigNode::Kind::kList:
      return "a list";
    case ConfigNode::Kind::kMap:
      return "a map";
    case ConfigNode::Kind::kScalar:
      break;
  }
  return (value.is_quoted ? "the string \"" : "\"") + value.text.substr(0, 80) + "\"";
}

}  // namespace

MapReader::MapReader(const ConfigNode& node, std::string path, Diagnostics& diagnostics)
    : node_(&node), path_(std::move(path)), diagnostics_(&diagnostics) {
  if (node.kind == ConfigNode::Kind::kMap || node.is_null()) return;
  // A scalar is not quoted: where keys are expected it may be a secret, such as a header or a token.
  const bool is_scalar = node.kind == ConfigNode::Kind::kScalar;
  diagnostics.error(
      node.line, path_,
      "expected a map of keys, found " + (is_scalar ? "a single value; write key: value" : describe(node)));
  node_ = &kEmpty;
  was_map_ = false;
}

std::string MapReader::path_to(std::string_view key) const {
  if (path_.empty() || key.empty()) return path_ + std::string(key);
  return path_ + "." + std::string(key);
}

const ConfigNode* MapReader::node(std::string_view key) {
  known_.push_back(key);
  const ConfigNode* value = node_->find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

void MapReader::wrong_type(const ConfigNode& value, std::string_view key, std::string_view wanted) {
  diagnostics_->error(value.line, path_to(key), "expected " + std::string(wanted) + ", found " + describe(value));
}

const ConfigNode* MapReader::scalar(std::string_view key, std::string_view wanted) {
  const ConfigNode* value = node(key);
  if (value == nullptr || value->kind == ConfigNode::Kind::kScalar) return value;
  wrong_type(*value, key, wanted);
  return nullptr;
}

void MapReader::read(std::string_view key, std::string& out) {
  const ConfigNode* value = scalar(key, "text");
  if (value == nullptr) return;
  if (!value->is_string() && (is_bool(value->text) || is_number(value->text))) {
    wrong_type(*value, key, "text (put it in quotes)");
    return;
  }
  diagnostics_->mark_text(*value);
  out = value->as_string();
}

void MapReader::read_secret(std::string_view key, std::string& out) {
  const ConfigNode* value = node(key);
  if (value == nullptr) return;
  diagnostics_->mark_secret(*value);
  diagnostics_->mark_text(*value);
  const bool is_text = value->is_string() || (!is_bool(value->text) && !is_number(value->text));
  if (value->kind != ConfigNode::Kind::kScalar || !is_text) return fail(key, "expected text (put it in quotes)");
  out = value->as_string();
}

void MapReader::read(std::string_view key, bool& out) {
  const ConfigNode* value = scalar(key, "true or false");
  if (value == nullptr) return;
  if (value->is_quoted || !is_bool(value->text)) {
    wrong_type(*value, key, "true or false");
    return;
  }
  out = value->text[0] == 't' || value->text[0] == 'T';
}

void MapReader::read(std::string_view key, double& out, double min, double max) {
  const ConfigNode* value = scalar(key, "a number");
  if (value == nullptr) return;
  if (value->is_quoted || !is_number(value->text)) {
    wrong_type(*value, key, "a number");
    return;
  }
  double number = 0;
  std::from_chars(value->text.data(), value->text.data() + value->text.size(), number);
  if (!(number >= min && number <= max)) {
    const auto show = [](double bound) {
      std::string text = std::to_string(bound);
      text.erase(text.find_last_not_of('0') + 1);
      if (text.back() == '.') text.pop_back();
      return text;
    };
    diagnostics_->error(value->line, path_to(key),
                        value->text + " is out of range; give a number from " + show(min) + " to " + show(max));
    return;
  }
  out = number;
}

void MapReader::read(std::string_view key, std::uint64_t& out, std::uint64_t min, std::uint64_t max) {
  const ConfigNode* value = scalar(key, "an integer");
  if (value == nullptr) return;
  const Result<std::int64_t> number = parse_integer(value->text);
  if (value->is_quoted || !number) {
    wrong_type(*value, key, "an integer");
    return;
  }
  if (*number < 0 || static_cast<std::uint64_t>(*number) < min || static_cast<std::uint64_t>(*number) > max) {
    const bool open_ended = max >= kIntegerMax;
    diagnostics_->error(value->line, path_to(key),
                        value->text + " is out of range; give an integer of " + std::to_string(min) +
                            (open_ended ? " or more" : " to " + std::to_string(max)));
    return;
  }
  out = static_cast<std::uint64_t>(*number);
}

void MapReader::read_duration(std::string_view key, std::uint64_t& nanos) {
  const ConfigNode* value = scalar(key, "a duration such as 5s");
  if (value == nullptr) return;
  if (Result<std::uint64_t> parsed = parse_duration(value->text)) {
    nanos = *parsed;
  } else {
    diagnostics_->error(value->line, path_to(key), parsed.error().message);
  }
}

void MapReader::read_bytes(std::string_view key, std::uint64_t& bytes, std::uint64_t min) {
  const ConfigNode* value = scalar(key, "a size in bytes such as 20MiB");
  if (value == nullptr) return;
  Result<std::uint64_t> parsed = parse_byte_size(value->text);
  if (!parsed) {
    diagnostics_->error(value->line, path_to(key), parsed.error().message);
  } else if (*parsed < min) {
    diagnostics_->error(value->line, path_to(key),
                        value->text + " is too small; give at least " + format_byte_size(min));
  } else {
    bytes = *parsed;
  }
}

void MapReader::read_list(std::string_view key, std::vector<std::string>& out) {
  const ConfigNode* value = node(key);
  if (value == nullptr) return;
  std::vector<std::string> items;
  if (value->kind == ConfigNode::Kind::kScalar) {
    // The Collector's hook: "a,b" is the list [a, b].
    for (std::size_t start = 0; start <= value->text.size();) {
      const std::size_t comma = std::min(value->text.find(',', start), value->text.size());
      items.push_back(value->text.substr(start, comma - start));
      start = comma + 1;
    }
  } else if (value->kind == ConfigNode::Kind::kList) {
    for (const ConfigNode& item : value->items) {
      if (!item.is_null() && item.kind != ConfigNode::Kind::kScalar) return wrong_type(item, key, "a list of text");
      items.push_back(item.text);
    }
  } else {
    return wrong_type(*value, key, "a list");
  }
  out = std::move(items);
}

void MapReader::read_secret_list(std::string_view key, std::vector<std::string>& out) {
  const ConfigNode* value = node(key);
  if (value == nullptr) return;
  diagnostics_->mark_secret(*value);
  for (const ConfigNode& item : value->items) diagnostics_->mark_secret(item);
  read_list(key, out);
}

void MapReader::read_pairs(std::string_view key, std::vector<std::pair<std::string, std::string>>& out) {
  const ConfigNode* value = node(key);
  if (value == nullptr) return;
  out.clear();
  if (value->kind == ConfigNode::Kind::kList) {
    for (const ConfigNode& item : value->items) {
      MapReader pair(item, path_to(key), *diagnostics_);
      std::string name, text;
      pair.read("name", name);
      pair.read_secret("value", text);
      if (name.empty()) pair.fail("name", "is missing; write {name: ..., value: ...}");
      pair.finish();
      out.emplace_back(std::move(name), std::move(text));
    }
    return;
  }
  MapReader map(*value, path_to(key), *diagnostics_);
  for (const ConfigNode::Entry& entry : map.node_->entries) {
    std::string text;
    map.read_secret(entry.key, text);
    out.emplace_back(entry.key, std::move(text));
  }
}

void MapReader::read_choice(std::string_view key, const std::vector<std::string_view>& choices, std::string& out) {
  const ConfigNode* value = scalar(key, "text");
  if (value == nullptr) return;
  if (std::find(choices.begin(), choices.end(), value->as_string()) != choices.end()) {
    out = value->as_string();
    return;
  }
  std::string text = "\"" + value->as_string() + "\" is not one of";
  for (std::size_t i = 0; i < choices.size(); ++i) {
    text += (i == 0 ? " " : (i + 1 == choices.size() ? " or " : ", "));
    text += choices[i].empty() ? "\"\"" : choices[i];
  }
  diagnostics_->error(value->line, path_to(key), text);
}

bool MapReader::has(std::string_view key) {
  known_.push_back(key);
  return node_->find(key) != nullptr;
}

std::optional<MapReader> MapReader::child(std::string_view key) {
  known_.push_back(key);
  const ConfigNode* value = node_->find(key);
  if (value == nullptr) return std::nullopt;
  return MapReader(*value, path_to(key), *diagnostics_);
}

void MapReader::read_each(std::string_view key, const std::function<void(MapReader&)>& read) {
  const ConfigNode* value = node(key);
  if (value == nullptr) return;
  if (value->kind != ConfigNode::Kind::kList) return wrong_type(*value, key, "a list");
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    MapReader item(value->items[i], path_to(key) + "[" + std::to_string(i) + "]", *diagnostics_);
    read(item);
  }
}

void MapReader::refuse(std::string_view key, std::string_view remedy) {
  const ConfigNode* const value = node(key);
  if (value == nullptr) return;
  const bool is_off = value->kind == ConfigNode::Kind::kScalar && value->text == "false";
  const bool is_empty = value->kind == ConfigNode::Kind::kList && value->items.empty();
  if (is_off || is_empty) return;
  diagnostics_->error(value->line, path_to(key), "not supported by this build; " + std::string(remedy));
}

void MapReader::ignore(std::string_view key, std::string_view why) {
  if (node(key) != nullptr) warn(key, "has no effect here: " + std::string(why));
}

void MapReader::warn(std::string_view key, std::string_view text) {
  if (const ConfigNode* value = node(key)) diagnostics_->warning(value->line, path_to(key), text);
}

void MapReader::fail(std::string_view key, std::string_view text) {
  if (!was_map_) return;  // what is missing in it is not the fault
  const ConfigNode* value = key.empty() ? nullptr : node_->find(key);
  diagnostics_->error(value != nullptr ? value->line : node_->line, path_to(key), text);
}

void MapReader::finish() {
  std::vector<std::string_view> complained;
  for (const ConfigNode::Entry& entry : node_->entries) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    std::string text = "unknown key";
    if (const std::string_view meant = nearest(entry.key, known_); !meant.empty()) {
      text += "; did you mean \"" + std::string(meant) + "\"?";
    } else if (known_.empty()) {
      text += "; nothing is allowed here";
    } else {
      text += "; known here:";
      for (const std::string_view known : known_) text.append(" ").append(known);
    }
    diagnostics_->error(entry.line, path_to(entry.key), text);
    complained.emplace_back(entry.key);
  }
  // Once each, also where a component and its loader both finish.
  known_.insert(known_.end(), complained.begin(), complained.end());
}

}  // namespace nanospan::gateway
