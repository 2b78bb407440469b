// Json: a strict reader of small JSON texts (RFC 8259), and what is needed to write some. A real service would bring a
// library; this one has few dependencies so that its traces are what you look at.
//
// Bounded: texts as long as the HTTP server lets in, kDepthMax levels deep. Strict: one value, UTF-8 only, no duplicate
// names, integers only (nothing here needs fractions). A Json is a plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nanospan/result.h>

namespace orders {

struct JsonMember;

struct Json {
  enum class Kind : std::uint8_t { kNull, kBool, kInteger, kString, kArray, kObject };
  static constexpr int kDepthMax = 8;

  Kind kind = Kind::kNull;
  bool boolean = false;
  std::int64_t integer = 0;
  std::string text;
  std::vector<Json> elements;
  std::vector<JsonMember> members;

  /// The member of that name, or null.
  const Json* member(std::string_view name) const;

  /// The error names the byte at which the text stops being JSON.
  static nanospan::Result<Json> parse(std::string_view text);
};

struct JsonMember {
  std::string name;
  Json value;
};

/// Appends `text` as a JSON string with its quotes. REQUIRES: valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

}  // namespace orders
