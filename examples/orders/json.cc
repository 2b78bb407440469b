// Recursive descent, at most Json::kDepthMax deep. One thread.
#include "examples/orders/json.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace orders {
namespace {

using nanospan::Error;
using nanospan::ErrorCode;
using nanospan::Result;

/// Bytes of the UTF-8 sequence at the front of `text`; 0 if it is none (Unicode, table 3-7).
std::size_t utf8_sequence(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto continues = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && at(1) < 0xA0;
    const bool surrogate = first == 0xED && at(1) > 0x9F;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && at(1) < 0x90;
    const bool beyond = first == 0xF4 && at(1) > 0x8F;
    return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xC0 | point >> 6);
    byte(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    byte(0xE0 | point >> 12);
    byte(0x80 | (point >> 6 & 0x3F));
    byte(0x80 | (point & 0x3F));
  } else {
    byte(0xF0 | point >> 18);
    byte(0x80 | (point >> 12 & 0x3F));
    byte(0x80 | (point >> 6 & 0x3F));
    byte(0x80 | (point & 0x3F));
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Json> document() {
    Json value;
    if (!parse_value(value, Json::kDepthMax)) return fault();
    skip_space();
    if (at_ != text_.size()) return fail("something follows the JSON value"), fault();
    return value;
  }

 private:
  bool fail(const char* what) {
    if (what_ == nullptr) what_ = what;
    return false;
  }
  Error fault() const {
    return {ErrorCode::kMalformed, std::string("not JSON: ") + what_ + " at byte " + std::to_string(at_)};
  }
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  bool accept(char expected) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }
  bool accept_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool parse_value(Json& value, int depth) {
    skip_space();
    if (depth == 0) return fail("too deeply nested");
    if (at_ == text_.size()) return fail("the text ends where a value should be");
    switch (text_[at_]) {
      case '{':
        return parse_object(value, depth);
      case '[':
        return parse_array(value, depth);
      case '"':
        value.kind = Json::Kind::kString;
        return parse_string(value.text);
      case 't':
      case 'f':
        value.kind = Json::Kind::kBool;
        value.boolean = text_[at_] == 't';
        return accept_word(value.boolean ? "true" : "false") || fail("unknown word");
      case 'n':
        return accept_word("null") || fail("unknown word");
      default:
        return parse_integer(value);
    }
  }

  bool parse_integer(Json& value) {
    value.kind = Json::Kind::kInteger;
    const std::string_view rest = text_.substr(at_);
    const std::size_t digits = rest.starts_with('-') ? 1 : 0;
    if (rest.size() > digits + 1 && rest[digits] == '0' && rest[digits + 1] >= '0' && rest[digits + 1] <= '9') {
      return fail("a number with a leading zero");
    }
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value.integer);
    if (error == std::errc::result_out_of_range) return fail("a number that is too large");
    if (error != std::errc()) return fail("no value begins");
    at_ += static_cast<std::size_t>(end - rest.data());
    if (at_ < text_.size() && std::string_view(".eE").find(text_[at_]) != std::string_view::npos) {
      return fail("a number that is not an integer");
    }
    return true;
  }

  bool parse_array(Json& value, int depth) {
    value.kind = Json::Kind::kArray;
    ++at_;
    if (accept(']')) return true;
    do {
      if (!parse_value(value.elements.emplace_back(), depth - 1)) return false;
    } while (accept(','));
    return accept(']') || fail("no \",\" or \"]\" after an element");
  }

  bool parse_object(Json& value, int depth) {
    value.kind = Json::Kind::kObject;
    ++at_;
    if (accept('}')) return true;
    do {
      skip_space();
      std::string name;
      if (at_ == text_.size() || text_[at_] != '"') return fail("no name in quotes");
      if (!parse_string(name)) return false;
      if (value.member(name) != nullptr) return fail("a name that occurs twice");
      if (!accept(':')) return fail("no \":\" after a name");
      value.members.push_back({std::move(name), Json()});
      if (!parse_value(value.members.back().value, depth - 1)) return false;
    } while (accept(','));
    return accept('}') || fail("no \",\" or \"}\" after a member");
  }

  bool parse_string(std::string& out) {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') return ++at_, true;
      if (static_cast<unsigned char>(c) < 0x20) return fail("a control character in a string");
      if (c == '\\') {
        if (!parse_escape(out)) return false;
        continue;
      }
      const std::size_t size = utf8_sequence(text_.substr(at_));
      if (size == 0) return fail("a string that is not UTF-8");
      out.append(text_, at_, size);
      at_ += size;
    }
    return fail("a string without its end");
  }

  bool parse_escape(std::string& out) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    ++at_;
    if (at_ == text_.size()) return fail("a string without its end");
    if (const std::size_t index = letters.find(text_[at_]); index != std::string_view::npos) {
      out += meanings[index];
      ++at_;
      return true;
    }
    std::uint32_t point = 0;
    if (!parse_unit(point)) return false;
    if (point >= 0xD800 && point <= 0xDBFF) {
      std::uint32_t low = 0;
      if (at_ == text_.size() || text_[at_] != '\\') return fail("half a surrogate pair");
      ++at_;
      if (!parse_unit(low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return fail("half a surrogate pair");
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    } else if (point >= 0xDC00 && point <= 0xDFFF) {
      return fail("half a surrogate pair");
    }
    append_utf8(out, point);
    return true;
  }

  /// "uXXXX".
  bool parse_unit(std::uint32_t& unit) {
    const std::string_view digits = text_.substr(std::min(at_ + 1, text_.size()), 4);
    if (at_ == text_.size() || text_[at_] != 'u' || digits.size() != 4) return fail("an unknown escape");
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + 4, unit, 16);
    if (error != std::errc() || end != digits.data() + 4) return fail("an unknown escape");
    at_ += 5;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  const char* what_ = nullptr;
};

}  // namespace

const Json* Json::member(std::string_view name) const {
  const auto found = std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.name == name; });
  return found == members.end() ? nullptr : &found->value;
}

Result<Json> Json::parse(std::string_view text) { return Parser(text).document(); }

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace orders
