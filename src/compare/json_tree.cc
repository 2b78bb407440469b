// One pass of recursive descent, of bounded depth, that knows its line. Threads: see the header.
#include "compare/json_tree.h"

#include <simdjson.h>

#include <algorithm>

namespace nanospan::compare {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr unsigned kDepthMax = 32;
constexpr std::size_t kNodesMax = 2'000'000;

/// Every value is visited, so that nothing of the document goes unchecked.
class Walk {
 public:
  Walk(ondemand::document& document, std::string_view text, std::size_t first_line, JsonFault& fault)
      : document_(document), text_(text), seen_(text.data()), line_(first_line), fault_(fault) {}

  bool run(JsonNode& root) {
    ondemand::json_type type;
    if (const auto error = document_.type().get(type)) return fail(error);
    root.line = line_at(text_.data() + std::min(text_.find_first_not_of(" \t\r\n"), text_.size()));
    bool read = false;
    if (type == ondemand::json_type::object) {
      ondemand::object object;
      if (const auto error = document_.get_object().get(object)) return fail(error);
      read = read_object(object, root, 0);
    } else if (type == ondemand::json_type::array) {
      ondemand::array array;
      if (const auto error = document_.get_array().get(array)) return fail(error);
      read = read_array(array, root, 0);
    } else {
      return fail_at(text_.data(), "neither a JSON object nor an array");
    }
    if (!read) return false;
    const char* trailing = nullptr;
    if (document_.current_location().get(trailing) == simdjson::SUCCESS) {
      return fail_at(trailing, "text after the end of the JSON document");
    }
    return true;
  }

 private:
  bool read_value(ondemand::value value, JsonNode& node, unsigned depth) {
    node.line = line_at(value.raw_json_token().data());
    if (depth > kDepthMax) return fail_at(value.raw_json_token().data(), "JSON nested too deeply for results");
    if (++nodes_ > kNodesMax) return fail_at(value.raw_json_token().data(), "more than 2,000,000 JSON values");
    ondemand::json_type type;
    if (const auto error = value.type().get(type)) return fail(error);
    switch (type) {
      case ondemand::json_type::object: {
        ondemand::object object;
        if (const auto error = value.get_object().get(object)) return fail(error);
        return read_object(object, node, depth);
      }
      case ondemand::json_type::array: {
        ondemand::array array;
        if (const auto error = value.get_array().get(array)) return fail(error);
        return read_array(array, node, depth);
      }
      case ondemand::json_type::string: {
        std::string_view text;
        if (const auto error = value.get_string().get(text)) return fail(error);
        node.kind = JsonNode::Kind::kText;
        node.text = text;
        return true;
      }
      case ondemand::json_type::number: {
        node.kind = JsonNode::Kind::kNumber;
        const auto error = value.get_double().get(node.number);
        return error == simdjson::SUCCESS || fail(error);
      }
      default:
        return read_word(value, type, node);
    }
  }

  bool read_word(ondemand::value& value, ondemand::json_type type, JsonNode& node) {
    if (type == ondemand::json_type::boolean) {
      const auto error = value.get_bool().get(node.is_true);
      return error == simdjson::SUCCESS || fail(error);
    }
    bool is_null = false;
    if (const auto error = value.is_null().get(is_null)) return fail(error);
    return is_null || fail_at(value.raw_json_token().data(), "no JSON value");
  }

  bool read_object(ondemand::object& object, JsonNode& node, unsigned depth) {
    node.kind = JsonNode::Kind::kObject;
    for (auto element : object) {
      ondemand::field field;
      if (const auto error = std::move(element).get(field)) return fail(error);
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) return fail(error);
      node.keys.emplace_back(key);
      node.items.emplace_back();
      if (!read_value(field.value(), node.items.back(), depth + 1)) return false;
    }
    return true;
  }

  bool read_array(ondemand::array& array, JsonNode& node, unsigned depth) {
    node.kind = JsonNode::Kind::kArray;
    for (auto element : array) {
      ondemand::value value;
      if (const auto error = std::move(element).get(value)) return fail(error);
      node.items.emplace_back();
      if (!read_value(value, node.items.back(), depth + 1)) return false;
    }
    return true;
  }

  /// Lines are counted on, not from the start each time: places come in ascending order, or nearly so.
  std::size_t line_at(const char* place) {
    place = std::clamp(place, text_.data(), text_.data() + text_.size());
    if (place > seen_) {
      line_ += static_cast<std::size_t>(std::count(seen_, place, '\n'));
    } else {
      line_ -= static_cast<std::size_t>(std::count(place, seen_, '\n'));
    }
    seen_ = place;
    return line_;
  }

  bool fail(simdjson::error_code error) {
    const char* where = nullptr;
    // What is nowhere is missing at the end: a document cut short.
    if (error == simdjson::INCOMPLETE_ARRAY_OR_OBJECT || document_.current_location().get(where) != simdjson::SUCCESS) {
      return fail_at(text_.data() + text_.size(), "the JSON document ends too early");
    }
    return fail_at(where, "broken JSON");
  }

  bool fail_at(const char* where, const char* what) {
    fault_ = {line_at(where), what};
    return false;
  }

  ondemand::document& document_;
  const std::string_view text_;
  const char* seen_;
  std::size_t line_;
  std::size_t nodes_ = 0;
  JsonFault& fault_;
};

}  // namespace

const JsonNode* JsonNode::find(std::string_view key) const {
  const auto found = std::find(keys.begin(), keys.end(), key);
  return found == keys.end() ? nullptr : &items[static_cast<std::size_t>(found - keys.begin())];
}

std::string_view JsonNode::text_of(std::string_view key) const {
  const JsonNode* const node = find(key);
  return node != nullptr ? std::string_view(node->text) : std::string_view();
}

bool parse_json(std::string_view text, std::size_t first_line, JsonNode& root, JsonFault& fault) {
  std::string padded;
  padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  padded.append(text).append(simdjson::SIMDJSON_PADDING, '\0');
  const std::string_view content(padded.data(), text.size());
  ondemand::parser parser;
  ondemand::document document;
  if (const auto error = parser.iterate(padded.data(), text.size(), padded.size()).get(document)) {
    const bool is_text = error != simdjson::UTF8_ERROR;
    const auto last = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    fault = {first_line + (is_text ? last : 0), is_text ? "broken JSON, or cut off" : "not valid UTF-8"};
    return false;
  }
  return Walk(document, content, first_line, fault).run(root);
}

}  // namespace nanospan::compare
