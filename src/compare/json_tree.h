// A JSON document as a tree whose nodes know their lines, so that what is wrong with a file of results can be said with
// the place. Small and simple rather than fast: files of results are small.
//
// Plain values; parse_json is thread-safe. The only user of simdjson in this module.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nanospan::compare {

struct JsonNode {
  enum class Kind { kOther, kNumber, kText, kArray, kObject };  // kOther: null, true, false

  Kind kind = Kind::kOther;
  bool is_true = false;
  double number = 0;
  std::string text;
  std::vector<std::string> keys;  ///< Of an object; as many as items.
  std::vector<JsonNode> items;    ///< Of an array or an object.
  std::size_t line = 1;

  /// The first item with this key; nullptr if there is none.
  const JsonNode* find(std::string_view key) const;
  /// "" if there is none or it is no string.
  std::string_view text_of(std::string_view key) const;
};

/// What is wrong, and where.
struct JsonFault {
  std::size_t line = 1;
  std::string what;
};

/// Nothing, with `fault` set, if it is no JSON, or deeper or larger than any file of results.
/// `first_line` is what the first line of the text is called.
bool parse_json(std::string_view text, std::size_t first_line, JsonNode& root, JsonFault& fault);

}  // namespace nanospan::compare
